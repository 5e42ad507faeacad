import { type CompiledQuery, type ExpressionBuilder, type Kysely, type RawBuilder, sql } from 'kysely'
import type { Database } from '../../db/open.ts'
import type { Tables } from '../../db/tables.ts'
import { type CallPart, joinParts } from './call.ts'
import { jsonBytes, stripTooLarge } from './call-limits.ts'

/** Rows of one insert. Few different lengths, so that few statements are prepared. */
const ROWS_PER_INSERT = [32, 8, 2, 1] as const

/** Whose calls a person may change in a project. */
export type Changes = { projectId: number; wbUserId: string; changes: 'all' | 'own' }

/** Writes calls: what arrives of them in any order becomes one row each. */
export class CallStore {
  readonly #database: Pick<Database, 'db' | 'batch'>
  readonly #db: Kysely<Tables>
  readonly #inserts = new Map<string, CompiledQuery>()

  constructor(database: Pick<Database, 'db' | 'batch'>) {
    this.#database = database
    this.#db = database.db
  }

  /**
   * Stores what arrived, all or nothing.
   *
   * @param changes `own` leaves a call of somebody else as it is.
   */
  async add(parts: readonly (CallPart & { changes: 'all' | 'own' })[]): Promise<void> {
    const queries = (['all', 'own'] as const).flatMap((changes) =>
      this.queries(
        parts.filter((part) => part.changes === changes),
        changes,
      ),
    )
    await this.#database.batch(queries)
  }

  /** What stores calls, to be committed together with something else. */
  queries(parts: readonly CallPart[], changes: 'all' | 'own'): CompiledQuery[] {
    const queries: CompiledQuery[] = []
    // In one order everywhere: PostgreSQL lets two that wait for each other's rows fail.
    const rows = joinParts(parts).map(toRow).sort(byCallId)
    for (let first = 0; first < rows.length; ) {
      const count = ROWS_PER_INSERT.find((length) => length <= rows.length - first) ?? 1
      const { query, queryId, sql } = this.#insert(count, changes)
      const parameters: unknown[] = []
      for (const row of rows.slice(first, first + count)) for (const column of COLUMNS) parameters.push(row[column])
      queries.push({ query, queryId, sql, parameters })
      first += count
    }
    return queries
  }

  /** Renames a call; an empty name takes it away. Nothing happens when there is none that the person may change. */
  async rename(callId: string, displayName: string, of: Changes): Promise<void> {
    await this.#db
      .updateTable('calls')
      .set({ display_name: displayName })
      .where('project_id', '=', of.projectId)
      .where('call_id', '=', callId)
      .$if(of.changes === 'own', (update) => update.where('wb_user_id', '=', of.wbUserId))
      .execute()
  }

  /** Removes calls and everything that they called, at any depth; returns how many. */
  async remove(callIds: readonly string[], of: Changes): Promise<number> {
    const doomed = await this.#withDescendants(callIds, of)
    await this.#database.batch(
      inSlices(doomed, 500).map((ids) =>
        this.#db.deleteFrom('calls').where('project_id', '=', of.projectId).where('call_id', 'in', ids).compile(),
      ),
    )
    return doomed.length
  }

  async #withDescendants(callIds: readonly string[], of: Changes): Promise<string[]> {
    if (callIds.length === 0) return []
    const mayChange = of.changes === 'own' ? sql<boolean>`wb_user_id = ${of.wbUserId}` : sql<boolean>`1 = 1`
    const rows = await this.#db
      .withRecursive('doomed(call_id)', (cte) =>
        cte
          .selectFrom('calls')
          .select('call_id')
          .where('project_id', '=', of.projectId)
          .where('call_id', 'in', callIds)
          .where(mayChange)
          // A ring of calls ends here too: `union` leaves out what is there already.
          .union((eb: ExpressionBuilder<Tables & { doomed: { call_id: string } }, never>) =>
            eb
              .selectFrom('doomed')
              // SQLite keeps this order: from a call to those that it called, by an index.
              .crossJoin('calls')
              .select('calls.call_id')
              .where('project_id', '=', of.projectId)
              .whereRef('calls.parent_id', '=', 'doomed.call_id')
              .where(mayChange),
          ),
      )
      .selectFrom('doomed')
      .select('call_id')
      .execute()
    return rows.map((row) => row.call_id)
  }

  /** An insert of so many rows; its parameters are the columns of one after the other. */
  #insert(count: number, changes: 'all' | 'own'): CompiledQuery {
    const name = `${count} ${changes}`
    const known = this.#inserts.get(name)
    if (known) return known
    const row = Object.fromEntries(COLUMNS.map((column) => [column, null])) as never
    const insert = this.#db
      .insertInto('calls')
      .values(Array(count).fill(row))
      .onConflict((conflict) => {
        const update = conflict.columns(['project_id', 'call_id']).doUpdateSet(MERGE)
        return changes === 'all' ? update : update.whereRef('calls.wb_user_id', '=', sql.ref('excluded.wb_user_id'))
      })
      .compile()
    this.#inserts.set(name, insert)
    return insert
  }
}

