import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { GatewayStore, RecordedCall } from './store.ts'

/** Through which kind of API a model was asked. */
export type Dialect = 'openai' | 'clova'

const TRIES = 3

/** Stores how calls ended, without anybody waiting for it; those that end while it stores go together next. */
export class CallRecorder {
  readonly #store: GatewayStore
  readonly #log: Pick<Logger, 'error'>
  readonly #pauseMs: number
  #waiting: (() => Promise<RecordedCall>)[] = []
  #storing: Promise<void> | undefined

  /** @param deps.pauseMs between tries when the database does not take them. */
  constructor(deps: { store: GatewayStore; log: Pick<Logger, 'error'>; pauseMs?: number }) {
    this.#store = deps.store
    this.#log = deps.log
    this.#pauseMs = deps.pauseMs ?? 1_000
  }

  /** @param describe what happened; counting tokens may take a moment. */
  record(describe: () => Promise<RecordedCall>): void {
    this.#waiting.push(describe)
    this.#storing ??= this.#storeAll().finally(() => {
      this.#storing = undefined
    })
  }

  /** Waits until everything recorded so far is stored, or given up. */
  async settled(): Promise<void> {
    while (this.#storing) await this.#storing
  }

  async #storeAll(): Promise<void> {
    // One turn of the event loop: the reply goes first.
    await new Promise((resolve) => setImmediate(resolve))
    while (this.#waiting.length > 0) {
      const ended = this.#waiting
      this.#waiting = []
      await this.#tryToStore(ended)
    }
  }

  async #tryToStore(ended: readonly (() => Promise<RecordedCall>)[]): Promise<void> {
    for (let tryNumber = 1; ; tryNumber++) {
      try {
        return await this.#store.add(await Promise.all(ended.map((describe) => describe())))
      } catch (error) {
        if (tryNumber === TRIES) {
          this.#log.error({ err: error, calls: ended.length }, 'calls could not be recorded')
          return
        }
        await sleep(this.#pauseMs * tryNumber)
      }
    }
  }
}
