import type { IdAllocator } from '../../db/ids.ts'
import { InvalidRequestError, NotFoundError } from '../../errors.ts'
import type { ChatMessage } from '../../models/language-model.ts'
import type { LaneTask } from '../../runs/lane-run.ts'
import type { RunService } from '../../runs/run-service.ts'
import type { TurnKey } from '../../runs/run-store.ts'
import type { Response, Turn } from '../../runs/turn.ts'
import type { Person } from '../accounts/person.ts'
import type { ModelCatalog } from '../catalog/catalog.ts'
import type { ClassService } from '../classes/service.ts'
import { mergeParams, toGenerationParameters, toWireParams } from './generation-params.ts'
import type { GenerationParamsInput } from './schema.ts'
import type { Lane, PracticeSession, SessionSummary, SessionTurn } from './session.ts'
import { previewOf, titleFromPrompt } from './session-title.ts'
import type { Exchange, PracticeStore } from './store.ts'

/** What practice needs of the catalog. */
type AskableModels = Pick<ModelCatalog, 'list' | 'find' | 'languageModel' | 'acceptParameters' | 'costOf'>

/** How long deleting a session waits for its running turn to end. */
const STOP_WAIT_MS = 10_000

/** Practice sessions: one prompt, many models, each with a lane of its own. */
export class PracticeService {
  readonly #store: PracticeStore
  readonly #runs: RunService
  readonly #catalog: AskableModels
  readonly #classes: ClassService
  readonly #ids: IdAllocator
  readonly #now: () => Date

  constructor(deps: {
    store: PracticeStore
    runs: RunService
    catalog: AskableModels
    classes: ClassService
    ids: IdAllocator
    now: () => Date
  }) {
    this.#store = deps.store
    this.#runs = deps.runs
    this.#catalog = deps.catalog
    this.#classes = deps.classes
    this.#ids = deps.ids
    this.#now = deps.now
  }

  /**
   * Opens a session in a class with a lane for each model and asks them its first prompt.
   *
   * Everything that can be refused is refused here, before anything is stored or any model is asked.
   *
   * @param request `modelNames` empty or missing asks every model of the class.
   * @throws {NotFoundError} if the class does not exist or the person is not in it.
   * @throws {InvalidRequestError} `class_not_active`, `unknown_model`, `model_not_allowed_for_class`, `no_models`.
   */
  async run(
    person: Person,
    classId: number,
    request: {
      promptText: string
      modelNames?: readonly string[] | undefined
      generationParams: GenerationParamsInput
    },
  ): Promise<TurnKey> {
    const { allowedModels, primaryModel } = await this.#classes.getRunnable(person, classId)
    const modelNames = this.#chooseModels(allowedModels, primaryModel, request.modelNames)
    const primary = primaryModel && modelNames.includes(primaryModel) ? primaryModel : modelNames[0]

    const now = this.#now().toISOString()
    const sessionId = await this.#ids.take('session')
    const firstLaneId = await this.#ids.take('lane', modelNames.length)
    const lanes = modelNames.map((modelName, index) => ({
      laneId: firstLaneId + index,
      modelName,
      isPrimary: modelName === primary,
      generationParams: {},
    }))
    const session: PracticeSession = {
      sessionId,
      personId: person.personId,
      classId,
      title: titleFromPrompt(request.promptText),
      preview: previewOf(request.promptText),
      generationParams: mergeParams(request.generationParams),
      turnCount: 1,
      createdAt: now,
      updatedAt: now,
      lastTurnAt: now,
    }
    const { turn, tasks } = await this.#prepare(session, lanes, request.promptText, [], now)
    await this.#runs.start(turn, tasks, this.#store.newSession(session, lanes))
    return { sessionId, turnId: turn.turnId }
  }

