import type { Outbound } from '../../../http/outbound.ts'

/** What the MCP client asks for; of what `fetch` has it uses no more. */
export type FetchLike = (url: string | URL, init?: RequestInit) => Promise<Response>

type Parts = {
  outbound: Outbound
  signal: AbortSignal
  maxBytes: number
  timeoutMs: number
  /** Hears of an answer that breaks off: the MCP client would only wait for its rest. */
  onBroken: (error: unknown) => void
}

/** Without bodies (Fetch §2.2.3), which `Response` insists on. */
const WITHOUT_BODY = new Set([204, 205, 304])

/**
 * A `fetch` that goes through the guarded client, in the form in which the MCP client wants one.
 *
 * Redirects are answers: the MCP client follows those within the origin, and each request is checked anew. The stream
 * for whatever the server has to say unasked is not opened, since nobody would listen.
 */
export function guardedFetch({ outbound, signal, maxBytes, timeoutMs, onBroken }: Parts): FetchLike {
  return async (url, init = {}) => {
    const headers = Object.fromEntries(new Headers(init.headers))
    const method = init.method ?? 'GET'
    if (method === 'GET' && headers['last-event-id'] === undefined) return new Response(null, { status: 405 })
    const stop = new AbortController()
    const answer = await outbound.open(String(url), {
      method,
      headers,
      body: typeof init.body === 'string' ? init.body : undefined,
      signal: AbortSignal.any([signal, stop.signal, ...(init.signal ? [init.signal] : [])]),
      maxBytes,
      timeoutMs,
      idleMs: timeoutMs,
      redirects: 'manual',
    })
    const { status } = answer
    if (WITHOUT_BODY.has(status)) stop.abort()
    const body = WITHOUT_BODY.has(status) ? null : streamOf(answer.body, stop, onBroken)
    return new Response(body, { status, headers: plain(answer.headers) })
  }
}

/** The body has been unpacked already, and is as long as it is. */
function plain(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => name !== 'content-encoding' && name !== 'content-length'),
  )
}

function streamOf(
  body: AsyncGenerator<Buffer>,
  stop: AbortController,
  onBroken: (error: unknown) => void,
): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      try {
        const { value, done } = await body.next()
        if (stop.signal.aborted) return
        if (done) controller.close()
        else controller.enqueue(new Uint8Array(value))
      } catch (error) {
        if (stop.signal.aborted) return
        onBroken(error)
        controller.error(error)
      }
    },
    // Not by ending the generator, which would wait for what it is waiting for.
    cancel() {
      stop.abort()
    },
  })
}
