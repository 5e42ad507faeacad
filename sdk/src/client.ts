import { SkillsClient } from './skills-client.ts'
import { type EtudeOptions, type Query, Transport } from './transport.ts'
import { type ReadOptions, readTurn, type TurnEvent } from './turn-events.ts'
import type {
  ApiKey,
  GenerationParams,
  Me,
  Model,
  NewApiKey,
  Page,
  Person,
  Session,
  SessionSummary,
  SkillCallApproval,
  TurnResult,
  TurnStatus,
  Verdict,
  VerdictRequest,
  WindowLane,
} from './wire.ts'

export type Ask = {
  prompt: string
  /** Logical model names in the order in which answers are wanted; every model unless told. */
  models?: readonly string[] | undefined
}

export type RunRequest = Ask & {
  classId: number
  params?: GenerationParams | undefined
  /** Summarises turns that do not fit a model's window; without one they are left out. */
  summaryModel?: string | undefined
}

/**
 * A client of the Practice API, for browsers and Node.
 *
 * ```ts
 * const etude = new Etude({ baseUrl: 'http://127.0.0.1:4747', apiKey: process.env.ETUDE_KEY })
 * const turn = await etude.run({ classId: 1, prompt: 'Why is the sky blue?', models: ['etude-extract', 'etude-outline'] })
 * for (const answer of turn.results) console.log(answer.model_name, answer.response_text)
 * ```
 *
 * Every method throws an {@link EtudeError} when the server refuses or cannot be reached.
 */
export class Etude {
  readonly #transport: Transport
  /** Skills, skillsets and their answers. */
  readonly skills: SkillsClient

