import { setImmediate } from 'node:timers/promises'

/** Lets the event loop serve others during long work. */
export class Pacer {
  readonly #longestMs: number
  #since = performance.now()

  /** @param longestMs how long to work without a pause. */
  constructor(longestMs = 8) {
    this.#longestMs = longestMs
  }

  /** Whether it is time to await `rest`. Two calls, because even a finished promise costs more than most pieces of work. */
  isDue(): boolean {
    return performance.now() - this.#since > this.#longestMs
  }

  async rest(): Promise<void> {
    await setImmediate()
    this.#since = performance.now()
  }
}
