import { type Expression, type Kysely, type RawBuilder, type SqlBool, sql } from 'kysely'
import type { Database } from '../../db/open.ts'
import type { Tables } from '../../db/tables.ts'
import type { StoredCall } from './call-lines.ts'

/** Which calls, and in which order. */
export type CallSelection = {
  projectId: number
  /** Only the calls of the person with this handle. */
  onlyOf: string | undefined
  conditions: readonly Expression<SqlBool>[]
  /** Besides the order of time, any keys, each with its direction. */
  order: 'oldest first' | 'newest first' | readonly RawBuilder<unknown>[]
  limit: number | undefined
  offset: number
}

export type JsonColumn = 'attributes' | 'inputs' | 'output' | 'summary'

const IDS_PER_PAGE = 1000
/** The first rows of a stream come soon, the others in larger groups, and none holds much memory. */
const FIRST_GROUP_ROWS = 50
const GROUP_ROWS = 200
const GROUP_BYTES = 4 * 1024 * 1024

type Found = { call_id: string; started_at: string; bytes: number }

/** Reads calls that have begun; an end whose beginning has not come is not a call yet. */
export class CallReader {
  readonly #db: Kysely<Tables>

  constructor({ db }: Pick<Database, 'db'>) {
    this.#db = db
  }

  /** The calls of a selection, in groups of little memory, however many there are. */
  async *stream(selection: CallSelection, columns: ReadonlySet<JsonColumn>): AsyncGenerator<StoredCall[]> {
    let group: Found[] = []
    let bytes = 0
    let maxRows = FIRST_GROUP_ROWS
    for await (const found of this.#find(selection)) {
      group.push(found)
      bytes += found.bytes
      if (group.length < maxRows && bytes < GROUP_BYTES) continue
      yield await this.#load(selection.projectId, group, columns)
      group = []
      bytes = 0
      maxRows = GROUP_ROWS
    }
    if (group.length > 0) yield await this.#load(selection.projectId, group, columns)
  }

  async find(of: Pick<CallSelection, 'projectId' | 'onlyOf'>, callId: string): Promise<StoredCall | undefined> {
    const conditions = [sql<SqlBool>`call_id = ${callId}`]
    const [found] = await this.#select({ ...of, conditions })
      .limit(1)
      .execute()
    return found && (await this.#load(of.projectId, [found], ALL_JSON))[0]
  }

  /** How many calls there are, at most one more than `upTo`, and how much is stored of them. */
  async count(selection: CallSelection, upTo: number | undefined): Promise<{ count: number; bytes: number }> {
    const chosen = this.#select(selection).$if(upTo !== undefined, (query) => query.limit((upTo ?? 0) + 1))
    const row = await this.#db
      .selectFrom(chosen.as('chosen'))
      .select(({ fn }) => [
        fn.countAll<number>().as('count'),
        fn.coalesce(fn.sum<number>('bytes'), sql.lit(0)).as('bytes'),
      ])
      .executeTakeFirstOrThrow()
    return { count: Number(row.count), bytes: Number(row.bytes) }
  }

  /** How much is stored of whole traces, by their ids. */
  async traceBytes(
    of: Pick<CallSelection, 'projectId' | 'onlyOf'>,
    traceIds: readonly string[],
  ): Promise<Map<string, number>> {
    if (traceIds.length === 0) return new Map()
    const rows = await this.#visible(of)
      .select(['trace_id', sql<number>`sum(start_bytes + end_bytes)`.as('bytes')])
      .where('trace_id', 'in', traceIds)
      .groupBy('trace_id')
      .execute()
    return new Map(rows.map((row) => [row.trace_id ?? '', Number(row.bytes)]))
  }

  /** The condition that a call is one of these or was called by them, at any depth; of at most `limit` calls. */
  withDescendants(
    { projectId, onlyOf }: Pick<CallSelection, 'projectId' | 'onlyOf'>,
    callIds: readonly string[],
    limit: number,
  ): Expression<SqlBool> {
    const isVisible = onlyOf === undefined ? sql<SqlBool>`1 = 1` : sql<SqlBool>`wb_user_id = ${onlyOf}`
    if (callIds.length === 0) return sql<SqlBool>`1 = 0`
    return sql<SqlBool>`call_id in (
      with recursive family(call_id) as (
        select call_id from calls
          where project_id = ${projectId} and call_id in (${sql.join(callIds)}) and ${isVisible}
        union
        select calls.call_id from family cross join calls
          where project_id = ${projectId} and calls.parent_id = family.call_id and ${isVisible}
      )
      select call_id from family limit ${limit}
    )`
  }

  #visible({ projectId, onlyOf }: Pick<CallSelection, 'projectId' | 'onlyOf'>) {
    return this.#db
      .selectFrom('calls')
      .where('project_id', '=', projectId)
      .where(HAS_BEGUN)
      .$if(onlyOf !== undefined, (query) => query.where('wb_user_id', '=', onlyOf ?? ''))
  }