  constructor(options: EtudeOptions = {}) {
    this.#transport = new Transport(options)
    this.skills = new SkillsClient(this.#transport)
  }

  /** Opens a session, asks its models and waits until all have answered or failed. */
  run(request: RunRequest, { signal }: { signal?: AbortSignal } = {}): Promise<TurnResult> {
    return this.#transport.json('POST', '/user/practice/sessions/run', {
      query: { class_id: request.classId },
      body: runBody(request),
      signal,
    })
  }

  /** Opens a session and reads the answers as they come; see {@link applyEvent} for putting them together. */
  streamRun(request: RunRequest, options: ReadOptions = {}): AsyncGenerator<TurnEvent, void> {
    const path = '/user/practice/sessions/run'
    return this.#startAndRead(path, { class_id: request.classId }, runBody(request), options)
  }

  /** Asks the next prompt in a session and waits until all its models have answered or failed. */
  chat(sessionId: number, ask: Ask, { signal }: { signal?: AbortSignal } = {}): Promise<TurnResult> {
    return this.#transport.json('POST', `/user/practice/sessions/${sessionId}/chat`, { body: askBody(ask), signal })
  }

  /** Asks the next prompt in a session and reads the answers as they come. */
  streamChat(sessionId: number, ask: Ask, options: ReadOptions = {}): AsyncGenerator<TurnEvent, void> {
    return this.#startAndRead(`/user/practice/sessions/${sessionId}/chat`, {}, askBody(ask), options)
  }

  /** What would be sent to each lane for a draft of the next prompt, and what would not fit. Nobody is asked. */
  previewWindow(sessionId: number, prompt: string): Promise<{ lanes: WindowLane[] }> {
    return this.#transport.json('POST', `/user/practice/sessions/${sessionId}/window`, {
      body: { prompt_text: prompt },
    })
  }

  /** Reads a turn that has been started elsewhere: what has happened after an event, then what happens. */
  followTurn(turnId: number, options: ReadOptions & { after?: number } = {}): AsyncGenerator<TurnEvent, void> {
    return readTurn(({ lastEventId }, signal) => this.#follow(turnId, lastEventId, signal), {
      ...options,
      from: { turnId, lastEventId: options.after ?? 0 },
    })
  }

  getTurn(turnId: number): Promise<TurnResult> {
    return this.#transport.json('GET', `/user/practice/turns/${turnId}`)
  }

  /** Stops a turn, or only some of its lanes; what they have said is kept. */
  cancelTurn(turnId: number, responseIds?: readonly number[]): Promise<{ turn_id: number; status: TurnStatus }> {
    const body = responseIds ? { response_ids: responseIds } : {}
    return this.#transport.json('POST', `/user/practice/turns/${turnId}/cancel`, { body })
  }

  /** Allows or denies a call of a skill that waits for permission; the turn's events tell what becomes of it. */
  async approveSkillCall(turnId: number, callId: string, approval: SkillCallApproval): Promise<void> {
    const path = `/user/practice/turns/${turnId}/skill-calls/${encodeURIComponent(callId)}/approval`
    await this.#transport.send('POST', path, { body: approval })
  }

  listSessions(query: { page?: number; size?: number; search?: string } = {}): Promise<Page<SessionSummary>> {
    const { page, size, search } = query
    return this.#transport.json('GET', '/user/practice/sessions', { query: { page, size, q: search || undefined } })
  }

  getSession(sessionId: number): Promise<Session> {
    return this.#transport.json('GET', `/user/practice/sessions/${sessionId}`)
  }

  renameSession(sessionId: number, title: string): Promise<Session> {
    return this.#transport.json('PATCH', `/user/practice/sessions/${sessionId}`, { body: { title } })
  }

  async deleteSession(sessionId: number): Promise<void> {
    await this.#transport.send('DELETE', `/user/practice/sessions/${sessionId}`)
  }

  /** Says what was good or bad about an answer, in the place of what one has said before; nothing takes it back. */
  judgeResponse(responseId: number, verdict: VerdictRequest): Promise<Verdict[]> {
    return this.#transport.json('POST', `/user/practice/responses/${responseId}/feedback`, { body: verdict })
  }

  /** What was said about the answers of a session, as far as one may see it. */
  listVerdicts(sessionId: number): Promise<Verdict[]> {
    return this.#transport.json('GET', `/user/practice/sessions/${sessionId}/feedback`)
  }

  listModels(query: { classId?: number; page?: number; size?: number } = {}): Promise<Page<Model>> {
    const { classId, page, size } = query
    return this.#transport.json('GET', '/models', { query: { class_id: classId, page, size } })
  }

  getMe(): Promise<Me> {
    return this.#transport.json('GET', '/user/me')
  }

  listApiKeys(): Promise<{ items: ApiKey[] }> {
    return this.#transport.json('GET', '/user/api-keys')
  }

  /** @param options `expiresAt` is an ISO 8601 time; a key without one never expires. */
  createApiKey(options: { name: string; expiresAt?: string | undefined }): Promise<NewApiKey> {
    const { name, expiresAt } = options
    return this.#transport.json('POST', '/user/api-keys', {
      body: { name, ...(expiresAt && { expires_at: expiresAt }) },
    })
  }

  async revokeApiKey(apiKeyId: number): Promise<void> {
    await this.#transport.send('DELETE', `/user/api-keys/${apiKeyId}`)
  }

  /** Signs this browser in. */
  signInWithPassword(handle: string, password: string): Promise<{ person: Person }> {
    return this.#transport.json('POST', '/auth/sign-in/username', { body: { username: handle, password } })
  }

  /** Signs this browser in with the token of a one-time link. */
  signInWithLink(token: string): Promise<{ person: Person }> {
    return this.#transport.json('POST', '/auth/link', { body: { token } })
  }

  async signOut(): Promise<void> {
    await this.#transport.send('POST', '/auth/sign-out')
  }

  #startAndRead(path: string, query: Query, body: object, options: ReadOptions): AsyncGenerator<TurnEvent, void> {
    return readTurn(
      ({ turnId, lastEventId }, signal) =>
        turnId === undefined
          ? this.#transport.request('POST', path, { query, body, signal, accept: 'text/event-stream' })
          : this.#follow(turnId, lastEventId, signal),
      options,
    )
  }

  #follow(turnId: number, lastEventId: number, signal: AbortSignal): Promise<Response> {
    const query = { after: lastEventId }
    return this.#transport.request('GET', `/user/practice/turns/${turnId}/events`, {
      query,
      signal,
      accept: 'text/event-stream',
    })
  }
}

function askBody({ prompt, models }: Ask) {
  return { prompt_text: prompt, ...(models && { model_names: models }) }
}

function runBody({ params, summaryModel, ...ask }: RunRequest) {
  return {
    ...askBody(ask),
    ...(params && { generation_params: params }),
    ...(summaryModel && { summary_model: summaryModel }),
  }
}
