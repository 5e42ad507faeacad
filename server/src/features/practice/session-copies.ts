import type { CompiledQuery } from 'kysely'
import type { Database } from '../../db/open.ts'
import { InvalidRequestError, NotFoundError } from '../../errors.ts'
import type { RunStore } from '../../runs/run-store.ts'
import type { Response, Turn } from '../../runs/turn.ts'
import type { Person } from '../accounts/person.ts'
import type { ClassService } from '../classes/service.ts'
import { mergeParams } from './generation-params.ts'
import { pathTo } from './history.ts'
import { newSession } from './new-session.ts'
import type { Lane } from './session.ts'
import { type SessionFileContent, toSessionFile } from './session-file.ts'
import type { SessionService } from './session-service.ts'
import { previewOf } from './session-title.ts'
import { NO_SETTINGS, type Settings, type SettingsRevision } from './settings.ts'
import type { SettingsService } from './settings-service.ts'
import type { SettingsStore } from './settings-store.ts'
import type { PracticeStore } from './store.ts'

/** How many rows are committed together; a large file takes several commits, its session last. */
const QUERIES_PER_COMMIT = 500

/** Sessions made from what has been said before: forks, and files of other sessions. */
export class SessionCopies {
  readonly #database: Database
  readonly #store: PracticeStore
  readonly #settingsStore: SettingsStore
  readonly #runs: RunStore
  readonly #sessions: SessionService
  readonly #settings: SettingsService
  readonly #classes: ClassService
  readonly #now: () => Date

  constructor(deps: {
    database: Database
    store: PracticeStore
    settingsStore: SettingsStore
    runs: RunStore
    sessions: SessionService
    settings: SettingsService
    classes: ClassService
    now: () => Date
  }) {
    this.#database = deps.database
    this.#store = deps.store
    this.#settingsStore = deps.settingsStore
    this.#runs = deps.runs
    this.#sessions = deps.sessions
    this.#settings = deps.settings
    this.#classes = deps.classes
    this.#now = deps.now
  }

  /** One's own session, or one of a class that one looks after, as a file. */
  async export(person: Person, sessionId: number) {
    const whole = await this.#sessions.read(person, sessionId)
    return { whole, file: toSessionFile(whole, await this.#settings.get(whole.session)) }
  }

  /**
   * A new session that begins as another one went up to a turn, with its lanes and settings.
   *
   * @throws {NotFoundError} if the session is not this person's, or has no such turn.
   */
  async fork(person: Person, sessionId: number, turnId: number, title?: string): Promise<number> {
    const session = await this.#sessions.getOwn(person, sessionId)
    await this.#classes.getRunnable(person, session.classId)
    const whole = await this.#sessions.read(person, sessionId)
    const settings = await this.#settings.get(session)
    const path = pathTo(whole.turns, turnId).map((turn) => turn.turnId)
    if (path.length === 0) throw new NotFoundError('turn', turnId)
    const file = toSessionFile(whole, settings)
    const turns = file.turns.filter((turn) => path.includes(turn.id))
    const copy = { ...file, turns, session: { ...file.session, title: title ?? session.title } }
    return this.#create(person, session.classId, copy as SessionFileContent, settings)
  }

  /**
   * A new session from a file.
   *
   * @throws {InvalidRequestError} `invalid_session_file` when its parts do not fit together.
   */
  async import(person: Person, classId: number, file: SessionFileContent): Promise<number> {
    await this.#classes.getRunnable(person, classId)
    checkReferences(file)
    return this.#create(person, classId, file, {
      ...NO_SETTINGS,
      stylePreset: file.settings.style_preset,
      styleParams: file.settings.style_params,
      generationParams: mergeParams({}, file.settings.generation_params),
      summaryModel: file.settings.summary_model ?? null,
    })
  }

