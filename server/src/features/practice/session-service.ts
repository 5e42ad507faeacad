import type { IdAllocator } from '../../db/ids.ts'
import { AppError, InvalidRequestError, NotFoundError } from '../../errors.ts'
import type { RunService } from '../../runs/run-service.ts'
import type { Response } from '../../runs/turn.ts'
import type { Person } from '../accounts/person.ts'
import type { ModelCatalog } from '../catalog/catalog.ts'
import type { ClassService } from '../classes/service.ts'
import type { ProjectService } from '../projects/service.ts'
import { checkModel } from './allowed-model.ts'
import { mergeParams } from './generation-params.ts'
import type { LaneStore } from './lane-store.ts'
import type { GenerationParamsInput } from './schema.ts'
import type { Lane, PracticeSession, SessionSummary, SessionTurn } from './session.ts'
import type { PracticeStore } from './store.ts'

/** How long deleting a session waits for its running turn to end. */
const STOP_WAIT_MS = 10_000
const MAX_LANES = 16

export type WholeSession = { session: SessionSummary; lanes: Lane[]; turns: SessionTurn[]; responses: Response[] }

/** Looking after sessions and their lanes. */
export class SessionService {
  readonly #store: PracticeStore
  readonly #lanes: LaneStore
  readonly #runs: RunService
  readonly #catalog: Pick<ModelCatalog, 'find'>
  readonly #classes: ClassService
  readonly #projects: ProjectService
  readonly #ids: IdAllocator
  readonly #now: () => Date

  constructor(deps: {
    store: PracticeStore
    lanes: LaneStore
    runs: RunService
    catalog: Pick<ModelCatalog, 'find'>
    classes: ClassService
    projects: ProjectService
    ids: IdAllocator
    now: () => Date
  }) {
    this.#store = deps.store
    this.#lanes = deps.lanes
    this.#runs = deps.runs
    this.#catalog = deps.catalog
    this.#classes = deps.classes
    this.#projects = deps.projects
    this.#ids = deps.ids
    this.#now = deps.now
  }

  list(person: Person, query: { search?: string | undefined; page: number; size: number }) {
    const { page, size } = query
    const search = query.search || undefined
    return this.#store.list(person.personId, { search, limit: size, offset: (page - 1) * size })
  }

  /** One's own session, or one of a class that one looks after. @throws {NotFoundError} otherwise. */
  async read(person: Person, sessionId: number): Promise<WholeSession> {
    const session = await this.getReadable(person, sessionId)
    const [lanes, turns, responses] = await Promise.all([
      this.#lanes.list(sessionId),
      this.#store.listTurns(sessionId),
      this.#runs.listResponses(sessionId),
    ])
    return { session: { ...session, modelNames: lanes.map((lane) => lane.modelName) }, lanes, turns, responses }
  }

  /**
   * Whether one's own session may go into a project; to be asked before anything of a change is stored.
   *
   * @throws {NotFoundError} if the session or the project is not this person's.
   * @throws {InvalidRequestError} `project_class_mismatch`.
   */
  async checkProject(person: Person, sessionId: number, projectId: number): Promise<void> {
    const { classId } = await this.getOwn(person, sessionId)
    await this.#projects.getForClass(person, projectId, classId)
  }

  /** @throws {NotFoundError} if the session is not this person's. */
  async update(
    person: Person,
    sessionId: number,
    change: { title?: string; notes?: string | null; projectId?: number | null },
  ): Promise<void> {
    const isChanged = await this.#store.update(person.personId, sessionId, change, this.#now().toISOString())
    if (!isChanged) throw new NotFoundError('session', sessionId)
  }

  /** Stops what is running in a session and removes it. @throws {NotFoundError} if it is not this person's. */
  async delete(person: Person, sessionId: number): Promise<void> {
    await this.getOwn(person, sessionId)
    for (const { turnId, status } of await this.#store.listTurns(sessionId)) {
      if (status === 'running') await this.#runs.stopAndWait({ sessionId, turnId }, AbortSignal.timeout(STOP_WAIT_MS))
    }
    await this.#store.delete(sessionId)
  }

  /** The primary lane first. */
  async listLanes(person: Person, sessionId: number): Promise<Lane[]> {
    await this.getReadable(person, sessionId)
    const lanes = await this.#lanes.list(sessionId)
    return lanes.sort((a, b) => Number(b.isPrimary) - Number(a.isPrimary))
  }

