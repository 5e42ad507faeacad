/** Lets so many in at once; the others wait in the order in which they came. */
export class ConcurrencyLimit {
  readonly #limit: number
  #inside = 0
  /** Insertion order is the queue; a Set because one who gives up leaves from the middle. */
  readonly #waiting = new Set<() => void>()

  constructor(limit: number) {
    this.#limit = limit
  }

  get inside(): number {
    return this.#inside
  }

  get waiting(): number {
    return this.#waiting.size
  }

  /**
   * Takes a place; undefined when there is one at once, otherwise a promise that settles when it is our turn.
   *
   * It rejects with the signal's reason when the signal aborts first. Whoever got in must call `leave` once.
   */
  enter(signal: AbortSignal): Promise<void> | undefined {
    if (this.#inside < this.#limit) {
      this.#inside++
      return undefined
    }
    return new Promise((resolve, reject) => {
      const onTurn = () => {
        signal.removeEventListener('abort', onAbort)
        resolve()
      }
      const onAbort = () => {
        this.#waiting.delete(onTurn)
        reject(signal.reason)
      }
      signal.addEventListener('abort', onAbort, { once: true })
      this.#waiting.add(onTurn)
    })
  }

  /** Gives the place back; it goes to the one who has waited longest. */
  leave(): void {
    for (const next of this.#waiting) {
      this.#waiting.delete(next)
      next()
      return
    }
    this.#inside--
  }
}
