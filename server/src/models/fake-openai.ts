import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** One thing that the fake server does while it answers, in order. */
export type FakeStep =
  | { do: 'text'; text: string }
  | { do: 'delta'; delta: object }
  | { do: 'finish'; reason?: string; usage?: object }
  | { do: 'done' }
  /** Bytes as they are, SSE or not. */
  | { do: 'raw'; raw: string | Buffer }
  | { do: 'wait'; ms: number }
  /** Says nothing more and keeps the connection. */
  | { do: 'hang' }
  /** Cuts the connection. */
  | { do: 'destroy' }
  /** Repeats a text until the client leaves. */
  | { do: 'endless'; text: string }
  /** Repeats bytes until the client leaves. */
  | { do: 'endless-raw'; raw: string }

export type FakeReply = {
  status?: number
  headers?: Record<string, string>
  /** A whole reply instead of a stream. */
  json?: unknown
  body?: string
  /** Never sends even the status line. */
  hangs?: boolean
  delayMs?: number
  steps?: FakeStep[]
}

export type FakeRequest = { method: string; path: string; headers: IncomingHttpHeaders; body: Record<string, unknown> }

/** A whole, well-behaved answer, one chunk for each text. */
export function answer(
  texts: string[],
  options: { usage?: object; finishReason?: string; chunkDelayMs?: number } = {},
): FakeReply {
  const { usage = { prompt_tokens: 5, completion_tokens: texts.length, total_tokens: 5 + texts.length } } = options
  const wait: FakeStep[] = options.chunkDelayMs ? [{ do: 'wait', ms: options.chunkDelayMs }] : []
  return {
    steps: [
      ...texts.flatMap((text): FakeStep[] => [{ do: 'text', text }, ...wait]),
      { do: 'finish', reason: options.finishReason ?? 'stop', usage },
      { do: 'done' },
    ],
  }
}

/** A real HTTP server on loopback that speaks OpenAI's chat completions, and misbehaves on request. */
export class FakeOpenAi {
  readonly requests: FakeRequest[] = []
  /** Replies that are being written now. */
  active = 0
  /** The largest `active` that was. */
  mostActive = 0
  /** Bytes that endless steps have written. */
  endlessBytes = 0
  /** Replies whose client left before the end. */
  abandoned = 0
  readonly #reply: (request: FakeRequest, index: number) => FakeReply
  readonly #server = createServer((request, response) => void this.#serve(request, response))

  private constructor(reply: (request: FakeRequest, index: number) => FakeReply) {
    this.#reply = reply
  }

  /** @param replies one for each request in turn (the last again and again), or a function that chooses. */
  static async start(
    ...replies: FakeReply[] | [(request: FakeRequest, index: number) => FakeReply]
  ): Promise<FakeOpenAi> {
    const [first] = replies
    const list = replies as FakeReply[]
    const fake = new FakeOpenAi(
      typeof first === 'function' ? first : (_request, index) => list[Math.min(index, list.length - 1)] ?? {},
    )
    await new Promise<void>((resolve) => fake.#server.listen(0, '127.0.0.1', resolve))
    return fake
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  get baseUrl(): string {
    return `${this.origin}/v1`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = ''
    for await (const piece of request) text += piece
    const received: FakeRequest = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      body: text ? JSON.parse(text) : {},
    }
    this.requests.push(received)
    const reply = this.#reply(received, this.requests.length - 1)
    this.active++
    this.mostActive = Math.max(this.mostActive, this.active)
    const gone = new AbortController()
    response.on('close', () => {
      this.active--
      if (!response.writableFinished) this.abandoned++
      gone.abort()
    })
    response.on('error', () => gone.abort())
    try {
      if (reply.delayMs) await sleep(reply.delayMs, undefined, { signal: gone.signal })
      if (!reply.hangs) await this.#write(reply, String(received.body.model ?? ''), response, gone.signal)
    } catch (error) {
      if (!gone.signal.aborted) throw error
    }
  }

  async #write(reply: FakeReply, model: string, response: ServerResponse, gone: AbortSignal): Promise<void> {
    if (!reply.steps) {
      const body = reply.body ?? JSON.stringify(reply.json ?? {})
      response.writeHead(reply.status ?? 200, { 'content-type': 'application/json', ...reply.headers })
      response.end(body)
      return
    }
    response.writeHead(reply.status ?? 200, { 'content-type': 'text/event-stream', ...reply.headers })
    response.flushHeaders()
    const chunk = (delta: object, finishReason: string | null = null) =>
      `data: ${JSON.stringify({
        id: 'chatcmpl-fake',
        object: 'chat.completion.chunk',
        created: 1_700_000_000,
        model,
        system_fingerprint: 'fp_fake',
        choices: [{ index: 0, delta, logprobs: null, finish_reason: finishReason }],
      })}\n\n`
    for (const step of reply.steps) {
      if (gone.aborted) return
      if (step.do === 'text') response.write(chunk({ content: step.text }))
      else if (step.do === 'delta') response.write(chunk(step.delta))
      else if (step.do === 'finish') {
        response.write(chunk({}, step.reason ?? 'stop'))
        if (step.usage)
          response.write(`data: ${JSON.stringify({ id: 'chatcmpl-fake', model, choices: [], usage: step.usage })}\n\n`)
      } else if (step.do === 'done') response.write('data: [DONE]\n\n')
      else if (step.do === 'raw') response.write(step.raw)
      else if (step.do === 'wait') await sleep(step.ms, undefined, { signal: gone })
      else if (step.do === 'hang') return
      else if (step.do === 'destroy') {
        // What was written shall arrive first.
        await sleep(20)
        response.destroy()
        return
      } else
        await this.#writeEndlessly(response, step.do === 'endless' ? chunk({ content: step.text }) : step.raw, gone)
    }
    response.end()
  }

  async #writeEndlessly(response: ServerResponse, piece: string, gone: AbortSignal): Promise<void> {
    while (!gone.aborted) {
      this.endlessBytes += piece.length
      if (!response.write(piece)) await once(response, 'drain', { signal: gone })
    }
  }
}
