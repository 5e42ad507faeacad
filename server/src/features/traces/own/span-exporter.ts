import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { OtlpConfig } from '../../../config.ts'
import type { CallPart } from '../call.ts'
import { type JsonSpan, toSpan } from './to-span.ts'

const WAIT_MS = 1_000
const SPANS_PER_REQUEST = 512
/** While the collector is away; then the oldest are forgotten. */
const MOST_WAITING = 10_000
const TRIES = 3
const TIMEOUT_MS = 10_000

/**
 * Sends spans of Etude's own work to a collector by OTLP over HTTP, in JSON.
 *
 * Nobody waits for it: what cannot be sent after some tries is given up, and the log says how much that was.
 */
export class SpanExporter {
  readonly #config: OtlpConfig
  readonly #log: Pick<Logger, 'error'>
  readonly #pauseMs: number
  readonly #closing = new AbortController()
  #waiting: JsonSpan[] = []
  #forgotten = 0
  #sending: Promise<void> | undefined

  /** @param deps.pauseMs before the first request, and between tries. */
  constructor(deps: { config: OtlpConfig; log: Pick<Logger, 'error'>; pauseMs?: number }) {
    this.#config = deps.config
    this.#log = deps.log
    this.#pauseMs = deps.pauseMs ?? WAIT_MS
  }

  add(calls: readonly CallPart[]): void {
    this.#waiting.push(...calls.flatMap((call) => toSpan(call, this.#config) ?? []))
    if (this.#waiting.length > MOST_WAITING)
      this.#forgotten += this.#waiting.splice(0, this.#waiting.length - MOST_WAITING).length
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined
    })
  }

  /** Sends what waits without waiting for more of it, trying once. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#sending
  }

  async #sendAll(): Promise<void> {
    await this.#pause(1)
    while (this.#waiting.length > 0) {
      const spans = this.#waiting.splice(0, SPANS_PER_REQUEST)
      if (await this.#tryToSend(spans)) continue
      this.#log.error({ spans: spans.length + this.#forgotten }, 'spans could not be exported')
      this.#forgotten = 0
    }
  }

  async #tryToSend(spans: readonly JsonSpan[]): Promise<boolean> {
    const body = JSON.stringify({
      resourceSpans: [
        {
          resource: { attributes: [{ key: 'service.name', value: { stringValue: 'etude' } }] },
          scopeSpans: [{ scope: { name: 'etude' }, spans }],
        },
      ],
    })
    for (let tryNumber = 1; tryNumber <= TRIES; tryNumber++) {
      if (await this.#send(body)) return true
      if (this.#closing.signal.aborted) return false
      await this.#pause(tryNumber)
    }
    return false
  }

  /** Whether the collector has taken it, or has refused it for good, which trying again would not change. */
  async #send(body: string): Promise<boolean> {
    try {
      const { request } = await import('undici')
      const { statusCode, body: reply } = await request(`${this.#config.endpoint}/v1/traces`, {
        method: 'POST',
        headers: { ...this.#config.headers, 'content-type': 'application/json' },
        body,
        signal: AbortSignal.timeout(TIMEOUT_MS),
      })
      await reply.dump()
      if (statusCode < 300) return true
      if (statusCode >= 500 || statusCode === 429) return false
      this.#log.error({ statusCode }, 'the collector refuses spans')
      return true
    } catch {
      // Away, or silent: the next try will show, and the last one is told in the log.
      return false
    }
  }

  async #pause(times: number): Promise<void> {
    await sleep(this.#pauseMs * times, undefined, { signal: this.#closing.signal }).catch(() => {})
  }
}