  async #create(person: Person, classId: number, file: SessionFileContent, settings: Settings): Promise<number> {
    const { ids } = this.#database
    const now = this.#now().toISOString()
    const firstLane = await ids.take('lane', file.models.length)
    const laneIds = new Map(file.models.map(({ id }, index) => [id, firstLane + index]))
    const lanes = file.models.map(
      (model): Lane => ({
        laneId: laneIds.get(model.id) ?? 0,
        modelName: model.model_name,
        isPrimary: model.is_primary,
        isActive: true,
        generationParams: mergeParams({}, model.generation_params),
      }),
    )
    const session = await newSession(
      ids,
      {
        personId: person.personId,
        classId,
        title: file.session.title,
        titleSource: 'person',
        preview: previewOf(file.turns.at(-1)?.prompt_text ?? ''),
        notes: file.session.notes,
        revision: 1,
        turnCount: file.turns.length,
      },
      now,
    )
    const { sessionId } = session
    const revision: SettingsRevision = { ...settings, revision: 1, createdAt: now, personId: person.personId }

    const firstTurn = await ids.take('turn', file.turns.length)
    const turnIds = new Map(file.turns.map(({ id }, index) => [id, firstTurn + index]))
    const queries: CompiledQuery[] = []
    for (const [index, turn] of file.turns.entries()) {
      const firstResponse = turn.responses.length > 0 ? await ids.take('response', turn.responses.length) : 0
      const copied: Turn = {
        sessionId,
        turnId: firstTurn + index,
        parentTurnId: turn.parent_id === null ? null : (turnIds.get(turn.parent_id) ?? null),
        sessionTitle: session.title,
        promptText: turn.prompt_text,
        fewShots: turn.few_shots,
        status: 'complete',
        createdAt: turn.created_at,
      }
      const responses = turn.responses.map((response, place) =>
        toResponse(response, {
          responseId: firstResponse + place,
          turnId: copied.turnId,
          lane: lanes.find(({ laneId }) => laneId === laneIds.get(response.model_id)),
        }),
      )
      queries.push(...this.#runs.finishedTurn(copied, responses))
    }
    // The session comes last: until then nobody can see what belongs to it.
    queries.push(...this.#store.newSession(session, lanes), this.#settingsStore.first(sessionId, revision))
    for (let start = 0; start < queries.length; start += QUERIES_PER_COMMIT)
      await this.#database.batch(queries.slice(start, start + QUERIES_PER_COMMIT))
    return sessionId
  }
}

function toResponse(
  response: SessionFileContent['turns'][number]['responses'][number],
  given: { responseId: number; turnId: number; lane: Lane | undefined },
): Response {
  const { error } = response
  return {
    responseId: given.responseId,
    turnId: given.turnId,
    laneId: given.lane?.laneId ?? 0,
    modelName: given.lane?.modelName ?? '',
    isPrimary: given.lane?.isPrimary ?? false,
    attempt: response.attempt,
    revision: 1,
    status: response.status,
    text: response.response_text,
    reasoningText: response.reasoning_text,
    finishReason: response.finish_reason,
    error: error && { code: error.code, message: error.message, providerMessage: error.provider_message },
    usage: response.token_usage as Response['usage'],
    cost: response.cost,
    latencyMs: response.latency_ms,
    firstTokenMs: response.first_token_ms,
    generationParams: response.generation_params,
    droppedParams: [],
    trim: (response.trim ?? null) as Response['trim'],
    callRef: null,
    // What an API had answered stays where it was asked.
    skillCalls: [],
    createdAt: response.created_at,
  }
}

function checkReferences(file: SessionFileContent): void {
  const refuse = (path: string, what: string) => {
    throw new InvalidRequestError('invalid_session_file', `${path}: ${what}`)
  }
  const models = new Set(file.models.map(({ id }) => id))
  if (models.size < file.models.length) refuse('models', 'an id is used twice')
  if (file.models.filter((model) => model.is_primary).length !== 1) refuse('models', 'exactly one must be primary')
  const turns = new Set<number>()
  for (const [index, turn] of file.turns.entries()) {
    if (turns.has(turn.id)) refuse(`turns[${index}].id`, 'is used twice')
    if (turn.parent_id !== null && !turns.has(turn.parent_id))
      refuse(`turns[${index}].parent_id`, 'names no earlier turn')
    turns.add(turn.id)
    const attempts = new Set<string>()
    for (const [place, response] of turn.responses.entries()) {
      const path = `turns[${index}].responses[${place}]`
      if (!models.has(response.model_id)) refuse(`${path}.model_id`, 'names no model')
      const attempt = `${response.model_id} ${response.attempt}`
      if (attempts.has(attempt)) refuse(`${path}.attempt`, 'is used twice')
      attempts.add(attempt)
    }
  }
}