  /**
   * Adds a lane; a model may have several, each with parameters of its own.
   *
   * @throws {InvalidRequestError} `unknown_model`, `model_not_allowed_for_class`, `too_many_session_models`.
   */
  async addLane(
    person: Person,
    sessionId: number,
    wanted: { modelName: string; isPrimary: boolean; generationParams: GenerationParamsInput },
  ): Promise<Lane> {
    const session = await this.getOwn(person, sessionId)
    const { allowedModels } = await this.#classes.getRunnable(person, session.classId)
    const { modelName } = wanted
    checkModel(this.#catalog, allowedModels, modelName)
    if ((await this.#lanes.list(sessionId)).length >= MAX_LANES)
      throw new InvalidRequestError('too_many_session_models', `A session has at most ${MAX_LANES} lanes.`)
    const lane: Lane = {
      laneId: await this.#ids.take('lane'),
      modelName,
      isPrimary: wanted.isPrimary,
      isActive: true,
      generationParams: mergeParams({}, wanted.generationParams),
    }
    await this.#lanes.add(sessionId, lane, this.#now().toISOString())
    return lane
  }

  /**
   * Changes a lane. Making it primary takes that from the one that was.
   *
   * @throws {AppError} `primary_required`: another lane has to be made primary instead.
   */
  async updateLane(
    person: Person,
    laneId: number,
    change: { isPrimary?: boolean; isActive?: boolean; generationParams?: GenerationParamsInput },
  ): Promise<{ sessionId: number; lane: Lane }> {
    const { sessionId, lane } = await this.#getChangeableLane(person, laneId)
    if (change.isPrimary === false && lane.isPrimary)
      throw new AppError(
        'conflict',
        'primary_required',
        'One lane is always primary: make another one primary instead.',
      )
    const changed: Lane = {
      ...lane,
      isPrimary: change.isPrimary ?? lane.isPrimary,
      isActive: change.isActive ?? lane.isActive,
      generationParams: mergeParams(lane.generationParams, change.generationParams ?? {}),
    }
    await this.#lanes.update(sessionId, changed)
    return { sessionId, lane: changed }
  }

  /** Switches every other lane of the session off. */
  async continueOnlyWith(person: Person, laneId: number): Promise<{ sessionId: number; lanes: Lane[] }> {
    const { sessionId } = await this.#getChangeableLane(person, laneId)
    await this.#lanes.activateOnly(sessionId, laneId)
    return { sessionId, lanes: await this.#lanes.list(sessionId) }
  }

  /**
   * Removes a lane with its responses.
   *
   * @throws {AppError} `last_session_model`, or `response_running` while it answers.
   */
  async removeLane(person: Person, laneId: number): Promise<void> {
    const { sessionId, lane, lanes } = await this.#getChangeableLane(person, laneId)
    const next = lanes.find((one) => one.laneId !== laneId)
    if (!next) throw new AppError('conflict', 'last_session_model', 'A session keeps at least one lane.')
    const responses = await this.#runs.listResponses(sessionId)
    if (responses.some((response) => response.laneId === laneId && response.status === 'running'))
      throw new AppError('conflict', 'response_running', 'This lane is still answering; wait for it or stop it.')
    await this.#lanes.remove(sessionId, laneId, lane.isPrimary ? next.laneId : undefined)
  }

  /** The answers of one lane, oldest first. */
  async listLaneResponses(person: Person, laneId: number): Promise<{ turns: SessionTurn[]; responses: Response[] }> {
    const { sessionId } = await this.#getLane(person, laneId)
    const responses = await this.#runs.listResponses(sessionId)
    return {
      turns: await this.#store.listTurns(sessionId),
      responses: responses.filter((response) => response.laneId === laneId),
    }
  }

  /** One's own answer with the turn it belongs to. @throws {NotFoundError} if it is not this person's. */
  async getResponse(person: Person, responseId: number): Promise<{ response: Response; promptText: string }> {
    const key = await this.#store.findResponseTurn(person.personId, responseId)
    const found = key && (await this.#runs.find(key))
    const response = found?.responses.find((one) => one.responseId === responseId)
    if (!found || !response) throw new NotFoundError('response', responseId)
    return { response, promptText: found.turn.promptText }
  }

  /** The answers of one's own session, or of one of a class that one looks after. @throws {NotFoundError} otherwise. */
  async listReadableResponses(person: Person, sessionId: number): Promise<Response[]> {
    await this.getReadable(person, sessionId)
    return this.#runs.listResponses(sessionId)
  }

  /** One's own answer, or one in a class that one looks after. @throws {NotFoundError} otherwise. */
  async getReadableResponse(person: Person, responseId: number): Promise<Response> {
    const sessionId = await this.#store.findResponseSession(responseId)
    const session = sessionId === undefined ? undefined : await this.#store.findAny(sessionId)
    const responses =
      session && (await this.#canRead(person, session)) ? await this.#runs.listResponses(session.sessionId) : []
    const response = responses.find((one) => one.responseId === responseId)
    if (!response) throw new NotFoundError('response', responseId)
    return response
  }

  /**
   * Removes one answer.
   *
   * @throws {NotFoundError} if it is not this person's.
   * @throws {AppError} `response_running` while it is being written.
   */
  async removeResponse(person: Person, responseId: number): Promise<void> {
    const { response } = await this.getResponse(person, responseId)
    if (response.status === 'running')
      throw new AppError('conflict', 'response_running', 'This lane is still answering; wait for it or stop it.')
    const turn = await this.#store.findResponseTurn(person.personId, responseId)
    if (turn) await this.#lanes.removeResponse(turn.sessionId, responseId)
  }

  /**
   * Makes a lane go on from an answer that is not its own latest: another lane's, or an earlier one of its own.
   *
   * @throws {NotFoundError} if the turn, the lane or the answer is not of one session of this person.
   * @throws {InvalidRequestError} `empty_response` when the answer says nothing.
   */
  async adopt(person: Person, turnId: number, laneId: number, responseId: number): Promise<void> {
    const { sessionId } = await this.#getChangeableLane(person, laneId)
    const found = await this.#runs.find({ sessionId, turnId })
    const response = found?.responses.find((one) => one.responseId === responseId)
    if (!response) throw new NotFoundError('response', responseId)
    if (response.text === '' || response.status === 'running')
      throw new InvalidRequestError('empty_response', 'There is nothing in this answer to go on from yet.')
    await this.#lanes.choose(sessionId, turnId, laneId, responseId)
  }

  async #getChangeableLane(person: Person, laneId: number) {
    const found = await this.#getLane(person, laneId)
    await this.getChangeable(person, found.sessionId)
    return found
  }

  async #getLane(person: Person, laneId: number): Promise<{ sessionId: number; lane: Lane; lanes: Lane[] }> {
    const sessionId = await this.#lanes.findSession(person.personId, laneId)
    const lanes = sessionId === undefined ? [] : await this.#lanes.list(sessionId)
    const lane = lanes.find((one) => one.laneId === laneId)
    if (sessionId === undefined || !lane) throw new NotFoundError('session model', laneId)
    return { sessionId, lane, lanes }
  }

  /** @throws {NotFoundError} if the session is not this person's. */
  async getOwn(person: Person, sessionId: number): Promise<PracticeSession> {
    const session = await this.#store.find(person.personId, sessionId)
    if (!session) throw new NotFoundError('session', sessionId)
    return session
  }

  /**
   * One's own session, unless it can only be read any more.
   *
   * @throws {NotFoundError} if the session is not this person's.
   * @throws {InvalidRequestError} `class_not_active`.
   */
  async getChangeable(person: Person, sessionId: number): Promise<PracticeSession> {
    const session = await this.getOwn(person, sessionId)
    await this.#classes.getRunnable(person, session.classId)
    return session
  }

  /** One's own session, or one of a class that one looks after. @throws {NotFoundError} otherwise. */
  async getReadable(person: Person, sessionId: number): Promise<PracticeSession> {
    const session = await this.#store.findAny(sessionId)
    if (!session || !(await this.#canRead(person, session))) throw new NotFoundError('session', sessionId)
    return session
  }

  async #canRead(person: Person, session: PracticeSession): Promise<boolean> {
    return session.personId === person.personId || this.#classes.canReadSessionsOf(person, session.classId)
  }
}
