import { once } from 'node:events'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { errorReply } from './error-response.ts'

/** Proxies close connections that are silent for a minute or even half of one. */
const KEEP_ALIVE_MS = 15_000

/** Whether the client asked for server-sent events. */
export function wantsEvents(request: FastifyRequest): boolean {
  return request.headers.accept?.includes('text/event-stream') ?? false
}

/**
 * Streams server-sent events, each string being one or more whole frames, until the source ends or the reader leaves.
 *
 * The source is asked for more only when the connection has taken what it was given. Headers are already sent: a
 * failure becomes a last `error` event instead of a status code.
 *
 * @param produce is given a signal that aborts when the reader leaves.
 * @param failureFrame the last frame after a failure; dialects have their own.
 */
export async function sendEvents(
  reply: FastifyReply,
  produce: (signal: AbortSignal) => AsyncIterable<string>,
  failureFrame: (error: unknown) => string = practiceFailure,
): Promise<void> {
  const gone = new AbortController()
  const { raw } = reply
  raw.on('close', () => gone.abort())
  reply.hijack()
  raw.writeHead(200, {
    ...(reply.getHeaders() as Record<string, string>),
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  })
  // The headers go out with the first event when there is one already, and without it when there is not.
  setImmediate(() => raw.flushHeaders())
  const keepAlive = setInterval(() => raw.writableNeedDrain || raw.write(': keep-alive\n\n'), KEEP_ALIVE_MS)
  try {
    for await (const frames of produce(gone.signal)) {
      if (gone.signal.aborted) break
      if (!raw.write(frames)) await once(raw, 'drain', { signal: gone.signal })
    }
  } catch (error) {
    if (!gone.signal.aborted) {
      if (errorReply(error).status >= 500) reply.log.error({ err: error }, 'an event stream broke')
      raw.write(failureFrame(error))
    }
  } finally {
    clearInterval(keepAlive)
    raw.end()
  }
}

/** One server-sent event. JSON has no line breaks of its own, so one `data` line is enough. */
export function frame(type: string, data: unknown, id?: number): string {
  const idLine = id === undefined ? '' : `id: ${id}\n`
  return `${idLine}event: ${type}\ndata: ${JSON.stringify(data)}\n\n`
}

function practiceFailure(error: unknown): string {
  const { code, message } = errorReply(error)
  return frame('error', { detail: code, message })
}
