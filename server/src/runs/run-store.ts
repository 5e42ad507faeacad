import type { CompiledQuery, Kysely } from 'kysely'
import { compileOnce } from '../db/compile-once.ts'
import type { Database } from '../db/open.ts'
import { isUniqueViolation } from '../db/sql-dialect.ts'
import type { Tables } from '../db/tables.ts'
import { AppError } from '../errors.ts'
import type { PendingRow } from './live-run.ts'
import { endOf, fromRow, isWholeInRow, textRow, toResponse } from './stored-rows.ts'
import type { LaneSkillCall, NumberedEvent, Response, RunEvent, Turn, TurnStatus } from './turn.ts'

export type TurnKey = { sessionId: number; turnId: number }
/** Rows of the event log, and the turn whose they are. */
type TurnRows = { turn: TurnKey; rows: readonly PendingRow[] }

/** Lanes of a turn that have ended, and whether the turn is over with them. */
export type Ending = { turn: Turn; isTurnOver: boolean; responses: readonly Response[]; endedAt: string }

/** Rows of one insert: more would only make the statement longer, not faster; fewer sizes are fewer statements. */
const INSERT_SIZES = [64, 16, 4, 1]
const EVENT_COLUMNS = 5

/** Turns, responses and the event log. */
export class RunStore {
  readonly #database: Database
  readonly #db: Kysely<Tables>
  readonly #trace: (ending: Ending) => Promise<CompiledQuery[]>
  readonly #inserts = new Map<number, CompiledQuery>()

  /** @param trace what stores an ending in the trace, too; it is committed together with it. */
  constructor(database: Database, trace: (ending: Ending) => Promise<CompiledQuery[]>) {
    this.#trace = trace
    this.#database = database
    this.#db = database.db
  }

