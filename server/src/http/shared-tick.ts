/**
 * One timer for everybody who wants to wait a moment: those who come while it runs go together when it is over.
 *
 * A thousand streams that each had a timer of their own would wake the process a thousand times for it.
 */
export class SharedTick {
  readonly #ms: number
  #waiting: (() => void)[] = []

  /** @param ms the longest wait. */
  constructor(ms: number) {
    this.#ms = ms
  }

  /** @param action must not throw. */
  soon(action: () => void): void {
    if (this.#waiting.push(action) === 1) setTimeout(this.#run, this.#ms)
  }

  readonly #run = () => {
    const waiting = this.#waiting
    this.#waiting = []
    for (const action of waiting) action()
  }
}
