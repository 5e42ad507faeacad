import { type CompiledQuery, type Kysely, type Selectable, sql } from 'kysely'
import { compileOnce } from '../../db/compile-once.ts'
import type { Database } from '../../db/open.ts'
import type { Tables } from '../../db/tables.ts'
import type { TurnKey } from '../../runs/run-store.ts'
import type { Lane, PracticeSession, SessionSummary, SessionTurn } from './session.ts'

/** What a lane has said so far, oldest first. */
export type Exchange = { laneId: number; promptText: string; responseText: string }

/** Practice sessions and their lanes. Every query names the owner or a session that was found by its owner. */
export class PracticeStore {
  readonly #database: Database
  readonly #db: Kysely<Tables>

  constructor(database: Database) {
    this.#database = database
    this.#db = database.db
  }

  /** What stores a new session; to be committed together with its first turn. */
  newSession(session: PracticeSession, lanes: readonly Lane[]): CompiledQuery[] {
    return [
      this.#insertSession({ ...session, generationParams: JSON.stringify(session.generationParams) }),
      ...lanes.map((lane) =>
        this.#insertLane({
          ...lane,
          sessionId: session.sessionId,
          isPrimary: lane.isPrimary ? 1 : 0,
          generationParams: JSON.stringify(lane.generationParams),
          createdAt: session.createdAt,
        }),
      ),
    ]
  }

  /** What notes another turn on its session; to be committed together with it. */
  anotherTurn(sessionId: number, preview: string, now: string): CompiledQuery {
    return this.#updateActivity({ sessionId, preview, now })
  }

  async find(personId: number, sessionId: number): Promise<PracticeSession | undefined> {
    const [row] = (await this.#db.executeQuery(this.#selectSession({ personId, sessionId }))).rows
    return row && toSession(row)
  }

  async listLanes(sessionId: number): Promise<Lane[]> {
    const { rows } = await this.#db.executeQuery(this.#selectLanes({ sessionId }))
    return rows.map((row) => ({
      laneId: row.lane_id,
      modelName: row.model_name,
      isPrimary: row.is_primary === 1,
      generationParams: row.generation_params,
    }))
  }

  /** The answered turns of every lane, oldest first; what failed without a word is left out. */
  async listExchanges(sessionId: number): Promise<Exchange[]> {
    const { rows } = await this.#db.executeQuery(this.#selectExchanges({ sessionId }))
    return rows.map((row) => ({ laneId: row.lane_id, promptText: row.prompt_text, responseText: row.response_text }))
  }

  async listTurns(sessionId: number): Promise<SessionTurn[]> {
    const rows = await this.#db
      .selectFrom('practice_turns')
      .select(['turn_id', 'prompt_text', 'status', 'created_at'])
      .where('session_id', '=', sessionId)
      .orderBy('created_at')
      .orderBy('turn_id')
      .execute()
    return rows.map((row) => ({
      turnId: row.turn_id,
      promptText: row.prompt_text,
      status: row.status,
      createdAt: row.created_at,
    }))
  }

  async findTurn(personId: number, turnId: number): Promise<TurnKey | undefined> {
    const row = await this.#db
      .selectFrom('practice_turns')
      .innerJoin('practice_sessions', 'practice_sessions.session_id', 'practice_turns.session_id')
      .select('practice_turns.session_id')
      .where('turn_id', '=', turnId)
      .where('person_id', '=', personId)
      .executeTakeFirst()
    return row && { sessionId: row.session_id, turnId }
  }

  /** A page of a person's sessions, newest first. */
  async list(personId: number, query: { search?: string | undefined; limit: number; offset: number }) {
    let matching = this.#db.selectFrom('practice_sessions').where('person_id', '=', personId)
    if (query.search) {
      const pattern = `%${query.search.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`
      matching = matching.where((where) =>
        where.or([
          sql<boolean>`lower(title) like ${pattern} escape '\\'`,
          sql<boolean>`lower(preview) like ${pattern} escape '\\'`,
        ]),
      )
    }
    const { total } = await matching
      .select((select) => select.fn.countAll<number>().as('total'))
      .executeTakeFirstOrThrow()
    const rows = await matching
      .selectAll()
      .orderBy('created_at', 'desc')
      .orderBy('session_id', 'desc')
      .limit(query.limit)
      .offset(query.offset)
      .execute()
    return { total: Number(total), sessions: await this.#withModelNames(rows.map(toSession)) }
  }

  async rename(personId: number, sessionId: number, title: string, now: string): Promise<boolean> {
    const result = await this.#db
      .updateTable('practice_sessions')
      .set({ title, title_source: 'person', updated_at: now })
      .where('person_id', '=', personId)
      .where('session_id', '=', sessionId)
      .executeTakeFirst()
    return result.numUpdatedRows === 1n
  }

  /** Removes a session with everything in it, all or nothing. */
  async delete(sessionId: number): Promise<void> {
    const tables = [
      'run_events',
      'practice_responses',
      'practice_turns',
      'practice_lanes',
      'practice_sessions',
    ] as const
    await this.#database.batch(
      tables.map((table) => this.#db.deleteFrom(table).where('session_id', '=', sessionId).compile()),
    )
  }

  async #withModelNames(sessions: PracticeSession[]): Promise<SessionSummary[]> {
    if (sessions.length === 0) return []
    const lanes = await this.#db
      .selectFrom('practice_lanes')
      .select(['session_id', 'model_name'])
      .where(
        'session_id',
        'in',
        sessions.map((session) => session.sessionId),
      )
      .orderBy('lane_id')
      .execute()
    return sessions.map((session) => ({
      ...session,
      modelNames: lanes.filter((lane) => lane.session_id === session.sessionId).map((lane) => lane.model_name),
    }))
  }

  readonly #insertSession = compileOnce((v: Omit<PracticeSession, 'generationParams'> & { generationParams: string }) =>
    this.#db.insertInto('practice_sessions').values({
      session_id: v.sessionId,
      person_id: v.personId,
      class_id: v.classId,
      title: v.title,
      title_source: 'prompt',
      preview: v.preview,
      generation_params: v.generationParams,
      turn_count: v.turnCount,
      created_at: v.createdAt,
      updated_at: v.updatedAt,
      last_turn_at: v.lastTurnAt,
    }),
  )

  readonly #insertLane = compileOnce(
    (v: {
      sessionId: number
      laneId: number
      modelName: string
      isPrimary: number
      generationParams: string
      createdAt: string
    }) =>
      this.#db.insertInto('practice_lanes').values({
        session_id: v.sessionId,
        lane_id: v.laneId,
        model_name: v.modelName,
        is_primary: v.isPrimary,
        generation_params: v.generationParams,
        created_at: v.createdAt,
      }),
  )

  readonly #updateActivity = compileOnce((v: { sessionId: number; preview: string; now: string }) =>
    this.#db
      .updateTable('practice_sessions')
      .set((set) => ({
        turn_count: set('turn_count', '+', 1),
        preview: v.preview,
        last_turn_at: v.now,
        updated_at: v.now,
      }))
      .where('session_id', '=', v.sessionId),
  )

  readonly #selectSession = compileOnce((v: { personId: number; sessionId: number }) =>
    this.#db
      .selectFrom('practice_sessions')
      .selectAll()
      .where('person_id', '=', v.personId)
      .where('session_id', '=', v.sessionId),
  )

  readonly #selectLanes = compileOnce((v: { sessionId: number }) =>
    this.#db.selectFrom('practice_lanes').selectAll().where('session_id', '=', v.sessionId).orderBy('lane_id'),
  )

  readonly #selectExchanges = compileOnce((v: { sessionId: number }) =>
    this.#db
      .selectFrom('practice_responses')
      .innerJoin('practice_turns', (join) =>
        join
          .onRef('practice_turns.session_id', '=', 'practice_responses.session_id')
          .onRef('practice_turns.turn_id', '=', 'practice_responses.turn_id'),
      )
      .select(['lane_id', 'prompt_text', 'response_text'])
      .where('practice_responses.session_id', '=', v.sessionId)
      .where('response_text', '<>', sql.lit(''))
      .where('practice_responses.status', '<>', sql.lit('running'))
      .orderBy('practice_turns.created_at')
      .orderBy('response_id'),
  )
}

function toSession(row: Selectable<Tables['practice_sessions']>): PracticeSession {
  return {
    sessionId: row.session_id,
    personId: row.person_id,
    classId: row.class_id,
    title: row.title,
    preview: row.preview,
    generationParams: row.generation_params,
    turnCount: row.turn_count,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    lastTurnAt: row.last_turn_at,
  }
}
