import type { ReadOptions, TurnEvent } from '@etude/sdk/turn-events'
import { applyEvent, stateOfTurn, type TurnState } from '@etude/sdk/turn-state'
import type { TurnResult } from '@etude/sdk/wire'

export type LiveView = {
  /** Undefined until the first event. */
  turn: TurnResult | undefined
  isReconnecting: boolean
  /** Why the turn can no longer be read. */
  failure: unknown
}

/** Hidden pages get no animation frames. */
const HIDDEN_FRAME_MS = 250

/**
 * A turn that is being read. However fast events come, they are applied together and no faster than they can be drawn;
 * lanes to which nothing has happened keep their identity, so that only what has changed is drawn.
 */
export class LiveTurn {
  /** The turn with its lanes, as soon as the server has said what it is. */
  readonly started: Promise<TurnResult>
  #state: TurnState | undefined
  #view: LiveView
  #arrived: TurnEvent[] = []
  #isWaiting = false
  #pauseMs = 0
  readonly #listeners = new Set<() => void>()
  readonly #leaving = new AbortController()

  /**
   * @param read opens the events of the turn.
   * @param known the turn as it was when the page was loaded.
   * @param onEnd is told once, when the turn has ended.
   */
  constructor(
    read: (options: ReadOptions) => AsyncIterable<TurnEvent>,
    { known, onEnd }: { known?: TurnResult; onEnd: (turn: TurnResult) => void },
  ) {
    this.#state = known && stateOfTurn(known)
    this.#view = { turn: known, isReconnecting: false, failure: undefined }
    const { promise, resolve, reject } = Promise.withResolvers<TurnResult>()
    this.started = promise
    // Whoever starts a turn waits for it; whoever follows one need not.
    promise.catch(() => {})
    void this.#read(read, { resolve, reject, onEnd })
  }

  get view(): LiveView {
    return this.#view
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Stops reading; the turn goes on at the server. */
  leave(): void {
    this.#leaving.abort()
  }

  async #read(
    read: (options: ReadOptions) => AsyncIterable<TurnEvent>,
    {
      resolve,
      reject,
      onEnd,
    }: { resolve: (turn: TurnResult) => void; reject: (error: unknown) => void; onEnd: (turn: TurnResult) => void },
  ): Promise<void> {
    const { signal } = this.#leaving
    const onConnection: ReadOptions['onConnection'] = (state) =>
      this.#show({ isReconnecting: state === 'reconnecting' })
    try {
      for await (const event of read({ signal, onConnection, retries: Number.POSITIVE_INFINITY })) {
        this.#arrived.push(event)
        if (event.type === 'turn-start' || event.type === 'turn-end') this.#apply()
        else this.#applySoon()
        if (this.#state) resolve(this.#state.turn)
        if (event.type === 'turn-end') onEnd(event.result)
      }
    } catch (failure) {
      reject(failure)
      if (!signal.aborted) this.#show({ failure, isReconnecting: false })
    }
  }

  /** Leaves the page at least as much time for its user as the last drawing took. */
  #applySoon(): void {
    if (this.#isWaiting) return
    this.#isWaiting = true
    const draw = () => {
      this.#isWaiting = false
      const began = performance.now()
      this.#apply()
      // React has drawn when the next task begins.
      setTimeout(() => {
        this.#pauseMs = performance.now() - began
      })
    }
    if (document.hidden) setTimeout(draw, HIDDEN_FRAME_MS)
    else setTimeout(() => requestAnimationFrame(draw), this.#pauseMs)
  }

  #apply(): void {
    const arrived = this.#arrived
    this.#arrived = []
    this.#state = arrived.reduce(applyEvent, this.#state)
    this.#show({ turn: this.#state?.turn })
  }

  #show(changes: Partial<LiveView>): void {
    this.#view = { ...this.#view, ...changes }
    for (const listener of this.#listeners) listener()
  }
}
