import type { Notifier } from '../db/notifier.ts'

type StopRequest = { turnId: number; responseIds?: readonly number[] | undefined }

/** What servers tell each other about runs: that there are new events, and that one should be stopped. */
export class RunTopics {
  readonly #notifier: Notifier
  readonly #readers = new Map<number, Set<() => void>>()
  #news = new Set<number>()

  constructor(notifier: Notifier) {
    this.#notifier = notifier
    notifier.subscribe('run_news', (message) => this.#wakeReaders(message))
  }

  /** Tells readers on every server that turns have new events in the log; turns named in one moment go together. */
  announceNews(turnIds: readonly number[]): void {
    if (this.#news.size === 0) setTimeout(() => this.#publishNews(), 2)
    for (const turnId of turnIds) this.#news.add(turnId)
  }

  /** Calls back once when a turn has new events in the log; returns how to stop waiting. */
  onNews(turnId: number, callback: () => void): () => void {
    const readers = this.#readers.get(turnId) ?? new Set()
    this.#readers.set(turnId, readers.add(callback))
    return () => {
      readers.delete(callback)
      if (readers.size === 0 && this.#readers.get(turnId) === readers) this.#readers.delete(turnId)
    }
  }

  requestStop(serverId: string, request: StopRequest): Promise<void> {
    return this.#notifier.publish(`run_stop_${serverId}`, JSON.stringify(request))
  }

  onStopRequest(serverId: string, stop: (request: StopRequest) => void): void {
    this.#notifier.subscribe(`run_stop_${serverId}`, (message) => {
      if (message) stop(JSON.parse(message))
    })
  }

  #publishNews(): void {
    const turnIds = [...this.#news]
    this.#news = new Set()
    // A lost notification only means that a reader on another server looks a second later.
    this.#notifier.publish('run_news', turnIds.join(' ')).catch(() => {})
  }

  /** An empty message says that some may have been missed: everyone looks. */
  #wakeReaders(message: string): void {
    const turnIds = message ? message.split(' ').map(Number) : [...this.#readers.keys()]
    for (const turnId of turnIds) for (const wake of [...(this.#readers.get(turnId) ?? [])]) wake()
  }
}
