import { type CompiledQuery, type Kysely, type Selectable, type SelectQueryBuilder, sql } from 'kysely'
import { compileOnce } from '../../db/compile-once.ts'
import type { Database } from '../../db/open.ts'
import type { Tables } from '../../db/tables.ts'
import type { TurnKey } from '../../runs/run-store.ts'
import type { LaneStore } from './lane-store.ts'
import type { Lane, PracticeSession, SessionSummary, SessionTurn } from './session.ts'

/** Practice sessions and their lanes. Every query names the owner or a session that was found by its owner. */
export class PracticeStore {
  readonly #database: Database
  readonly #db: Kysely<Tables>
  readonly #lanes: LaneStore

  constructor(database: Database, lanes: LaneStore) {
    this.#lanes = lanes
    this.#database = database
    this.#db = database.db
  }

  /** What stores a new session with its lanes; to be committed together with its first turn. */
  newSession(session: PracticeSession, lanes: readonly Lane[]): CompiledQuery[] {
    return [
      this.#insertSession(session),
      this.#countOneMore({ personId: session.personId }),
      ...lanes.map((lane) => this.#lanes.newLane(session.sessionId, lane, session.createdAt)),
    ]
  }

  /** What notes another turn on its session; to be committed together with it. */
  anotherTurn(sessionId: number, turn: { preview: string; title: string; now: string }): CompiledQuery {
    return this.#updateActivity({ sessionId, ...turn })
  }

  /** Commits what stores a session, all or nothing. */
  create(queries: readonly CompiledQuery[]): Promise<void> {
    return this.#database.batch(queries)
  }

  /** A person's own session. */
  async find(personId: number, sessionId: number): Promise<PracticeSession | undefined> {
    const session = await this.findAny(sessionId)
    return session?.personId === personId ? session : undefined
  }

  /** Whoever's session it is: the caller decides who may see it. */
  async findAny(sessionId: number): Promise<PracticeSession | undefined> {
    const [row] = (await this.#db.executeQuery(this.#selectSession({ sessionId }))).rows
    return row && toSession(row)
  }

  async listTurns(sessionId: number): Promise<SessionTurn[]> {
    const rows = await this.#db
      .selectFrom('practice_turns')
      .select(['turn_id', 'parent_turn_id', 'prompt_text', 'few_shots', 'status', 'created_at'])
      .where('session_id', '=', sessionId)
      .orderBy('created_at')
      .orderBy('turn_id')
      .execute()
    return rows.map((row) => ({
      turnId: row.turn_id,
      parentTurnId: row.parent_turn_id,
      fewShots: row.few_shots,
      promptText: row.prompt_text,
      status: row.status,
      createdAt: row.created_at,
    }))
  }

  /** Whose session a turn is in. */
  async findTurn(turnId: number): Promise<(TurnKey & { personId: number; classId: number }) | undefined> {
    const row = await this.#db
      .selectFrom('practice_turns')
      .innerJoin('practice_sessions', 'practice_sessions.session_id', 'practice_turns.session_id')
      .select(['practice_turns.session_id', 'person_id', 'class_id'])
      .where('turn_id', '=', turnId)
      .executeTakeFirst()
    return row && { sessionId: row.session_id, turnId, personId: row.person_id, classId: row.class_id }
  }

  /** The session of a response, whoever's it is: the caller decides who may see it. */
  async findResponseSession(responseId: number): Promise<number | undefined> {
    const row = await this.#db
      .selectFrom('practice_responses')
      .select('session_id')
      .where('response_id', '=', responseId)
      .executeTakeFirst()
    return row?.session_id
  }

  /** The turn of a person's own response. */
  async findResponseTurn(personId: number, responseId: number): Promise<TurnKey | undefined> {
    const row = await this.#db
      .selectFrom('practice_responses')
      .innerJoin('practice_sessions', 'practice_sessions.session_id', 'practice_responses.session_id')
      .select(['practice_responses.session_id', 'turn_id'])
      .where('response_id', '=', responseId)
      .where('person_id', '=', personId)
      .executeTakeFirst()
    return row && { sessionId: row.session_id, turnId: row.turn_id }
  }

  /** A page of a person's sessions, newest first. */
  async list(personId: number, query: { search?: string | undefined; limit: number; offset: number }) {
    let matching = this.#db.selectFrom('practice_sessions').where('person_id', '=', personId)
    if (query.search !== undefined) {
      const pattern = `%${query.search.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`
      matching = matching.where((where) =>
        where.or([
          sql<boolean>`lower(title) like ${pattern} escape '\\'`,
          sql<boolean>`lower(preview) like ${pattern} escape '\\'`,
        ]),
      )
    }
    const total = query.search === undefined ? await this.#countOf(personId) : await count(matching)
    const rows = await matching
      .selectAll()
      .orderBy('created_at', 'desc')
      .orderBy('session_id', 'desc')
      .limit(query.limit)
      .offset(query.offset)
      .execute()
    return { total, sessions: await this.#withModelNames(rows.map(toSession)) }
  }

  /** Changes what a person may say of their session; false when it is not theirs. */
  async update(
    personId: number,
    sessionId: number,
    change: { title?: string; notes?: string | null; projectId?: number | null },
    now: string,
  ): Promise<boolean> {
    const result = await this.#db
      .updateTable('practice_sessions')
      .set({
        ...(change.title !== undefined && { title: change.title, title_source: 'person' }),
        ...(change.notes !== undefined && { notes: change.notes }),
        ...(change.projectId !== undefined && { project_id: change.projectId }),
        updated_at: now,
      })
      .where('person_id', '=', personId)
      .where('session_id', '=', sessionId)
      .executeTakeFirst()
    return result.numUpdatedRows === 1n
  }

  /** Takes a title that a model wrote, unless a person has chosen one. */
  async setWrittenTitle(sessionId: number, title: string, now: string): Promise<void> {
    await this.#db
      .updateTable('practice_sessions')
      .set({ title, title_source: 'model', updated_at: now })
      .where('session_id', '=', sessionId)
      .where('title_source', '=', 'prompt')
      .execute()
  }

  /** Removes a session with everything in it, all or nothing. */
  async delete(sessionId: number): Promise<void> {
    const tables = [
      'run_events',
      'practice_responses',
      'practice_turns',
      'practice_choices',
      'practice_skill_decisions',
      'practice_setting_revisions',
      'experiment_votes',
      'experiment_variants',
      'experiments',
      'practice_lanes',
      'practice_sessions',
    ] as const
    await this.#database.batch([
      this.#countOneLess(sessionId),
      ...tables.map((table) => this.#db.deleteFrom(table).where('session_id', '=', sessionId).compile()),
    ])
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

  readonly #insertSession = compileOnce((v: PracticeSession) =>
    this.#db.insertInto('practice_sessions').values({
      session_id: v.sessionId,
      person_id: v.personId,
      class_id: v.classId,
      project_id: v.projectId,
      title: v.title,
      title_source: v.titleSource,
      preview: v.preview,
      notes: v.notes,
      setting_id: v.settingId,
      revision: v.revision,
      turn_count: v.turnCount,
      created_at: v.createdAt,
      updated_at: v.updatedAt,
      last_turn_at: v.lastTurnAt,
    }),
  )

