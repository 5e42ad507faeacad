import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { errorReply } from './error-response.ts'

/** Proxies close connections that are silent for a minute or even half of one. */
const KEEP_ALIVE_MS = 15_000

/** Frames that come closer together are written together: writing is most of what a frame costs. */
const JOIN_MS = 8
const MOST_JOINED_CHARACTERS = 64 * 1024
/** The beginning of a stream is written at once: nobody should wait for the first token. */
const UNJOINED_WRITES = 3

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
  // A reply that was written to its end closes too; nobody has left then.
  raw.on('close', () => raw.writableFinished || gone.abort())
  reply.hijack()
  raw.writeHead(200, {
    ...(reply.getHeaders() as Record<string, string>),
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  })
  // The headers go out with the first event when there is one already, and without it when there is not.
  setImmediate(() => raw.flushHeaders())
  const writer = new JoiningWriter(raw)
  const keepAlive = setInterval(() => raw.writableNeedDrain || writer.add(': keep-alive\n\n'), KEEP_ALIVE_MS)
  try {
    for await (const frames of produce(gone.signal)) {
      if (gone.signal.aborted) break
      writer.add(frames)
      if (raw.writableNeedDrain) await once(raw, 'drain', { signal: gone.signal })
    }
  } catch (error) {
    if (!gone.signal.aborted) {
      if (errorReply(error).status >= 500) reply.log.error({ err: error }, 'an event stream broke')
      writer.add(failureFrame(error))
    }
  } finally {
    clearInterval(keepAlive)
    writer.end()
  }
}

/** Writes at once in the beginning and after a silence, and otherwise what has come within 8 ms together. */
class JoiningWriter {
  readonly #raw: ServerResponse
  #waiting = ''
  #writtenAt = Number.NEGATIVE_INFINITY
  #writes = 0
  #timer: NodeJS.Timeout | undefined

  constructor(raw: ServerResponse) {
    this.#raw = raw
  }

  add(frames: string): void {
    this.#waiting += frames
    if (this.#timer !== undefined) {
      if (this.#waiting.length > MOST_JOINED_CHARACTERS) this.#flush()
      return
    }
    const waitMs = this.#writtenAt + JOIN_MS - performance.now()
    if (waitMs <= 0 || this.#writes < UNJOINED_WRITES) this.#flush()
    else this.#timer = setTimeout(this.#flush, waitMs)
  }

  end(): void {
    clearTimeout(this.#timer)
    if (this.#waiting === '') this.#raw.end()
    else this.#raw.end(this.#waiting)
  }

  readonly #flush = () => {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#writtenAt = performance.now()
    this.#writes++
    this.#raw.write(this.#waiting)
    this.#waiting = ''
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