  /**
   * Asks the lanes of a session the next prompt, each with its own history.
   *
   * @param request `modelNames` empty or missing asks every lane.
   * @throws {NotFoundError} if the session is not this person's.
   * @throws `turn_running` while the turn before is still being answered.
   */
  async chat(
    person: Person,
    sessionId: number,
    request: { promptText: string; modelNames?: readonly string[] | undefined },
  ): Promise<TurnKey> {
    const session = await this.#get(person, sessionId)
    await this.#classes.getRunnable(person, session.classId)
    const lanes = chooseLanes(await this.#store.listLanes(sessionId), request.modelNames)
    const exchanges = await this.#store.listExchanges(sessionId)
    const now = this.#now().toISOString()
    const { turn, tasks } = await this.#prepare(session, lanes, request.promptText, exchanges, now)
    await this.#runs.start(turn, tasks, [this.#store.anotherTurn(sessionId, previewOf(request.promptText), now)])
    return { sessionId, turnId: turn.turnId }
  }

  list(person: Person, query: { search?: string | undefined; page: number; size: number }) {
    return this.#store.list(person.personId, {
      search: query.search,
      limit: query.size,
      offset: (query.page - 1) * query.size,
    })
  }

  /** @throws {NotFoundError} if the session is not this person's. */
  async read(
    person: Person,
    sessionId: number,
  ): Promise<{ session: SessionSummary; lanes: Lane[]; turns: SessionTurn[]; responses: Response[] }> {
    const session = await this.#get(person, sessionId)
    const lanes = await this.#store.listLanes(sessionId)
    const turns = await this.#store.listTurns(sessionId)
    const responses = await this.#runs.listResponses(sessionId)
    return { session: { ...session, modelNames: lanes.map((lane) => lane.modelName) }, lanes, turns, responses }
  }

  /** @throws {NotFoundError} if the session is not this person's. */
  async rename(person: Person, sessionId: number, title: string): Promise<void> {
    const isRenamed = await this.#store.rename(person.personId, sessionId, title, this.#now().toISOString())
    if (!isRenamed) throw new NotFoundError('session', sessionId)
  }

  /** Stops what is running in a session and removes it. @throws {NotFoundError} if it is not this person's. */
  async delete(person: Person, sessionId: number): Promise<void> {
    await this.#get(person, sessionId)
    for (const { turnId, status } of await this.#store.listTurns(sessionId)) {
      if (status === 'running') await this.#runs.stopAndWait({ sessionId, turnId }, AbortSignal.timeout(STOP_WAIT_MS))
    }
    await this.#store.delete(sessionId)
  }

  /** @throws {NotFoundError} if the turn is not this person's. */
  async getTurn(person: Person, turnId: number): Promise<TurnKey> {
    const key = await this.#store.findTurn(person.personId, turnId)
    if (!key) throw new NotFoundError('turn', turnId)
    return key
  }

  async #get(person: Person, sessionId: number): Promise<PracticeSession> {
    const session = await this.#store.find(person.personId, sessionId)
    if (!session) throw new NotFoundError('session', sessionId)
    return session
  }

  /** The models asked for, each once, in that order; otherwise every one of the class, its primary first. */
  #chooseModels(
    allowed: readonly string[] | null,
    primary: string | null,
    asked: readonly string[] | undefined,
  ): string[] {
    const isAllowed = (name: string) => allowed === null || allowed.includes(name)
    if (!asked?.length) {
      const all = allowed ?? this.#catalog.list().map((model) => model.name)
      const known = all.filter((name) => this.#catalog.find(name))
      if (known.length === 0)
        throw new InvalidRequestError('no_models', 'This class has no models that could be asked.')
      return [...new Set(primary && known.includes(primary) ? [primary, ...known] : known)]
    }
    for (const name of asked) {
      if (!this.#catalog.find(name))
        throw new InvalidRequestError('unknown_model', `There is no model named ${JSON.stringify(name)}.`)
      if (!isAllowed(name))
        throw new InvalidRequestError(
          'model_not_allowed_for_class',
          `This class may not use the model ${JSON.stringify(name)}.`,
        )
    }
    return [...new Set(asked)]
  }

  async #prepare(
    session: PracticeSession,
    lanes: readonly Lane[],
    promptText: string,
    exchanges: readonly Exchange[],
    now: string,
  ): Promise<{ turn: Turn; tasks: LaneTask[] }> {
    const turnId = await this.#ids.take('turn')
    const firstResponseId = await this.#ids.take('response', lanes.length)
    const turn: Turn = {
      sessionId: session.sessionId,
      turnId,
      sessionTitle: session.title,
      promptText,
      status: 'running',
      createdAt: now,
    }
    const tasks = lanes.map((lane, index) => {
      const history = exchanges.filter((exchange) => exchange.laneId === lane.laneId)
      return this.#laneTask(session, lane, messagesOf(history, promptText), {
        turnId,
        responseId: firstResponseId + index,
        now,
      })
    })
    return { turn, tasks }
  }

  #laneTask(
    session: PracticeSession,
    lane: Lane,
    messages: ChatMessage[],
    ids: { turnId: number; responseId: number; now: string },
  ): LaneTask {
    const model = this.#catalog.find(lane.modelName)
    if (!model)
      throw new InvalidRequestError(
        'unknown_model',
        `There is no model named ${JSON.stringify(lane.modelName)} any more.`,
      )
    const wanted = toGenerationParameters(mergeParams(session.generationParams, lane.generationParams))
    const { accepted, dropped } = this.#catalog.acceptParameters(model, wanted)
    return {
      model: this.#catalog.languageModel(model.name),
      provider: model.provider,
      request: { messages, parameters: accepted },
      costOf: (usage) => this.#catalog.costOf(model, usage),
      response: {
        responseId: ids.responseId,
        turnId: ids.turnId,
        laneId: lane.laneId,
        modelName: lane.modelName,
        isPrimary: lane.isPrimary,
        status: 'running',
        text: '',
        reasoningText: '',
        finishReason: null,
        error: null,
        usage: null,
        cost: null,
        latencyMs: null,
        firstTokenMs: null,
        generationParams: toWireParams(accepted),
        droppedParams: dropped,
        createdAt: ids.now,
      },
    }
  }
}

function chooseLanes(lanes: readonly Lane[], asked: readonly string[] | undefined): Lane[] {
  if (!asked?.length) return [...lanes]
  return [...new Set(asked)].map((name) => {
    const lane = lanes.find(({ modelName }) => modelName === name)
    if (!lane)
      throw new InvalidRequestError(
        'model_not_in_session',
        `This session has no lane for the model ${JSON.stringify(name)}.`,
      )
    return lane
  })
}

function messagesOf(history: readonly Exchange[], promptText: string): ChatMessage[] {
  const earlier = history.flatMap(({ promptText, responseText }): ChatMessage[] => [
    { role: 'user', content: promptText },
    { role: 'assistant', content: responseText },
  ])
  return [...earlier, { role: 'user', content: promptText }]
}
