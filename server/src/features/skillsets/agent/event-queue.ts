/** Puts what several tasks tell into one order: whoever tells first is read first. */
export class EventQueue<Event> {
  #events: Event[] = []
  #state: { name: 'open' } | { name: 'ended' } | { name: 'failed'; error: unknown } = { name: 'open' }
  #wake: (() => void) | undefined

  push(event: Event): void {
    this.#events.push(event)
    this.#wake?.()
  }

  /** Ends the reading when these tasks have, or fails with the first of them that does. */
  endWith(tasks: readonly Promise<void>[]): void {
    Promise.all(tasks).then(
      () => this.#end({ name: 'ended' }),
      (error: unknown) => this.#end({ name: 'failed', error }),
    )
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Event, void> {
    for (;;) {
      const events = this.#events
      this.#events = []
      yield* events
      if (this.#events.length > 0) continue
      if (this.#state.name === 'failed') throw this.#state.error
      if (this.#state.name === 'ended') return
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  #end(state: { name: 'ended' } | { name: 'failed'; error: unknown }): void {
    this.#state = state
    this.#wake?.()
  }
}
