import type { CompiledQuery, Kysely, Selectable } from 'kysely'
import { compileOnce } from '../../db/compile-once.ts'
import type { Database } from '../../db/open.ts'
import type { Tables } from '../../db/tables.ts'
import type { Lane } from './session.ts'

/** The lanes of sessions. Exactly one of a session is primary: the database refuses a second. */
export class LaneStore {
  readonly #database: Database
  readonly #db: Kysely<Tables>

  constructor(database: Database) {
    this.#database = database
    this.#db = database.db
  }

  /** What stores a new lane. */
  newLane(sessionId: number, lane: Lane, createdAt: string): CompiledQuery {
    return this.#insert({
      sessionId,
      revision: lane.ownRevision ?? null,
      createdAt,
      ...lane,
      isPrimary: lane.isPrimary ? 1 : 0,
      isActive: lane.isActive ? 1 : 0,
      generationParams: JSON.stringify(lane.generationParams),
    })
  }

  /** In the order in which they were added. */
  async list(sessionId: number): Promise<Lane[]> {
    const { rows } = await this.#db.executeQuery(this.#select({ sessionId }))
    return rows.map(toLane)
  }

  /** The session of a person's own lane. */
  async findSession(personId: number, laneId: number): Promise<number | undefined> {
    const row = await this.#db
      .selectFrom('practice_lanes')
      .innerJoin('practice_sessions', 'practice_sessions.session_id', 'practice_lanes.session_id')
      .select('practice_lanes.session_id')
      .where('lane_id', '=', laneId)
      .where('person_id', '=', personId)
      .executeTakeFirst()
    return row?.session_id
  }

  async add(sessionId: number, lane: Lane, createdAt: string): Promise<void> {
    await this.#database.batch([
      ...(lane.isPrimary ? [this.#noPrimary(sessionId)] : []),
      this.newLane(sessionId, lane, createdAt),
    ])
  }

  /** Stores a lane as it is now; making it primary takes that from the one that was. */
  async update(sessionId: number, lane: Lane): Promise<void> {
    await this.#database.batch([
      ...(lane.isPrimary ? [this.#noPrimary(sessionId)] : []),
      this.#db
        .updateTable('practice_lanes')
        .set({
          is_primary: lane.isPrimary ? 1 : 0,
          is_active: lane.isActive ? 1 : 0,
          generation_params: JSON.stringify(lane.generationParams),
        })
        .where('session_id', '=', sessionId)
        .where('lane_id', '=', lane.laneId)
        .compile(),
    ])
  }

  /** Leaves only one lane switched on. */
  async activateOnly(sessionId: number, laneId: number): Promise<void> {
    const lanes = (isActive: number) =>
      this.#db.updateTable('practice_lanes').set({ is_active: isActive }).where('session_id', '=', sessionId)
    await this.#database.batch([
      lanes(0).where('lane_id', '<>', laneId).compile(),
      lanes(1).where('lane_id', '=', laneId).compile(),
    ])
  }

  /** Removes a lane with its responses; another becomes primary when it was. */
  async remove(sessionId: number, laneId: number, nextPrimary: number | undefined): Promise<void> {
    const queries = (['practice_choices', 'practice_responses', 'practice_lanes'] as const).map((table) =>
      this.#db.deleteFrom(table).where('session_id', '=', sessionId).where('lane_id', '=', laneId).compile(),
    )
    if (nextPrimary !== undefined)
      queries.push(
        this.#db
          .updateTable('practice_lanes')
          .set({ is_primary: 1 })
          .where('session_id', '=', sessionId)
          .where('lane_id', '=', nextPrimary)
          .compile() as never,
      )
    await this.#database.batch(queries)
  }

  /** Removes one answer, and that lanes go on from it. */
  async removeResponse(sessionId: number, responseId: number): Promise<void> {
    const here = (table: 'practice_responses' | 'practice_choices') =>
      this.#db.deleteFrom(table).where('session_id', '=', sessionId).where('response_id', '=', responseId).compile()
    await this.#database.batch([here('practice_choices'), here('practice_responses')])
  }

  /** Makes a lane go on from another answer to a turn than its own latest. */
  async choose(sessionId: number, turnId: number, laneId: number, responseId: number): Promise<void> {
    await this.#db
      .insertInto('practice_choices')
      .values({ session_id: sessionId, turn_id: turnId, lane_id: laneId, response_id: responseId })
      .onConflict((conflict) =>
        conflict.columns(['session_id', 'turn_id', 'lane_id']).doUpdateSet({ response_id: responseId }),
      )
      .execute()
  }

  #noPrimary(sessionId: number): CompiledQuery {
    return this.#db.updateTable('practice_lanes').set({ is_primary: 0 }).where('session_id', '=', sessionId).compile()
  }

  readonly #insert = compileOnce(
    (
      v: Pick<Lane, 'laneId' | 'modelName'> & {
        sessionId: number
        isPrimary: number
        isActive: number
        generationParams: string
        revision: number | null
        createdAt: string
      },
    ) =>
      this.#db.insertInto('practice_lanes').values({
        session_id: v.sessionId,
        lane_id: v.laneId,
        model_name: v.modelName,
        is_primary: v.isPrimary,
        is_active: v.isActive,
        generation_params: v.generationParams,
        revision: v.revision,
        created_at: v.createdAt,
      }),
  )

  readonly #select = compileOnce((v: { sessionId: number }) =>
    this.#db
      .selectFrom('practice_lanes')
      .selectAll()
      .where('session_id', '=', v.sessionId)
      .orderBy('created_at')
      .orderBy('lane_id'),
  )
}

function toLane(row: Selectable<Tables['practice_lanes']>): Lane {
  return {
    laneId: row.lane_id,
    modelName: row.model_name,
    isPrimary: row.is_primary === 1,
    isActive: row.is_active === 1,
    generationParams: row.generation_params,
    ...(row.revision !== null && { ownRevision: row.revision }),
  }
}
