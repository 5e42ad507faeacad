import { performance } from 'node:perf_hooks'
import { SharedTick } from '../http/shared-tick.ts'
import type { LaneRun } from './lane-run.ts'
import type { TextTrack } from './text-track.ts'
import type { NumberedEvent, Response, RunEvent, TextEvent, Turn } from './turn.ts'

/** Text that comes within this time is told to readers as one event. */
const JOIN_MS = 8
const tick = new SharedTick(JOIN_MS)

/** A row of the event log that is not stored yet. */
export type PendingRow = { seq: number; type: RunEvent['type']; data: string }

/**
 * A turn while this server answers it: numbers its events and keeps the latest of them for live readers.
 *
 * Memory stays bounded whatever readers do: events leave once they are in the event log, and a reader who was too slow
 * for them reads them from there.
 */
export class LiveRun {
  readonly turn: Turn
  readonly lanes: LaneRun[]
  /** Responses of the turn from before this run, which asks some lanes once more. */
  readonly earlier: readonly Response[]
  /** Lanes that have ended but are not settled yet. */
  readonly ended: LaneRun[] = []
  /** Lanes whose model has not ended. */
  remaining: number
  /** Resolves when the log has taken what it was given last. */
  flushing: Promise<void> = Promise.resolve()
  /** Resolves when the lanes that have ended so far are stored. */
  settling: Promise<void> = Promise.resolve()
  #seq = 0
  #tail: NumberedEvent[] = []
  /** Events up to this number have left the tail. */
  #leftTail = 0
  /** Events up to this number were stored at the flush before the last one. */
  #storedBefore = 0
  /** Events from this number on are not stored yet and therefore not shown. */
  #heldFrom = Number.POSITIVE_INFINITY
  #rows: PendingRow[] = []
  #lastTextSeq = new Map<TextTrack, number>()
  readonly #waiting = new Set<() => void>()
  #announcedAt = Number.NEGATIVE_INFINITY
  #isAnnouncing = false

  /** @param before what the turn already has when it is answered once more: its responses and last event number. */
  constructor(turn: Turn, lanes: LaneRun[], before: { responses: readonly Response[]; seq: number } = NOTHING_BEFORE) {
    this.turn = turn
    this.lanes = lanes
    this.earlier = before.responses
    this.remaining = lanes.length
    this.#seq = before.seq
    this.#leftTail = before.seq
    this.#storedBefore = before.seq
  }

  /** Takes in another lane while the others go on; false when all have ended, because then the turn is over. */
  join(lane: LaneRun): boolean {
    if (this.isOver) return false
    this.lanes.push(lane)
    this.remaining++
    return true
  }

  /** Whether every model has ended, though perhaps not everything is stored yet. */
  get isOver(): boolean {
    return this.remaining === 0
  }

  /** All responses of the turn, in the order asked, with the text that has come so far. */
  responses(): Response[] {
    return [...this.earlier, ...this.lanes.map((lane) => lane.soFar())]
  }

  /** Numbers an event and shows it to readers; its row goes with the next flush. */
  emit(event: RunEvent): void {
    const numbered = this.#number(event)
    this.#rows.push(toRow(numbered))
    this.#wakeReaders()
  }

