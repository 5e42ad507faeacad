import type { CompiledQuery } from 'kysely'
import type { IdAllocator } from '../../db/ids.ts'
import { AppError, InvalidRequestError, NotFoundError } from '../../errors.ts'
import type { LaneTask } from '../../runs/lane-run.ts'
import type { RunService } from '../../runs/run-service.ts'
import type { TurnKey } from '../../runs/run-store.ts'
import type { GenerationParams, Turn } from '../../runs/turn.ts'
import type { Person } from '../accounts/person.ts'
import type { ClassService } from '../classes/service.ts'
import type { ProjectService } from '../projects/service.ts'
import { checkModel } from './allowed-model.ts'
import { historyOfLanes, pathTo, type Transcript } from './history.ts'
import type { Idempotency, IdempotencyStore } from './idempotency-store.ts'
import type { LaneStore } from './lane-store.ts'
import { newSession } from './new-session.ts'
import type { Lane, PracticeSession } from './session.ts'
import { previewOf, titleFromPrompt } from './session-title.ts'
import type { SettingsRevision } from './settings.ts'
import type { SettingsChange, SettingsService } from './settings-service.ts'
import type { SettingsStore } from './settings-store.ts'
import type { PracticeStore } from './store.ts'
import type { TitleService } from './title-service.ts'
import type { TranscriptStore } from './transcript-store.ts'
import type { AskableModels, TurnBuilder, TurnPlan } from './turn-builder.ts'

/** Which lanes of a session are asked: by their ids, by their models, or those that are switched on. */
export type LaneChoice = { modelNames?: readonly string[] | undefined; laneIds?: readonly number[] | undefined }

/** A session that may be asked, and the slug and the models of its class; null are all. */
type TellOwner = (sessionId: number, owner: { classId: number; classSlug: string; handle: string }) => void

type RunnableSession = { session: PracticeSession; entity: string; allowedModels: readonly string[] | null }

/** Asking: one prompt, many models, each with a lane of its own. */
export class PracticeService {
  readonly #store: PracticeStore
  readonly #lanes: LaneStore
  readonly #transcripts: TranscriptStore
  readonly #settings: SettingsService
  readonly #settingsStore: SettingsStore
  readonly #builder: TurnBuilder
  readonly #runs: RunService
  readonly #catalog: AskableModels
  readonly #classes: ClassService
  readonly #projects: ProjectService
  readonly #idempotency: IdempotencyStore
  readonly #titles: TitleService
  readonly #tellOwner: TellOwner
  readonly #ids: IdAllocator
  readonly #now: () => Date

  constructor(deps: {
    store: PracticeStore
    lanes: LaneStore
    transcripts: TranscriptStore
    settings: SettingsService
    settingsStore: SettingsStore
    builder: TurnBuilder
    runs: RunService
    catalog: AskableModels
    classes: ClassService
    projects: ProjectService
    idempotency: IdempotencyStore
    titles: TitleService
    /** Told whose a new session is by whoever writes down its turns. */
    tellOwner: TellOwner
    ids: IdAllocator
    now: () => Date
  }) {
    this.#store = deps.store
    this.#lanes = deps.lanes
    this.#transcripts = deps.transcripts
    this.#settings = deps.settings
    this.#settingsStore = deps.settingsStore
    this.#builder = deps.builder
    this.#runs = deps.runs
    this.#catalog = deps.catalog
    this.#classes = deps.classes
    this.#projects = deps.projects
    this.#idempotency = deps.idempotency
    this.#titles = deps.titles
    this.#tellOwner = deps.tellOwner
    this.#ids = deps.ids
    this.#now = deps.now
  }

