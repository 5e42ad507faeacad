import { EtudeError, errorFromReply } from './etude-error.ts'

export type EtudeOptions = {
  /** Where the server is, e.g. `http://127.0.0.1:4747`; the page's own server unless told. */
  baseUrl?: string
  /** Not needed in a browser that is signed in. */
  apiKey?: string
  fetch?: typeof fetch
}

export type Query = Record<string, string | number | undefined>

type RequestOptions = {
  query?: Query
  body?: object | undefined
  signal?: AbortSignal | undefined
  accept?: string
  /** The revision that a change is meant for: 412 when somebody else was faster. */
  ifMatch?: number | undefined
}

/** Sends requests to a server in somebody's name. Throws an {@link EtudeError} when it refuses or cannot be reached. */
export class Transport {
  readonly #baseUrl: string
  readonly #apiKey: string | undefined
  readonly #fetch: typeof fetch

  constructor({ baseUrl = '', apiKey, fetch: ownFetch = globalThis.fetch.bind(globalThis) }: EtudeOptions) {
    this.#baseUrl = baseUrl.replace(/\/+$/, '')
    this.#apiKey = apiKey
    this.#fetch = ownFetch
  }

  async json<Reply>(method: string, path: string, options: RequestOptions = {}): Promise<Reply> {
    const reply = await this.send(method, path, options)
    return (await reply.json()) as Reply
  }

  async send(method: string, path: string, options: RequestOptions = {}): Promise<Response> {
    const reply = await this.request(method, path, options)
    if (!reply.ok) throw await errorFromReply(reply)
    return reply
  }

  /** Also gives replies that are no success. */
  async request(method: string, path: string, options: RequestOptions): Promise<Response> {
    const { query = {}, body, signal, accept = 'application/json', ifMatch } = options
    const search = new URLSearchParams()
    for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value))
    const url = `${this.#baseUrl}${path}${search.size > 0 ? `?${search}` : ''}`
    try {
      return await this.#fetch(url, {
        method,
        headers: {
          accept,
          ...(body && { 'content-type': 'application/json' }),
          ...(ifMatch !== undefined && { 'if-match': `"${ifMatch}"` }),
          ...(this.#apiKey && { authorization: `Bearer ${this.#apiKey}` }),
        },
        ...(body && { body: JSON.stringify(body) }),
        ...(signal && { signal }),
      })
    } catch (cause) {
      signal?.throwIfAborted()
      throw new EtudeError('The server could not be reached.', { status: 0, code: 'unreachable', cause })
    }
  }
}