  /** Tells new text soon: at once after a pause, otherwise joined with what comes within the next moment. */
  announceSoon(onAnnounced: () => void): void {
    if (this.#isAnnouncing) return
    this.#isAnnouncing = true
    const announce = () => {
      this.#isAnnouncing = false
      if (this.announceText()) onAnnounced()
    }
    // Even "at once" waits for the end of this turn of the event loop: what came in one network read is one event.
    if (performance.now() - this.#announcedAt >= JOIN_MS) setImmediate(announce)
    else tick.soon(announce)
  }

  /** Tells the text of every lane, or only the last text of one that has ended. */
  announceText(ended?: LaneRun): boolean {
    this.#announcedAt = performance.now()
    const before = this.#seq
    for (const lane of ended ? [ended] : this.lanes) {
      this.#announceTrack(lane, lane.reasoning, 'reasoning-delta', lane === ended)
      this.#announceTrack(lane, lane.text, 'text-delta', lane === ended)
    }
    if (this.#seq === before) return false
    this.#wakeReaders()
    return true
  }

  /** Numbers events that readers may see only once they are stored: see {@link show}. */
  hold(events: readonly RunEvent[]): PendingRow[] {
    this.#heldFrom = this.#seq + 1
    return events.map((event) => toRow(this.#number(event)))
  }

  /** Shows what was held. */
  show(): void {
    this.#heldFrom = Number.POSITIVE_INFINITY
    this.#wakeReaders()
  }

  /** The rows that the event log does not have yet; text of one lane becomes one row. */
  takeRows(): PendingRow[] {
    for (const lane of this.lanes) {
      this.#storeTrack(lane, lane.reasoning, 'reasoning-delta')
      this.#storeTrack(lane, lane.text, 'text-delta')
    }
    const rows = this.#rows
    this.#rows = []
    return rows
  }

  /** Gives rows back that could not be stored. */
  returnRows(rows: PendingRow[]): void {
    this.#rows = [...rows, ...this.#rows]
  }

  /** Lets go of the events that were stored one flush earlier, so that readers who keep up never need the log. */
  forgetStored(upTo: number): void {
    const keepFrom = this.#tail.findIndex(({ seq }) => seq > this.#storedBefore)
    this.#tail.splice(0, keepFrom === -1 ? this.#tail.length : keepFrom)
    this.#leftTail = Math.max(this.#leftTail, this.#storedBefore)
    this.#storedBefore = upTo
  }

  get lastSeq(): number {
    return this.#seq
  }

  /** Events after a number, or undefined when the earliest of them are only in the log. */
  since(seq: number): NumberedEvent[] | undefined {
    if (seq < this.#leftTail) return undefined
    return this.#tail.filter((event) => event.seq > seq && event.seq < this.#heldFrom)
  }

  /** Calls back once, when there are new events; returns how to stop waiting. */
  onNews(callback: () => void): () => void {
    this.#waiting.add(callback)
    return () => this.#waiting.delete(callback)
  }

  #announceTrack(lane: LaneRun, track: TextTrack, type: TextEvent['type'], isLast: boolean): void {
    const piece = track.announce(isLast)
    if (!piece) return
    const { seq } = this.#number({ type, responseId: lane.response.responseId, ...piece })
    this.#lastTextSeq.set(track, seq)
  }

  #storeTrack(lane: LaneRun, track: TextTrack, type: TextEvent['type']): void {
    const piece = track.takeUnstored()
    if (!piece) return
    // The number of the last event it stands for: a reader who has seen only some of them is given it again.
    const seq = this.#lastTextSeq.get(track) ?? this.#seq
    this.#rows.push(toRow({ seq, event: { type, responseId: lane.response.responseId, ...piece } }))
  }

  #number(event: RunEvent): NumberedEvent {
    const numbered = { seq: ++this.#seq, event }
    this.#tail.push(numbered)
    return numbered
  }

  #wakeReaders(): void {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const wake of waiting) wake()
  }
}

const NOTHING_BEFORE = { responses: [], seq: 0 }

/** What ends up in the log: text as it is; of turns and responses only what their own tables do not say. */
function toRow({ seq, event }: NumberedEvent): PendingRow {
  switch (event.type) {
    case 'text-delta':
    case 'reasoning-delta':
      return { seq, type: event.type, data: JSON.stringify([event.responseId, event.offset, event.text]) }
    case 'skill-plan':
      return { seq, type: event.type, data: JSON.stringify([event.responseId, event.step, event.skills]) }
    case 'skill-call':
    case 'skill-result':
      return { seq, type: event.type, data: JSON.stringify([event.responseId, event.call]) }
    case 'response-start':
    case 'response-end':
    case 'response-error':
      return { seq, type: event.type, data: String(event.response.responseId) }
    case 'turn-start':
    case 'turn-end':
      return { seq, type: event.type, data: 'null' }
  }
}
