import type { Kysely } from 'kysely'
import { compileOnce } from '../../db/compile-once.ts'
import type { Tables } from '../../db/tables.ts'
import type { Trim, TurnSummary } from '../../runs/turn.ts'

/** How many answers of a lane are looked at: a path that was left and taken up again is seldom older. */
const ANSWERS_LOOKED_AT = 16

/** Finds the summaries that answers of a lane were given; they are stored with the answers. */
export class SummaryStore {
  readonly #db: Kysely<Tables>

  constructor(database: { db: Kysely<Tables> }) {
    this.#db = database.db
  }

  /** Latest first. */
  async list(sessionId: number, laneId: number): Promise<TurnSummary[]> {
    const { rows } = await this.#db.executeQuery(this.#select({ sessionId, laneId }))
    return rows.flatMap(({ trim }) => (trim as Trim | null)?.summary ?? [])
  }

  readonly #select = compileOnce((v: { sessionId: number; laneId: number }) =>
    this.#db
      .selectFrom('practice_responses')
      .select('trim')
      .where('session_id', '=', v.sessionId)
      .where('lane_id', '=', v.laneId)
      .where('trim', 'is not', null)
      .orderBy('response_id', 'desc')
      .limit(ANSWERS_LOOKED_AT),
  )
}
