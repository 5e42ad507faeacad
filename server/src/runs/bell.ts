/** What a reader waits by: it rings for news, when a time is over, and when the reader's signal aborts. */
export class Bell {
  readonly #signal: AbortSignal
  #ring: () => void = () => {}
  readonly #ringNow = () => this.#ring()

  constructor(signal: AbortSignal) {
    this.#signal = signal
    signal.addEventListener('abort', this.#ringNow)
  }

  /** Waits for one ring. @param subscribe is given what rings, and returns how to take it back. */
  untilRung(subscribe: (ring: () => void) => () => void, timeoutMs?: number): Promise<void> {
    if (this.#signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = timeoutMs === undefined ? undefined : setTimeout(this.#ringNow, timeoutMs)
      const unsubscribe = subscribe(this.#ringNow)
      this.#ring = () => {
        this.#ring = () => {}
        clearTimeout(timer)
        unsubscribe()
        resolve()
      }
    })
  }

  remove(): void {
    this.#signal.removeEventListener('abort', this.#ringNow)
  }
}