  /** Kept as a number beside the person, so that a list costs the same however long it is. */
  async #countOf(personId: number): Promise<number> {
    const { rows } = await this.#db.executeQuery(this.#selectCount({ personId }))
    return rows[0]?.session_count ?? 0
  }

  /** Changes nothing when the session is gone already. */
  #countOneLess(sessionId: number): CompiledQuery {
    return this.#db
      .updateTable('people')
      .set((set) => ({ session_count: set('session_count', '-', 1) }))
      .where('person_id', '=', (where) =>
        where.selectFrom('practice_sessions').select('person_id').where('session_id', '=', sessionId),
      )
      .compile()
  }

  readonly #countOneMore = compileOnce((v: { personId: number }) =>
    this.#db
      .updateTable('people')
      .set((set) => ({ session_count: set('session_count', '+', 1) }))
      .where('person_id', '=', v.personId),
  )

  readonly #selectCount = compileOnce((v: { personId: number }) =>
    this.#db.selectFrom('people').select('session_count').where('person_id', '=', v.personId),
  )

  readonly #updateActivity = compileOnce((v: { sessionId: number; preview: string; title: string; now: string }) =>
    this.#db
      .updateTable('practice_sessions')
      .set((set) => ({
        turn_count: set('turn_count', '+', 1),
        preview: v.preview,
        title: sql<string>`case when title = '' then ${v.title} else title end`,
        last_turn_at: v.now,
        updated_at: v.now,
      }))
      .where('session_id', '=', v.sessionId),
  )

  readonly #selectSession = compileOnce((v: { sessionId: number }) =>
    this.#db.selectFrom('practice_sessions').selectAll().where('session_id', '=', v.sessionId),
  )
}

async function count(matching: SelectQueryBuilder<Tables, 'practice_sessions', object>): Promise<number> {
  const { total } = await matching
    .select((select) => select.fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow()
  return Number(total)
}

function toSession(row: Selectable<Tables['practice_sessions']>): PracticeSession {
  return {
    sessionId: row.session_id,
    personId: row.person_id,
    classId: row.class_id,
    title: row.title,
    titleSource: row.title_source,
    preview: row.preview,
    notes: row.notes,
    projectId: row.project_id,
    settingId: row.setting_id,
    revision: row.revision,
    turnCount: row.turn_count,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    lastTurnAt: row.last_turn_at,
  }
}
