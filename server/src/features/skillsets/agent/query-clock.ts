/** How long answering one question may take, in milliseconds. */
export type QueryLimits = {
  /** Of all: after that the answer is what there is. */
  queryMs: number
  /** The part of it kept for the answer: no calls are under way then. */
  answerMs: number
  /** Of one call. */
  callMs: number
  /** Calls that a model may ask for, made or refused. */
  calls: number
}

/** Measures the time that answering takes, without the time in which a person is waited for. */
export class QueryClock {
  readonly #limits: QueryLimits
  readonly #callsOver = new AbortController()
  readonly #over = new AbortController()
  readonly #timers: { atMs: number; controller: AbortController; timer?: NodeJS.Timeout }[]
  #spentMs = 0
  #runningSince: number | undefined
  #pauses = 0

  constructor(limits: QueryLimits) {
    this.#limits = limits
    this.#timers = [
      { atMs: Math.max(0, limits.queryMs - limits.answerMs), controller: this.#callsOver },
      { atMs: limits.queryMs, controller: this.#over },
    ]
    this.#start()
  }

  /** Aborts when no time for calls is left. */
  get callsOver(): AbortSignal {
    return this.#callsOver.signal
  }

  /** Aborts when no time is left at all. */
  get over(): AbortSignal {
    return this.#over.signal
  }

  /** Stands still until every pause has been ended. @returns what ends this one. */
  pause(): () => void {
    if (this.#pauses++ === 0) this.stop()
    let hasEnded = false
    return () => {
      if (hasEnded) return
      hasEnded = true
      if (--this.#pauses === 0) this.#start()
    }
  }

  /** Lets go of its timers. */
  stop(): void {
    if (this.#runningSince !== undefined) this.#spentMs += performance.now() - this.#runningSince
    this.#runningSince = undefined
    for (const { timer } of this.#timers) clearTimeout(timer)
  }

  #start(): void {
    this.#runningSince = performance.now()
    for (const one of this.#timers) {
      if (one.controller.signal.aborted) continue
      const message = `The time for this question is over (${this.#limits.queryMs / 1000} s).`
      const leftMs = Math.max(0, one.atMs - this.#spentMs)
      one.timer = setTimeout(() => one.controller.abort(new Error(message)), leftMs)
    }
  }
}
