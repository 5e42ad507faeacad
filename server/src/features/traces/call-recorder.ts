import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { CallEnd, CallStart } from './call.ts'
import type { CallStore } from './call-store.ts'

/** A call of Etude's own that has ended. */
export type CompletedCall = { projectId: number; wbUserId: string; callId: string; start: CallStart; end: CallEnd }

/** Calls that end closer together are written together. */
const JOIN_MS = 20
const CALLS_PER_WRITE = 1000
const TRIES = 3

/**
 * Records Etude's own work without anybody waiting for it.
 *
 * What was recorded is written within some milliseconds, tried again when the database does not take it, and waited for
 * when the server stops.
 */
export class TraceRecorder {
  readonly #store: Pick<CallStore, 'add'>
  readonly #log: Pick<Logger, 'error'>
  readonly #pauseMs: number
  #waiting: CompletedCall[] = []
  #storing: Promise<void> | undefined
  #flushNow: (() => void) | undefined

  /** @param deps.pauseMs between tries. */
  constructor(deps: { store: Pick<CallStore, 'add'>; log: Pick<Logger, 'error'>; pauseMs?: number }) {
    this.#store = deps.store
    this.#log = deps.log
    this.#pauseMs = deps.pauseMs ?? 1_000
  }

  record(calls: readonly CompletedCall[]): void {
    this.#waiting.push(...calls)
    this.#storing ??= this.#storeAll().finally(() => {
      this.#storing = undefined
    })
  }

  /** Waits until everything recorded so far is stored, or given up; what waits is written at once. */
  async settled(): Promise<void> {
    while (this.#storing) {
      this.#flushNow?.()
      await this.#storing
    }
  }

  async #storeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      await this.#join()
      for (let calls = this.#take(); calls.length > 0; calls = this.#take()) await this.#tryToStore(calls)
    }
  }

  #take(): CompletedCall[] {
    return this.#waiting.splice(0, CALLS_PER_WRITE)
  }

  #join(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, JOIN_MS)
      this.#flushNow = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  async #tryToStore(calls: readonly CompletedCall[]): Promise<void> {
    for (let tryNumber = 1; tryNumber <= TRIES; tryNumber++) {
      try {
        return await this.#add(calls)
      } catch (error) {
        if (tryNumber === TRIES) this.#log.error({ err: error, calls: calls.length }, 'calls could not be recorded')
        else await sleep(this.#pauseMs * tryNumber)
      }
    }
    // One that cannot be stored must not take the others with it.
    if (calls.length > 1)
      for (const call of calls)
        await this.#add([call]).catch((error) =>
          this.#log.error({ err: error, call: call.callId }, 'a call could not be recorded'),
        )
  }

  #add(calls: readonly CompletedCall[]): Promise<void> {
    return this.#store.add(calls.map((call) => ({ changes: 'all' as const, ...call })))
  }
}