  #select(selection: Pick<CallSelection, 'projectId' | 'onlyOf' | 'conditions'>) {
    let query = this.#visible(selection).select([
      'call_id',
      sql<string>`started_at`.as('started_at'),
      sql<number>`start_bytes + end_bytes`.as('bytes'),
    ])
    for (const condition of selection.conditions) query = query.where(condition)
    return query
  }

  /** Ids in the order wanted: page by page in the order of time, else all at once, because any order needs all. */
  async *#find(selection: CallSelection): AsyncGenerator<Found> {
    const { order, limit, offset } = selection
    if (typeof order !== 'string' || offset > 0) {
      yield* await this.#ordered(selection)
        .limit(limit ?? Number.MAX_SAFE_INTEGER)
        .offset(offset)
        .execute()
      return
    }
    const isNext = sql.raw(order === 'oldest first' ? '>' : '<')
    let after: RawBuilder<SqlBool>[] = []
    for (let left = limit ?? Number.POSITIVE_INFINITY; left > 0; left -= IDS_PER_PAGE) {
      const pageSize = Math.min(left, IDS_PER_PAGE)
      const page: Found[] = await this.#ordered({ ...selection, conditions: [...selection.conditions, ...after] })
        .limit(pageSize)
        .execute()
      yield* page
      const last = page.at(-1)
      if (!last || page.length < pageSize) return
      after = [sql<SqlBool>`(started_at, call_id) ${isNext} (${last.started_at}, ${last.call_id})`]
    }
  }

  #ordered(selection: CallSelection) {
    const { order } = selection
    if (typeof order === 'string') {
      const direction = order === 'oldest first' ? 'asc' : 'desc'
      return this.#select(selection).orderBy('started_at', direction).orderBy('call_id', direction)
    }
    let query = this.#select(selection)
    for (const key of order) query = query.orderBy(key)
    return query.orderBy('call_id')
  }

  /** The rows of ids, in their order; a call that was removed meanwhile is left out. */
  async #load(projectId: number, found: readonly Found[], columns: ReadonlySet<JsonColumn>): Promise<StoredCall[]> {
    const json = (column: JsonColumn) =>
      (columns.has(column) ? sql.ref(column) : sql`cast(null as text)`).$castTo<string | null>().as(column)
    const rows = await this.#db
      .selectFrom('calls')
      .select([...SCALARS, json('attributes'), json('inputs'), json('output'), json('summary')])
      .where('project_id', '=', projectId)
      .where(
        'call_id',
        'in',
        found.map((one) => one.call_id),
      )
      .execute()
    const byId = new Map(rows.map((row) => [row.call_id, row as StoredCall]))
    return found.flatMap(({ call_id }) => byId.get(call_id) ?? [])
  }
}

/** Not by `is not null`: SQLite, which has no statistics, would look through all calls in the order of time for it. */
const HAS_BEGUN = sql<SqlBool>`coalesce(started_at, '') <> ''`

/** In the order of time, by sorting what was found: the right way when it is little among much. */
export function sortedByTime(direction: 'asc' | 'desc'): RawBuilder<unknown> {
  return sql`coalesce(started_at, '') ${sql.raw(direction)}`
}

export const ALL_JSON: ReadonlySet<JsonColumn> = new Set(['attributes', 'inputs', 'output', 'summary'])

const SCALARS = [
  'call_id',
  'wb_user_id',
  'trace_id',
  'parent_id',
  'op_name',
  'display_name',
  'thread_id',
  'turn_id',
  'started_at',
  'ended_at',
  'exception',
  'wb_run_id',
  'wb_run_step',
  'wb_run_step_end',
  'start_bytes',
  'end_bytes',
] as const
