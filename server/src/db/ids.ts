import { type Kysely, sql } from 'kysely'
import type { Tables } from './tables.ts'

/** What ids are for; each has its own row of numbers. */
export type IdName =
  | 'person'
  | 'class'
  | 'api_key'
  | 'session'
  | 'setting'
  | 'few_shot_link'
  | 'lane'
  | 'turn'
  | 'response'
  | 'gateway_call'
  | 'few_shot_example'
  | 'few_shot_share'
  | 'agent'
  | 'agent_share'
  | 'join_code'
  | 'project'
  | 'experiment'
  | 'skill'
  | 'skillset_share'
  | 'skill_answer'
  | 'weave_project'
  | 'feedback'

/** Where a row of numbers begins when it is not 1: class 1 comes with the first migration. */
const FIRST_ID: Partial<Record<IdName, number>> = { class: 2 }

const SMALLEST_BLOCK = 100
const LARGEST_BLOCK = 1000

/**
 * Hands out integer ids that are unique over all servers of a database.
 *
 * Ids are reserved in blocks, so taking one nearly always happens in memory; a restart leaves a gap. Take ids before
 * a transaction, not inside: reserving a block is a write of its own, which on SQLite waits for the transaction's end.
 */
export class IdAllocator {
  readonly #db: Kysely<Tables>
  readonly #sequences = new Map<IdName, Sequence>()

  constructor(db: Kysely<Tables>) {
    this.#db = db
  }

  /** Takes `count` consecutive ids and returns the first. */
  async take(name: IdName, count = 1): Promise<number> {
    if (!Number.isSafeInteger(count) || count < 1) throw new RangeError(`Cannot take ${count} ids.`)
    const sequence = this.#sequences.get(name) ?? newSequence()
    this.#sequences.set(name, sequence)
    while (sequence.next + count > sequence.end) {
      sequence.wanted += count
      sequence.refill ??= this.#refill(name, sequence, count)
      try {
        await sequence.refill
      } finally {
        sequence.wanted -= count
      }
    }
    const first = sequence.next
    sequence.next += count
    return first
  }

  /** Reserves the next block; everyone who comes meanwhile waits for the same one. */
  async #refill(name: IdName, sequence: Sequence, count: number): Promise<void> {
    try {
      // One turn of the event loop, so that all who ask at the same moment are counted in `wanted`.
      await new Promise((resolve) => setImmediate(resolve))
      const size = Math.max(sequence.blockSize, sequence.wanted, count)
      sequence.blockSize = Math.min(sequence.blockSize * 2, LARGEST_BLOCK)
      const end = await this.#reserve(name, size)
      // A block that continues the last one (no other server took any) leaves no gap.
      if (sequence.end !== end - size) sequence.next = end - size
      sequence.end = end
    } finally {
      sequence.refill = undefined
    }
  }

  /** @returns the id after the reserved block. */
  async #reserve(name: IdName, size: number): Promise<number> {
    const { next_id } = await this.#db
      .insertInto('id_blocks')
      .values({ name, next_id: (FIRST_ID[name] ?? 1) + size })
      .onConflict((conflict) =>
        conflict.column('name').doUpdateSet({ next_id: sql<number>`id_blocks.next_id + ${size}` }),
      )
      .returning('next_id')
      .executeTakeFirstOrThrow()
    return next_id
  }
}

type Sequence = {
  next: number
  /** The first id that is not ours. */
  end: number
  blockSize: number
  /** Ids that waiting callers need. */
  wanted: number
  refill: Promise<void> | undefined
}

function newSequence(): Sequence {
  return { next: 0, end: 0, blockSize: SMALLEST_BLOCK, wanted: 0, refill: undefined }
}
