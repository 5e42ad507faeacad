import type { ModelEvent } from './language-model.ts'

const DONE: IteratorResult<ModelEvent> = Object.freeze({ value: undefined, done: true })

/**
 * What a provider's socket pushes and a reader pulls.
 *
 * Deltas that nobody has read yet are joined, so that a reader who is late gets one event instead of a thousand.
 */
export class ModelEventQueue implements AsyncIterator<ModelEvent> {
  /** Characters that have been pushed and not been read. */
  unreadCharacters = 0
  #events: ModelEvent[] = []
  #head = 0
  #state: { name: 'open' } | { name: 'ended' } | { name: 'failed'; error: unknown } = { name: 'open' }
  #resolve: ((result: IteratorResult<ModelEvent>) => void) | undefined
  #reject: ((error: unknown) => void) | undefined
  readonly #onRead: () => void
  readonly #onReturn: () => void

  /**
   * @param hooks.onRead called after events were taken out.
   * @param hooks.onReturn called when the reader wants no more.
   */
  constructor(hooks: { onRead: () => void; onReturn: () => void }) {
    this.#onRead = hooks.onRead
    this.#onReturn = hooks.onReturn
  }

  /** Adds text; the reader is not woken before `flush`. */
  pushText(type: 'text-delta' | 'reasoning-delta', text: string): void {
    this.unreadCharacters += text.length
    const last = this.#events.length > this.#head ? this.#events[this.#events.length - 1] : undefined
    if (last !== undefined && last.type === type) last.text += text
    else this.#events.push({ type, text })
  }

  /** Adds anything else; the reader is not woken before `flush`. */
  push(event: ModelEvent): void {
    this.unreadCharacters += event.type === 'tool-call-delta' ? event.argumentsJson.length : 0
    this.#events.push(event)
  }

  /** Wakes the reader, if one waits and there is something. */
  flush(): void {
    const resolve = this.#resolve
    if (resolve === undefined || this.#head === this.#events.length) return
    this.#resolve = undefined
    this.#reject = undefined
    resolve(this.#take())
  }

  /** Nothing more will come. */
  end(): void {
    if (this.#state.name !== 'open') return
    this.#state = { name: 'ended' }
    this.flush()
    this.#resolve?.(DONE)
    this.#resolve = undefined
  }

  /** What has come is still delivered, then the reader gets the error. */
  fail(error: unknown): void {
    if (this.#state.name !== 'open') return
    this.#state = { name: 'failed', error }
    this.flush()
    this.#reject?.(error)
    this.#reject = undefined
    this.#resolve = undefined
  }

  /** Like `fail`, and what has come is thrown away. */
  abandon(error: unknown): void {
    if (this.#state.name !== 'open') return
    this.#events = []
    this.#head = 0
    this.unreadCharacters = 0
    this.fail(error)
  }

  next(): Promise<IteratorResult<ModelEvent>> {
    if (this.#head < this.#events.length) return Promise.resolve(this.#take())
    if (this.#state.name === 'ended') return Promise.resolve(DONE)
    if (this.#state.name === 'failed') return Promise.reject(this.#state.error)
    return new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  return(): Promise<IteratorResult<ModelEvent>> {
    this.#events = []
    this.#head = 0
    this.#onReturn()
    this.end()
    return Promise.resolve(DONE)
  }

  #take(): IteratorResult<ModelEvent> {
    const event = this.#events[this.#head++]!
    if (this.#head === this.#events.length) {
      this.#events.length = 0
      this.#head = 0
      this.unreadCharacters = 0
    }
    this.#onRead()
    return { value: event, done: false }
  }
}
