import type { FastifyBaseLogger } from 'fastify'
import type { LiveRun, PendingRow } from './live-run.ts'
import type { RunStore } from './run-store.ts'

/** Text is in the event log at most this long after it was told; a crash loses no more of it. */
const FLUSH_MS = 80

/**
 * Writes the new events of all live runs to the event log together, a few times a second.
 *
 * A flush that fails is tried again with the next one: live readers go on meanwhile.
 */
export class EventFlusher {
  readonly #store: RunStore
  readonly #log: FastifyBaseLogger
  readonly #onStored: (runs: LiveRun[]) => void
  readonly #dirty = new Set<LiveRun>()
  #timer: NodeJS.Timeout | undefined

  constructor(deps: { store: RunStore; log: FastifyBaseLogger; onStored: (runs: LiveRun[]) => void }) {
    this.#store = deps.store
    this.#log = deps.log
    this.#onStored = deps.onStored
  }

  flushSoon(run: LiveRun): void {
    this.#dirty.add(run)
    this.#timer ??= setTimeout(() => this.#flush(), FLUSH_MS)
  }

  /** The rows of one run that are not stored yet, once the flush under way is over; the caller stores them. */
  async take(run: LiveRun): Promise<PendingRow[]> {
    await run.flushing
    this.#dirty.delete(run)
    return run.takeRows()
  }

  #flush(): void {
    this.#timer = undefined
    const flushes = [...this.#dirty].map((run) => ({ run, turn: run.turn, rows: run.takeRows(), upTo: run.lastSeq }))
    this.#dirty.clear()
    const stored = this.#store.appendEvents(flushes).then(
      () => {
        for (const { run, upTo } of flushes) run.forgetStored(upTo)
        this.#onStored(flushes.map(({ run }) => run))
      },
      (error: unknown) => {
        this.#log.error({ err: error }, 'events could not be stored; trying again')
        for (const { run, rows } of flushes) {
          run.returnRows(rows)
          this.flushSoon(run)
        }
      },
    )
    for (const { run } of flushes) run.flushing = stored
  }
}
