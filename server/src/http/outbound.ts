import { type LookupAddress, lookup as systemLookup } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import type { Agent, Dispatcher } from 'undici'
import { whyRefused } from './outbound-address.ts'
import { readBody } from './outbound-body.ts'
import { OutboundError } from './outbound-error.ts'
import { translateFailure } from './outbound-failure.ts'
import { checkHeaders, joinHeaders } from './outbound-headers.ts'
import { type Hop, isRedirect, nextHop } from './outbound-redirect.ts'
import { readUrl } from './outbound-url.ts'

const MAX_REDIRECTS = 5
const CONNECT_TIMEOUT_MS = 10_000
const DEFAULT_TIMEOUT_MS = 30_000
const DEFAULT_IDLE_MS = 15_000
const DEFAULT_MAX_BYTES = 5 * 1024 * 1024
const MAX_CONNECTIONS_PER_ORIGIN = 64
const ACCEPT_ENCODING = 'gzip, deflate, br'
const USER_AGENT = 'Etude'

export type OutboundRequest = {
  method?: string
  headers?: Readonly<Record<string, string>>
  body?: string | Buffer | undefined
  /** Of whoever waits: its reason is thrown when it aborts. */
  signal?: AbortSignal | undefined
  /** Of the answer's body, on the wire and again after decompression. */
  maxBytes?: number
  /** From the first look-up to the last byte, redirects included. */
  timeoutMs?: number
  /** Longest silence of the other server, before and inside its answer. */
  idleMs?: number
  /** `manual`: a redirect is an answer like any other. */
  redirects?: 'follow' | 'manual'
}

/** `url` is where the answer came from in the end; names of headers are in lower case. */
export type OutboundResponse = { status: number; headers: Record<string, string>; body: Buffer; url: string }

/** An answer whose body comes as it comes. Whoever opens one reads it to its end, or returns from the iteration. */
export type OutboundStream = Omit<OutboundResponse, 'body'> & { body: AsyncGenerator<Buffer> }

type Parts = {
  /** Origins that may be called although they are private: `http://127.0.0.1:9000`. */
  allow: readonly string[]
  /** What tests replace: the name service, and which addresses are refused. */
  lookup?: LookupFunction
  whyRefused?: (address: string) => string | undefined
}

/**
 * The guarded client: everything that is called because of what a user entered is called through it.
 *
 * It speaks only to public addresses. A name is looked up once per connection, every address of the answer is checked,
 * and the socket connects to one of exactly these, so that a name whose answer changes in between gains nothing; for TLS
 * the name stays what it was. Every redirect is checked like the first URL. Nothing of the server's own, such as
 * cookies or keys, is sent; only what the caller gives.
 */
export class Outbound {
  readonly #allowed: ReadonlySet<string>
  readonly #lookup: LookupFunction
  readonly #whyRefused: (address: string) => string | undefined
  #agents: Promise<{ guarded: Agent; unguarded: Agent }> | undefined

  constructor({ allow, lookup, whyRefused: refused }: Parts) {
    this.#allowed = new Set(allow.map((origin) => new URL(origin).origin))
    this.#lookup = lookup ?? systemLookup
    this.#whyRefused = refused ?? whyRefused
  }

  /**
   * Sends a request and reads the whole answer, whatever its status.
   *
   * @throws {OutboundError} if it must not be sent, or nothing readable came back within the bounds; `partial` then holds
   *   what had come.
   */
  async request(url: string, options: OutboundRequest = {}): Promise<OutboundResponse> {
    const { body, ...answer } = await this.open(url, options)
    const chunks: Buffer[] = []
    try {
      for await (const chunk of body) chunks.push(chunk)
    } catch (error) {
      if (!(error instanceof OutboundError)) throw error
      const { status, headers } = answer
      throw new OutboundError(error.code, error.message, { cause: error, status, headers, body: Buffer.concat(chunks) })
    }
    return { ...answer, body: Buffer.concat(chunks) }
  }

  /** Like `request`, but gives the body as it comes. @throws {OutboundError} also from the iteration. */
  async open(url: string, options: OutboundRequest = {}): Promise<OutboundStream> {
    const { timeoutMs = DEFAULT_TIMEOUT_MS, maxBytes = DEFAULT_MAX_BYTES } = options
    const deadline = AbortSignal.timeout(timeoutMs)
    const signal = options.signal ? AbortSignal.any([options.signal, deadline]) : deadline
    const translate = (error: unknown) => {
      if (options.signal?.aborted) return options.signal.reason
      return deadline.aborted ? timedOut(timeoutMs) : translateFailure(error)
    }
    try {
      const { url: from, response } = await this.#follow(firstHop(url, options, this.#allowed), options, signal)
      const headers = joinHeaders(response.headers)
      const bytes = readBody(response.body, headers['content-encoding'], maxBytes)
      return { status: response.statusCode, headers, url: from, body: translated(bytes, response.body, translate) }
    } catch (error) {
      throw translate(error)
    }
  }

