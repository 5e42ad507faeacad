import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { errorReply } from './error-response.ts'
import { SharedTick } from './shared-tick.ts'

/** Proxies close connections that are silent for a minute or even half of one. */
const KEEP_ALIVE_MS = 15_000

/** Frames that come closer together are written together: writing is most of what a frame costs. */
const JOIN_MS = 8
const tick = new SharedTick(JOIN_MS)
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
export function sendEvents(
  reply: FastifyReply,
  produce: Source,
  failureFrame: (error: unknown) => string = practiceFailure,
): Promise<void> {
  return stream(reply, produce, failureFrame, new JoiningWriter(reply.raw, JOIN_MS))
}

/** The same for a source that joins by itself what comes closely together: everything is written at once. */
export function sendJoinedEvents(reply: FastifyReply, produce: Source): Promise<void> {
  return stream(reply, produce, practiceFailure, new JoiningWriter(reply.raw, 0))
}

type Source = (signal: AbortSignal) => AsyncIterable<string>

async function stream(
  reply: FastifyReply,
  produce: Source,
  failureFrame: (error: unknown) => string,
  writer: JoiningWriter,
): Promise<void> {
  const gone = new AbortController()
  const { raw } = reply
  // A reply that was written to its end closes too; nobody has left then.
  raw.on('close', () => raw.writableFinished || gone.abort())
  reply.hijack()
  reply.headers({
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  })
  raw.writeHead(200, reply.getHeaders() as Record<string, string>)
  // The headers go out with the first event when there is one already, and without it when there is not.
  setImmediate(() => writer.hasWritten || raw.flushHeaders())
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

/** Writes at once in the beginning and after a silence, and otherwise what has come within a moment together. */
class JoiningWriter {
  readonly #raw: ServerResponse
  readonly #joinMs: number
  #waiting = ''
  #isPlanned = false
  #writtenAt = Number.NEGATIVE_INFINITY
  #writes = 0

  constructor(raw: ServerResponse, joinMs: number) {
    this.#raw = raw
    this.#joinMs = joinMs
  }

  get hasWritten(): boolean {
    return this.#writes > 0
  }

  add(frames: string): void {
    this.#waiting += frames
    if (this.#writes < UNJOINED_WRITES || this.#isDue()) this.#flush()
    else if (!this.#isPlanned) {
      this.#isPlanned = true
      tick.soon(this.#flushPlanned)
    }
  }

  end(): void {
    this.#writes++
    if (this.#waiting === '') this.#raw.end()
    else this.#raw.end(this.#waiting)
    this.#waiting = ''
  }

  #isDue(): boolean {
    if (this.#joinMs === 0 || this.#waiting.length > MOST_JOINED_CHARACTERS) return true
    return !this.#isPlanned && performance.now() - this.#writtenAt >= this.#joinMs
  }

  readonly #flushPlanned = () => {
    this.#isPlanned = false
    if (this.#waiting !== '') this.#flush()
  }

  #flush(): void {
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