const START_COLUMNS = [
  'trace_id',
  'parent_id',
  'op_name',
  'thread_id',
  'turn_id',
  'attributes',
  'inputs',
  'wb_run_id',
  'wb_run_step',
  'start_bytes',
] as const
const END_COLUMNS = ['exception', 'output', 'summary', 'wb_run_step_end', 'end_bytes'] as const
const COLUMNS = [
  'project_id',
  'call_id',
  'wb_user_id',
  'display_name',
  'started_at',
  'ended_at',
  ...START_COLUMNS,
  ...END_COLUMNS,
] as const
type Row = Record<(typeof COLUMNS)[number], string | number | null>

/**
 * A beginning or an end that arrives replaces the one that is there; the other half and the name stay.
 *
 * A call belongs to whoever sent its beginning first.
 */
const MERGE: Record<string, RawBuilder<never>> = {
  wb_user_id: sql`case when calls.started_at is null and excluded.started_at is not null
    then excluded.wb_user_id else calls.wb_user_id end`,
  display_name: sql`coalesce(calls.display_name, excluded.display_name)`,
  started_at: sql`coalesce(excluded.started_at, calls.started_at)`,
  ended_at: sql`coalesce(excluded.ended_at, calls.ended_at)`,
  ...Object.fromEntries(START_COLUMNS.map((column) => [column, ifNew('started_at', column)])),
  ...Object.fromEntries(END_COLUMNS.map((column) => [column, ifNew('ended_at', column)])),
}

function ifNew(half: 'started_at' | 'ended_at', column: string): RawBuilder<never> {
  const arrived = sql.ref(`excluded.${half}`)
  return sql`case when ${arrived} is null then ${sql.ref(`calls.${column}`)} else ${sql.ref(`excluded.${column}`)} end`
}

function toRow(arrived: CallPart): Row {
  const part = stripTooLarge(arrived)
  const { start, end } = part
  const { startBytes, endBytes } = jsonBytes(part)
  return {
    project_id: part.projectId,
    call_id: part.callId,
    wb_user_id: part.wbUserId,
    trace_id: start?.traceId ?? null,
    parent_id: start?.parentId ?? null,
    op_name: start?.opName ?? null,
    display_name: start?.displayName ?? null,
    thread_id: start?.threadId ?? null,
    turn_id: start?.turnId ?? null,
    started_at: start?.startedAt ?? null,
    attributes: start?.attributesJson ?? null,
    inputs: start?.inputsJson ?? null,
    wb_run_id: start?.wbRunId ?? null,
    wb_run_step: start?.wbRunStep ?? null,
    start_bytes: startBytes,
    ended_at: end?.endedAt ?? null,
    exception: end?.exception ?? null,
    output: end?.outputJson ?? null,
    summary: end?.summaryJson ?? null,
    wb_run_step_end: end?.wbRunStepEnd ?? null,
    end_bytes: endBytes,
  }
}

function byCallId(a: Row, b: Row): number {
  if (a.call_id === b.call_id) return 0
  return String(a.call_id) < String(b.call_id) ? -1 : 1
}

function inSlices<Item>(items: readonly Item[], size: number): Item[][] {
  const slices: Item[][] = []
  for (let first = 0; first < items.length; first += size) slices.push(items.slice(first, first + size))
  return slices
}