  /**
   * Opens a session in a class with a lane for each model and asks them its first prompt. What it is given becomes the
   * session's settings, so that the second turn equals the first.
   *
   * Everything that can be refused is refused here, before anything is stored or any model is asked.
   *
   * @param request `modelNames` empty or missing asks every model of the class.
   * @throws {NotFoundError} if the class, project or agent is not this person's to use.
   * @throws {InvalidRequestError} `class_not_active`, `unknown_model`, `model_not_allowed_for_class`, `no_models`.
   */
  async run(
    person: Person,
    classId: number,
    request: {
      promptText: string
      modelNames?: readonly string[] | undefined
      projectId?: number | undefined
      settings: SettingsChange
      idempotency?: Idempotency | undefined
    },
  ): Promise<TurnKey> {
    const earlier = await this.#firstOutcome(person, request.idempotency)
    if (earlier) return earlier
    const { session, entity, allowedModels, lanes, settings } = await this.#newSession(person, classId, {
      title: titleFromPrompt(request.promptText),
      preview: previewOf(request.promptText),
      turnCount: 1,
      ...request,
    })
    this.#tellOwner(session.sessionId, { classId, classSlug: entity, handle: person.handle })
    const now = session.createdAt
    const plan = await this.#plan(session, {
      entity,
      allowedModels,
      lanes,
      settings,
      promptText: request.promptText,
      transcript: NOTHING_SAID,
      parentTurnId: null,
      now,
    })
    const { turn, tasks } = await this.#builder.newTurn(plan, lanes)
    const alsoStore = [
      ...this.#store.newSession(session, lanes),
      this.#settingsStore.first(session.sessionId, settings),
    ]
    const started = await this.#start(person, turn, tasks, alsoStore, request.idempotency)
    void this.#titles.nameAfter(turn)
    return started
  }

  /**
   * Opens a session without asking anything yet, with a lane for every model of its class.
   *
   * @param request without a title, the first prompt gives one.
   * @throws like {@link run}.
   */
  async open(
    person: Person,
    classId: number,
    request: {
      title?: string | undefined
      notes?: string | undefined
      projectId?: number | undefined
      settings: SettingsChange
    },
  ): Promise<number> {
    const { session, lanes, settings } = await this.#newSession(person, classId, {
      ...request,
      title: request.title ?? '',
      titleSource: request.title === undefined ? 'prompt' : 'person',
      preview: '',
      turnCount: 0,
    })
    const { sessionId } = session
    await this.#store.create([
      ...this.#store.newSession(session, lanes),
      this.#settingsStore.first(sessionId, settings),
    ])
    return sessionId
  }

  /**
   * Asks lanes of a session the next prompt, each with its own history.
   *
   * @param request `afterTurnId` is the turn to go on from, the latest one when left out; `params` are for this turn.
   * @throws {NotFoundError} if the session is not this person's, or has no such turn.
   * @throws {AppError} `turn_running` while a turn of the session is still being answered.
   */
  async chat(
    person: Person,
    sessionId: number,
    request: LaneChoice & {
      promptText: string
      afterTurnId?: number | undefined
      params?: GenerationParams | undefined
      idempotency?: Idempotency | undefined
    },
  ): Promise<TurnKey> {
    const earlier = await this.#firstOutcome(person, request.idempotency)
    if (earlier) return earlier
    const runnable = await this.#getRunnable(person, sessionId)
    const transcript = await this.#transcripts.read(sessionId)
    const latest = transcript.turns.at(-1)?.turnId ?? null
    return this.#ask(person, runnable, transcript, { ...request, parentTurnId: request.afterTurnId ?? latest })
  }

  /**
   * Asks a turn's prompt again, edited or not, as a sibling of that turn: what came before is the same.
   *
   * @throws {NotFoundError} if the turn is not this person's.
   */
  async askAgain(
    person: Person,
    turnId: number,
    request: LaneChoice & { promptText?: string | undefined; params?: GenerationParams | undefined },
  ): Promise<TurnKey> {
    const { sessionId } = await this.getTurn(person, turnId)
    const runnable = await this.#getRunnable(person, sessionId)
    const transcript = await this.#transcripts.read(sessionId)
    const turn = transcript.turns.find((one) => one.turnId === turnId)
    if (!turn) throw new NotFoundError('turn', turnId)
    const promptText = request.promptText ?? turn.promptText
    return this.#ask(person, runnable, transcript, { ...request, promptText, parentTurnId: turn.parentTurnId })
  }

  /**
   * Asks a response's lane once more in the same turn: after a failure, or for another answer.
   *
   * @throws {NotFoundError} if the response is not this person's.
   * @throws {AppError} `response_running` while the lane is still answering the turn.
   */
  async retry(person: Person, responseId: number): Promise<TurnKey> {
    const key = await this.#store.findResponseTurn(person.personId, responseId)
    if (!key) throw new NotFoundError('response', responseId)
    const { session, entity, allowedModels } = await this.#getRunnable(person, key.sessionId)
    const found = await this.#runs.find(key)
    const response = found?.responses.find((one) => one.responseId === responseId)
    const lanes = await this.#lanes.list(key.sessionId)
    const lane = lanes.find((one) => one.laneId === response?.laneId)
    if (!found || !response || !lane) throw new NotFoundError('response', responseId)
    const attempts = found.responses.filter((one) => one.laneId === lane.laneId)
    if (attempts.some(({ status }) => status === 'running'))
      throw new AppError('conflict', 'response_running', 'This lane is still answering; wait for it or stop it.')

    const { turn } = found
    const plan = await this.#plan(session, {
      entity,
      allowedModels,
      lanes,
      promptText: turn.promptText,
      transcript: await this.#transcripts.read(key.sessionId),
      parentTurnId: turn.parentTurnId,
      fewShots: turn.fewShots,
      now: this.#now().toISOString(),
    })
    await this.#runs.startAgain(turn, await this.#builder.nextAttempt(plan, lane, turn.turnId, attempts.length + 1))
    return key
  }

  /** What would be sent to each lane that is switched on for a draft of the next prompt. */
  async previewWindow(
    person: Person,
    sessionId: number,
    draft: { promptText: string; afterTurnId?: number | undefined },
  ) {
    const session = await this.get(person, sessionId)
    const transcript = await this.#transcripts.read(sessionId)
    const lanes = (await this.#lanes.list(sessionId)).filter(({ isActive }) => isActive)
    const { slug: entity, allowedModels } = await this.#classes.getReadable(person, session.classId)
    const plan = await this.#plan(session, {
      entity,
      allowedModels,
      lanes,
      promptText: draft.promptText,
      transcript,
      parentTurnId: draft.afterTurnId ?? transcript.turns.at(-1)?.turnId ?? null,
      now: this.#now().toISOString(),
    })
    return this.#builder.preview(plan, lanes)
  }

  /** @throws {NotFoundError} if the session is not this person's. */
  async get(person: Person, sessionId: number): Promise<PracticeSession> {
    const session = await this.#store.find(person.personId, sessionId)
    if (!session) throw new NotFoundError('session', sessionId)
    return session
  }

  /** @throws {NotFoundError} if the turn is not this person's. */
  async getTurn(person: Person, turnId: number): Promise<TurnKey> {
    const turn = await this.#store.findTurn(turnId)
    if (turn?.personId !== person.personId) throw new NotFoundError('turn', turnId)
    return turn
  }

  async #newSession(
    person: Person,
    classId: number,
    given: Pick<PracticeSession, 'title' | 'preview' | 'turnCount'> & {
      titleSource?: PracticeSession['titleSource']
      notes?: string | undefined
      modelNames?: readonly string[] | undefined
      projectId?: number | undefined
      settings: SettingsChange
    },
  ): Promise<RunnableSession & { lanes: Lane[]; settings: SettingsRevision }> {
    const { allowedModels, primaryModel, defaultSettings, slug } = await this.#classes.getRunnable(person, classId)
    const modelNames = this.#chooseModels(allowedModels, primaryModel, given.modelNames)
    if (given.projectId !== undefined) await this.#projects.getForClass(person, given.projectId, classId)
    const now = this.#now().toISOString()
    const settings = await this.#settings.compose(person, classId, defaultSettings, given.settings, now)

    const primary = primaryModel && modelNames.includes(primaryModel) ? primaryModel : modelNames[0]
    const firstLaneId = await this.#ids.take('lane', modelNames.length)
    const lanes = modelNames.map(
      (modelName, index): Lane => ({
        laneId: firstLaneId + index,
        modelName,
        isPrimary: modelName === primary,
        isActive: true,
        generationParams: {},
      }),
    )
    const session = await newSession(
      this.#ids,
      {
        personId: person.personId,
        classId,
        projectId: given.projectId ?? null,
        title: given.title,
        titleSource: given.titleSource ?? 'prompt',
        preview: given.preview,
        notes: given.notes ?? null,
        revision: settings.revision,
        turnCount: given.turnCount,
      },
      now,
    )
    return { session, entity: slug, allowedModels, lanes, settings }
  }

  async #ask(
    person: Person,
    { session, entity, allowedModels }: RunnableSession,
    transcript: Transcript,
    request: LaneChoice & {
      promptText: string
      parentTurnId: number | null
      params?: GenerationParams | undefined
      idempotency?: Idempotency | undefined
    },
  ): Promise<TurnKey> {
    const { sessionId } = session
    const { promptText, parentTurnId } = request
    if (parentTurnId !== null && !transcript.turns.some(({ turnId }) => turnId === parentTurnId))
      throw new NotFoundError('turn', parentTurnId)
    const lanes = chooseLanes(await this.#lanes.list(sessionId), request)
    if (request.modelNames?.length || request.laneIds?.length)
      for (const { modelName } of lanes) checkModel(this.#catalog, allowedModels, modelName)
    const now = this.#now().toISOString()
    const plan = await this.#plan(session, {
      entity,
      allowedModels,
      lanes,
      promptText,
      transcript,
      parentTurnId,
      params: request.params,
      now,
    })
    const { turn, tasks } = await this.#builder.newTurn(plan, lanes)
    const alsoStore = [
      this.#store.anotherTurn(sessionId, { preview: previewOf(promptText), title: titleFromPrompt(promptText), now }),
    ]
    return this.#start(person, turn, tasks, alsoStore, request.idempotency)
  }

  /** A retry with the same key gets the turn that the first request has started. */
  async #firstOutcome(person: Person, idempotency: Idempotency | undefined): Promise<TurnKey | undefined> {
    return idempotency && this.#idempotency.find(person.personId, idempotency, this.#now())
  }

  async #start(
    person: Person,
    turn: Turn,
    tasks: readonly LaneTask[],
    alsoStore: readonly CompiledQuery[],
    idempotency: Idempotency | undefined,
  ): Promise<TurnKey> {
    if (!idempotency) {
      await this.#runs.start(turn, tasks, alsoStore)
      return turn
    }
    const remember = this.#idempotency.remember(person.personId, idempotency, turn, this.#now())
    try {
      await this.#runs.start(turn, tasks, [...alsoStore, ...remember])
      return turn
    } catch (error) {
      // Two requests with one key at the same time: the database let only one of them through.
      const first = await this.#firstOutcome(person, idempotency)
      if (first) return first
      throw error
    }
  }

  async #plan(
    session: PracticeSession,
    given: {
      entity: string
      allowedModels: readonly string[] | null
      /** Those that may be asked. */
      lanes: readonly Lane[]
      settings?: TurnPlan['settings']
      promptText: string
      transcript: Transcript
      parentTurnId: number | null
      params?: GenerationParams | undefined
      /** Those of an earlier attempt; otherwise the session's. */
      fewShots?: TurnPlan['fewShots']
      now: string
    },
  ): Promise<TurnPlan> {
    const settings = given.settings ?? (await this.#settings.get(session))
    const { transcript, parentTurnId } = given
    const ownSettings = await this.#ownSettings(session, given.lanes)
    const links = [settings, ...ownSettings.values()].flatMap(({ fewShotLinks }) => fewShotLinks)
    return {
      session,
      entity: given.entity,
      allowedModels: given.allowedModels,
      settings,
      ownSettings,
      promptText: given.promptText,
      parentTurnId,
      fewShots: given.fewShots ?? (await this.#settings.usableExamples(session, session.classId, links)),
      requestParams: given.params ?? {},
      historyOf: historyOfLanes(transcript, pathTo(transcript.turns, parentTurnId)),
      now: given.now,
    }
  }

  async #ownSettings(session: PracticeSession, lanes: readonly Lane[]): Promise<TurnPlan['ownSettings']> {
    const numbers = new Set(lanes.flatMap(({ ownRevision }) => ownRevision ?? []))
    const revisions = await Promise.all([...numbers].map((number) => this.#settings.get(session, number)))
    return new Map(revisions.map((revision) => [revision.revision, revision]))
  }

  async #getRunnable(person: Person, sessionId: number): Promise<RunnableSession> {
    const session = await this.get(person, sessionId)
    const { slug, allowedModels } = await this.#classes.getRunnable(person, session.classId)
    return { session, entity: slug, allowedModels }
  }

  /** The models asked for, each once, in that order; otherwise every one of the class, its primary first. */
  #chooseModels(
    allowed: readonly string[] | null,
    primary: string | null,
    asked: readonly string[] | undefined,
  ): string[] {
    if (!asked?.length) {
      const all = allowed ?? this.#catalog.list().map((model) => model.name)
      const known = all.filter((name) => this.#catalog.find(name))
      if (known.length === 0)
        throw new InvalidRequestError('no_models', 'This class has no models that could be asked.')
      return [...new Set(primary && known.includes(primary) ? [primary, ...known] : known)]
    }
    for (const name of asked) checkModel(this.#catalog, allowed, name)
    return [...new Set(asked)]
  }
}

const NOTHING_SAID: Transcript = { turns: [], answers: [], choices: [] }

function chooseLanes(lanes: readonly Lane[], { modelNames, laneIds }: LaneChoice): Lane[] {
  if (laneIds?.length) {
    return [...new Set(laneIds)].map((laneId) => {
      const lane = lanes.find((one) => one.laneId === laneId)
      if (!lane) throw new NotFoundError('session model', laneId)
      return lane
    })
  }
  if (modelNames?.length) {
    return [...new Set(modelNames)].flatMap((name) => {
      const named = lanes.filter(({ modelName }) => modelName === name)
      if (named.length > 0) return named
      throw new InvalidRequestError(
        'model_not_in_session',
        `This session has no lane for the model ${JSON.stringify(name)}.`,
      )
    })
  }
  const active = lanes.filter(({ isActive }) => isActive)
  if (active.length > 0) return active
  throw new InvalidRequestError('no_models', 'Every lane of this session is switched off.')
}