  /** Cancels what is under way and closes all sockets. */
  async close(): Promise<void> {
    const agents = await this.#agents
    await Promise.all([agents?.guarded.destroy(), agents?.unguarded.destroy()])
  }

  async #follow(
    first: Hop,
    { idleMs = DEFAULT_IDLE_MS, redirects: mode = 'follow' }: OutboundRequest,
    signal: AbortSignal,
  ) {
    let hop = first
    for (let redirects = 0; ; redirects++) {
      const response = await this.#send(hop, idleMs, signal)
      const { location } = joinHeaders(response.headers)
      if (mode === 'manual' || !isRedirect(response.statusCode) || location === undefined)
        return { url: hop.url.href, response }
      response.body.destroy()
      if (redirects === MAX_REDIRECTS)
        throw new OutboundError('outbound_too_many_redirects', `There were more than ${MAX_REDIRECTS} redirects.`)
      hop = nextHop(hop, response.statusCode, readUrl(location, this.#allowed, hop.url.href))
    }
  }

  async #send(
    { url, method, headers, body }: Hop,
    idleMs: number,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData> {
    const isAllowed = this.#allowed.has(url.origin)
    const literal = url.hostname.replace(/^\[|\]$/g, '')
    // A socket to a literal address never asks the name service, so the check there would not see it.
    if (!isAllowed && isIP(literal)) this.#check(url.hostname, [literal])
    this.#agents ??= this.#createAgents()
    const agents = await this.#agents
    const response = await (isAllowed ? agents.unguarded : agents.guarded).request({
      origin: url.origin,
      path: url.pathname + url.search,
      method: method as Dispatcher.HttpMethod,
      headers: { ...headers, 'accept-encoding': ACCEPT_ENCODING },
      body: body ?? null,
      headersTimeout: idleMs,
      bodyTimeout: idleMs,
      signal,
    })
    // Whoever reads the body hears of its errors; a body that nobody reads must not end the server with one.
    response.body.on('error', () => {})
    return response
  }

  async #createAgents() {
    const { Agent } = await import('undici')
    const connect = { timeout: CONNECT_TIMEOUT_MS }
    const options = { connections: MAX_CONNECTIONS_PER_ORIGIN, connectTimeout: CONNECT_TIMEOUT_MS }
    return {
      guarded: new Agent({ ...options, connect: { ...connect, lookup: this.#guardedLookup } }),
      unguarded: new Agent({ ...options, connect: { ...connect, lookup: this.#lookup } }),
    }
  }

  /** What sockets ask for addresses: they connect to what it answers, and to nothing else. */
  readonly #guardedLookup: LookupFunction = (hostname, options, callback) => {
    this.#lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, '')
      const addresses = found as LookupAddress[]
      try {
        this.#check(
          hostname,
          addresses.map(({ address }) => address),
        )
      } catch (refused) {
        return callback(refused as Error, '')
      }
      if (options.all) callback(null, addresses)
      else callback(null, addresses[0]!.address, addresses[0]!.family)
    })
  }

  /** Refuses a name if any of its addresses is refused: an honest one has no private address among public ones. */
  #check(host: string, addresses: readonly string[]): void {
    if (addresses.length === 0) throw new OutboundError('outbound_unreachable', `${host} has no address.`)
    for (const address of addresses) {
      const why = this.#whyRefused(address)
      if (why === undefined) continue
      throw new OutboundError(
        'outbound_address_refused',
        `${host} ${why}, so it is not called. An administrator can allow an origin in "outbound.allow".`,
      )
    }
  }
}

function firstHop(url: string, options: OutboundRequest, allowed: ReadonlySet<string>): Hop {
  const headers = checkHeaders(options.headers ?? {})
  return {
    url: readUrl(url, allowed),
    method: (options.method ?? 'GET').toUpperCase(),
    headers: { 'user-agent': USER_AGENT, accept: '*/*', ...headers },
    body: options.body,
  }
}

async function* translated(
  bytes: AsyncGenerator<Buffer>,
  wire: { destroy(): unknown },
  translate: (error: unknown) => unknown,
): AsyncGenerator<Buffer> {
  try {
    yield* bytes
  } catch (error) {
    throw translate(error)
  } finally {
    wire.destroy()
  }
}

function timedOut(timeoutMs: number): OutboundError {
  return new OutboundError('outbound_timed_out', `The answer was not complete after ${timeoutMs / 1000} s.`)
}