  /**
   * Stores a new turn together with what it belongs to, all or nothing.
   *
   * @throws {AppError} `turn_running`: a session answers one turn at a time, and the database sees to it.
   */
  createTurn(turn: Turn, responses: readonly Response[], serverId: string, alsoStore: readonly CompiledQuery[]) {
    return this.#commitUnlessRunning([
      ...alsoStore,
      this.#insertTurn({ serverId, ...turn, fewShots: JSON.stringify(turn.fewShots) }),
      ...this.#newResponses(turn, responses),
    ])
  }

  /** Stores that an ended turn is being answered once more; throws like {@link createTurn}. */
  reopenTurn({ sessionId, turnId }: TurnKey, responses: readonly Response[], serverId: string) {
    return this.#commitUnlessRunning([
      this.#db
        .updateTable('practice_turns')
        .set({ status: 'running', server_id: serverId, ended_at: null })
        .where('session_id', '=', sessionId)
        .where('turn_id', '=', turnId)
        .compile(),
      ...this.#newResponses({ sessionId, turnId }, responses),
    ])
  }

  /** Stores more responses of a turn that is being answered. */
  addResponses(key: TurnKey, responses: readonly Response[]): Promise<void> {
    return this.#commitUnlessRunning(this.#newResponses(key, responses))
  }

  /** What stores a turn that ended elsewhere, with events that tell it from its beginning. */
  finishedTurn(turn: Turn, responses: readonly Response[]): CompiledQuery[] {
    const { sessionId, createdAt } = turn
    const events: [RunEvent['type'], string][] = [
      ['turn-start', 'null'],
      ...responses.flatMap((response): [RunEvent['type'], string][] => [
        ['response-start', String(response.responseId)],
        ...(response.text ? [textRow('text-delta', response.responseId, response.text)] : []),
        [response.error ? 'response-error' : 'response-end', String(response.responseId)],
      ]),
      ['turn-end', 'null'],
    ]
    return [
      this.#insertTurn({ ...turn, serverId: null, fewShots: JSON.stringify(turn.fewShots) }),
      ...this.#newResponses(
        turn,
        responses.map((response) => ({ ...response, status: 'running' })),
      ),
      ...responses.map((response) => this.#updateResponse({ sessionId, endedAt: createdAt, ...endOf(response) })),
      ...this.#insertEvents([{ turn, rows: events.map(([type, data], index) => ({ seq: index + 1, type, data })) }]),
    ]
  }

  async lastSeq({ sessionId, turnId }: TurnKey): Promise<number> {
    const row = await this.#db
      .selectFrom('run_events')
      .select((select) => select.fn.max('seq').as('seq'))
      .where('session_id', '=', sessionId)
      .where('turn_id', '=', turnId)
      .executeTakeFirst()
    return row?.seq ?? 0
  }

  appendEvents(events: readonly TurnRows[]): Promise<void> {
    return this.#database.batch(this.#insertEvents(events))
  }

  /** Stores how lanes ended, with the events that say so and, after the last one, how the turn ended. */
  async end(ending: Ending & { rows: readonly PendingRow[] }): Promise<void> {
    const { sessionId, turnId, status } = ending.turn
    const { endedAt } = ending
    const queries = this.#insertEvents([ending])
    for (const response of ending.responses)
      queries.push(this.#updateResponse({ sessionId, endedAt, ...endOf(response) }))
    if (ending.isTurnOver) queries.push(this.#updateTurn({ sessionId, turnId, status, endedAt }))
    queries.push(...(await this.#trace(ending)))
    await this.#database.batch(queries)
  }

  async findTurn(turnId: number): Promise<(TurnKey & { status: TurnStatus; serverId: string | null }) | undefined> {
    const row = await this.#db
      .selectFrom('practice_turns')
      .select(['session_id', 'turn_id', 'status', 'server_id'])
      .where('turn_id', '=', turnId)
      .executeTakeFirst()
    return row && { sessionId: row.session_id, turnId: row.turn_id, status: row.status, serverId: row.server_id }
  }

  /** A turn and its responses in the order asked. */
  async loadTurn({ sessionId, turnId }: TurnKey): Promise<{ turn: Turn; responses: Response[] } | undefined> {
    const row = await this.#db
      .selectFrom('practice_turns')
      .innerJoin('practice_sessions', 'practice_sessions.session_id', 'practice_turns.session_id')
      .select(['turn_id', 'parent_turn_id', 'prompt_text', 'few_shots', 'status', 'practice_turns.created_at', 'title'])
      .where('practice_turns.session_id', '=', sessionId)
      .where('turn_id', '=', turnId)
      .executeTakeFirst()
    if (!row) return undefined
    const responses = await this.#db
      .selectFrom('practice_responses')
      .selectAll()
      .where('session_id', '=', sessionId)
      .where('turn_id', '=', turnId)
      .orderBy('response_id')
      .execute()
    const turn: Turn = {
      sessionId,
      turnId,
      parentTurnId: row.parent_turn_id,
      sessionTitle: row.title,
      promptText: row.prompt_text,
      fewShots: row.few_shots,
      status: row.status,
      createdAt: row.created_at,
    }
    return { turn, responses: responses.map(toResponse) }
  }

  /** All responses of a session, oldest first. */
  async listResponses(sessionId: number): Promise<Response[]> {
    const rows = await this.#db
      .selectFrom('practice_responses')
      .selectAll()
      .where('session_id', '=', sessionId)
      .orderBy('created_at')
      .orderBy('response_id')
      .execute()
    return rows.map(toResponse)
  }

  async readRows({ sessionId, turnId }: TurnKey, afterSeq: number, limit: number): Promise<PendingRow[]> {
    const rows = await this.#db
      .selectFrom('run_events')
      .select(['seq', 'type', 'data'])
      .where('session_id', '=', sessionId)
      .where('turn_id', '=', turnId)
      .where('seq', '>', afterSeq)
      .orderBy('seq')
      .limit(limit)
      .execute()
    return rows.map(({ seq, type, data }) => ({ seq, type: type as RunEvent['type'], data }))
  }

  /** The latest that the log tells of a call, of a turn that is being answered. */
  async findSkillCall({ sessionId, turnId }: TurnKey, callId: string): Promise<LaneSkillCall | undefined> {
    const rows = await this.#db
      .selectFrom('run_events')
      .select('data')
      .where('session_id', '=', sessionId)
      .where('turn_id', '=', turnId)
      .where('type', 'in', ['skill-call', 'skill-result'])
      .orderBy('seq', 'desc')
      .execute()
    const calls = rows.map(({ data }) => (JSON.parse(data) as [number, LaneSkillCall])[1])
    return calls.find((call) => call.callId === callId)
  }

  /** Events after a number, completed from the turn's own rows. */
  async readEvents(key: TurnKey, afterSeq: number, limit: number): Promise<NumberedEvent[]> {
    const rows = await this.readRows(key, afterSeq, limit)
    if (rows.length === 0) return []
    const needsTurn = rows.some((row) => !isWholeInRow(row.type))
    const loaded = needsTurn ? await this.loadTurn(key) : undefined
    return rows.flatMap((row) => fromRow(row, loaded) ?? [])
  }

  async heartbeat(serverId: string, now: string): Promise<void> {
    await this.#db
      .insertInto('servers')
      .values({ server_id: serverId, started_at: now, heartbeat_at: now })
      .onConflict((conflict) => conflict.column('server_id').doUpdateSet({ heartbeat_at: now }))
      .execute()
  }

  async removeServer(serverId: string): Promise<void> {
    await this.#db.deleteFrom('servers').where('server_id', '=', serverId).execute()
  }

  /** Forgets servers that have not been heard of since a time; what they were doing has been taken over. */
  async forgetServers(deadSince: string, self: string): Promise<void> {
    await this.#db.deleteFrom('servers').where('heartbeat_at', '<', deadSince).where('server_id', '<>', self).execute()
  }

  /** Running turns whose server has not been heard of since a time. */
  async findOrphans(deadSince: string): Promise<(TurnKey & { serverId: string | null })[]> {
    const rows = await this.#db
      .selectFrom('practice_turns')
      .leftJoin('servers', 'servers.server_id', 'practice_turns.server_id')
      .select(['session_id', 'turn_id', 'practice_turns.server_id'])
      .where('status', '=', 'running')
      .where((where) => where.or([where('heartbeat_at', 'is', null), where('heartbeat_at', '<', deadSince)]))
      .execute()
    return rows.map((row) => ({ sessionId: row.session_id, turnId: row.turn_id, serverId: row.server_id }))
  }

  /** Takes a turn over from a dead server; false when another server was faster. */
  async claim({ sessionId, turnId }: TurnKey, from: string | null, to: string): Promise<boolean> {
    const result = await this.#db
      .updateTable('practice_turns')
      .set({ server_id: to })
      .where('session_id', '=', sessionId)
      .where('turn_id', '=', turnId)
      .where('status', '=', 'running')
      .where('server_id', from === null ? 'is' : '=', from)
      .executeTakeFirst()
    return result.numUpdatedRows === 1n
  }

  async #commitUnlessRunning(queries: readonly CompiledQuery[]): Promise<void> {
    try {
      await this.#database.batch(queries)
    } catch (error) {
      if (!isUniqueViolation(error)) throw error
      throw new AppError('conflict', 'turn_running', 'It is still being answered; wait for it or stop it.')
    }
  }

  #newResponses({ sessionId, turnId }: TurnKey, responses: readonly Response[]): CompiledQuery[] {
    return responses.map((response) =>
      this.#insertResponse({
        sessionId,
        ...response,
        turnId,
        isPrimary: response.isPrimary ? 1 : 0,
        generationParams: JSON.stringify(response.generationParams),
        droppedParams: JSON.stringify(response.droppedParams),
        trim: response.trim && JSON.stringify(response.trim),
      }),
    )
  }

  #insertEvents(events: readonly TurnRows[]): CompiledQuery[] {
    const values: (string | number)[] = []
    for (const { turn, rows } of events)
      for (const { seq, type, data } of rows) values.push(turn.sessionId, turn.turnId, seq, type, data)
    const queries: CompiledQuery[] = []
    let start = 0
    for (const size of INSERT_SIZES)
      for (; start + size * EVENT_COLUMNS <= values.length; start += size * EVENT_COLUMNS) {
        const { query, queryId, sql } = this.#eventInsert(size)
        queries.push({ query, queryId, sql, parameters: values.slice(start, start + size * EVENT_COLUMNS) })
      }
    return queries
  }

  /** An insert of so many events; its parameters are the columns of one row after the other. */
  #eventInsert(size: number): CompiledQuery {
    let insert = this.#inserts.get(size)
    if (insert === undefined) {
      const row = { session_id: 0, turn_id: 0, seq: 0, type: '', data: '' }
      insert = this.#db.insertInto('run_events').values(Array(size).fill(row)).compile()
      this.#inserts.set(size, insert)
    }
    return insert
  }

  readonly #insertTurn = compileOnce((v: Omit<Turn, 'fewShots'> & { serverId: string | null; fewShots: string }) =>
    this.#db.insertInto('practice_turns').values({
      session_id: v.sessionId,
      turn_id: v.turnId,
      parent_turn_id: v.parentTurnId,
      prompt_text: v.promptText,
      few_shots: v.fewShots,
      status: v.status,
      server_id: v.serverId,
      created_at: v.createdAt,
    }),
  )

  readonly #insertResponse = compileOnce(
    (
      v: Pick<
        Response,
        'responseId' | 'laneId' | 'modelName' | 'attempt' | 'revision' | 'status' | 'callRef' | 'createdAt'
      > &
        TurnKey & { isPrimary: number; generationParams: string; droppedParams: string; trim: string | null },
    ) =>
      this.#db.insertInto('practice_responses').values({
        session_id: v.sessionId,
        response_id: v.responseId,
        turn_id: v.turnId,
        lane_id: v.laneId,
        model_name: v.modelName,
        is_primary: v.isPrimary,
        attempt: v.attempt,
        revision: v.revision,
        status: v.status,
        response_text: '',
        reasoning_text: '',
        generation_params: v.generationParams,
        dropped_params: v.droppedParams,
        trim: v.trim,
        call_ref: v.callRef,
        created_at: v.createdAt,
      }),
  )

  /** Only a response that is still running ends: a server that was given up for dead changes nothing. */
  readonly #updateResponse = compileOnce((v: ReturnType<typeof endOf> & { sessionId: number; endedAt: string }) =>
    this.#db
      .updateTable('practice_responses')
      .set({
        status: v.status,
        response_text: v.responseText,
        reasoning_text: v.reasoningText,
        finish_reason: v.finishReason,
        error_code: v.errorCode,
        error_message: v.errorMessage,
        provider_message: v.providerMessage,
        token_usage: v.tokenUsage,
        trim: v.trim,
        cost: v.cost,
        latency_ms: v.latencyMs,
        first_token_ms: v.firstTokenMs,
        skill_calls: v.skillCalls,
        ended_at: v.endedAt,
      })
      .where('session_id', '=', v.sessionId)
      .where('response_id', '=', v.responseId)
      .where('status', '=', 'running'),
  )

  readonly #updateTurn = compileOnce((v: TurnKey & { status: TurnStatus; endedAt: string }) =>
    this.#db
      .updateTable('practice_turns')
      .set({ status: v.status, ended_at: v.endedAt })
      .where('session_id', '=', v.sessionId)
      .where('turn_id', '=', v.turnId)
      .where('status', '=', 'running'),
  )
}
