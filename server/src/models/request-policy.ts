import { setTimeout as sleep } from 'node:timers/promises'
import { ConcurrencyLimit } from './concurrency-limit.ts'
import type { ModelEvent } from './language-model.ts'
import { ProviderFailure } from './provider-failure.ts'

/**
 * One try at a provider. It is asked for nothing before its first `next()`.
 *
 * @param onSettled called once when the provider is busy with it no more; events may still wait to be read.
 */
export type Attempt = (signal: AbortSignal, onSettled: () => void) => AsyncIterator<ModelEvent>

/** How long a provider may ask us to wait with `Retry-After` before we rather fail, in seconds. */
const LONGEST_RETRY_AFTER_SECONDS = 30
const FIRST_BACKOFF_MS = 400
const LONGEST_BACKOFF_MS = 8_000

/** How one provider is asked: so many requests at once, and again when it fails for a moment. */
export class RequestPolicy {
  readonly limit: ConcurrencyLimit
  readonly #retries: number
  readonly #random: () => number

  /** @param options.random 0 ≤ x < 1, the jitter; only tests give it. */
  constructor(options: { retries: number; concurrency: number; random?: () => number }) {
    this.limit = new ConcurrencyLimit(options.concurrency)
    this.#retries = options.retries
    this.#random = options.random ?? Math.random
  }

  /**
   * The events of the first attempt that yields one.
   *
   * Nothing is tried again once an event has come: the reader would see it twice.
   */
  stream(signal: AbortSignal, attempt: Attempt): AsyncIterable<ModelEvent> {
    return { [Symbol.asyncIterator]: () => new PolicedStream(this, signal, attempt) }
  }

  /** What the first attempt that succeeds returns. */
  async run<Result>(signal: AbortSignal, attempt: () => Promise<Result>): Promise<Result> {
    signal.throwIfAborted()
    const turn = this.limit.enter(signal)
    if (turn) await turn
    try {
      for (let tryNumber = 1; ; tryNumber++) {
        try {
          return await attempt()
        } catch (error) {
          const pauseMs = signal.aborted ? undefined : this.pauseBefore(tryNumber, error)
          if (pauseMs === undefined) throw error
          await sleep(pauseMs, undefined, { signal }).catch(() => signal.throwIfAborted())
        }
      }
    } finally {
      this.limit.leave()
    }
  }

  /** Milliseconds to wait before the next try, or undefined when there shall be none. */
  pauseBefore(tryNumber: number, failure: unknown): number | undefined {
    if (!(failure instanceof ProviderFailure) || !failure.isTransient || tryNumber > this.#retries) return undefined
    const asked = failure.retryAfterSeconds
    if (asked !== undefined && asked > LONGEST_RETRY_AFTER_SECONDS) return undefined
    const backoff = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (tryNumber - 1))
    // Jitter, so that the many who failed together do not come back together; never before the provider asked for it.
    return asked === undefined ? backoff * (0.5 + this.#random() / 2) : asked * 1000 + this.#random() * 100
  }
}

/** Hand-written instead of an async generator: it stands in the way of every chunk. */
class PolicedStream implements AsyncIterator<ModelEvent> {
  readonly #policy: RequestPolicy
  readonly #signal: AbortSignal
  readonly #attempt: Attempt
  #current: AsyncIterator<ModelEvent> | undefined
  #state: 'new' | 'inside' | 'left' = 'new'

  constructor(policy: RequestPolicy, signal: AbortSignal, attempt: Attempt) {
    this.#policy = policy
    this.#signal = signal
    this.#attempt = attempt
  }

  next(): Promise<IteratorResult<ModelEvent>> {
    return this.#current ? this.#current.next() : this.#begin()
  }

  async return(): Promise<IteratorResult<ModelEvent>> {
    await this.#current?.return?.()
    this.#leave()
    return { value: undefined, done: true }
  }

  async #begin(): Promise<IteratorResult<ModelEvent>> {
    const signal = this.#signal
    signal.throwIfAborted()
    if (this.#state !== 'new') return { value: undefined, done: true }
    const turn = this.#policy.limit.enter(signal)
    if (turn) await turn
    this.#state = 'inside'
    try {
      for (let tryNumber = 1; ; tryNumber++) {
        let isSettled = false
        const attempt = this.#attempt(signal, () => {
          isSettled = true
          if (this.#current === attempt) this.#leave()
        })
        try {
          const first = await attempt.next()
          this.#current = attempt
          if (isSettled) this.#leave()
          return first
        } catch (error) {
          const pauseMs = signal.aborted ? undefined : this.#policy.pauseBefore(tryNumber, error)
          if (pauseMs === undefined) throw error
          await sleep(pauseMs, undefined, { signal }).catch(() => signal.throwIfAborted())
        }
      }
    } catch (error) {
      this.#leave()
      throw error
    }
  }

  #leave(): void {
    if (this.#state === 'inside') this.#policy.limit.leave()
    this.#state = 'left'
  }
}
