import { type CompiledQuery, type Insertable, type Kysely, type Selectable, sql } from 'kysely'
import { compileOnce } from '../../db/compile-once.ts'
import { type JsonSql, jsonSql } from '../../db/json-sql.ts'
import type { Database } from '../../db/open.ts'
import { transactionLocks } from '../../db/sql-dialect.ts'
import type { Tables } from '../../db/tables.ts'
import type { ProjectAccess } from '../weave/project-access.ts'
import { compileQuery } from '../weave/query/compile.ts'
import type { Condition, FieldResolver } from '../weave/query/field.ts'
import type { Operation, SortBy } from '../weave/query/query.ts'
import { compileSort } from '../weave/query/sort.ts'
import { restoreJson, storeJson, storeText } from '../weave/stored-json.ts'
import type { Feedback, Scorer } from './feedback.ts'
import { feedbackFields, payloadPathOf } from './fields.ts'
import { candidates, type Lookup, leavesOf, namesColumn } from './leaves.ts'

/** Rows of one statement; fewer are written by statements of half as many, so that there are few statements to keep. */
const ROWS_PER_INSERT = 64
/** More rows than this are looked up more slowly than all are read. */
const MOST_CANDIDATES = 20_000
/** Rows that a purge looks at in one statement. */
const IDS_PER_STATEMENT = 1_000

type Row = Selectable<Tables['feedback']>
type NewRow = Insertable<Tables['feedback']>

export type FeedbackSearch = {
  operation: Operation | null
  sortBy: readonly SortBy[]
  limit: number | null
  offset: number
}

/** Feedback, and the index of the values in its payloads. Every query names the project. */
export class FeedbackStore {
  readonly #database: Pick<Database, 'db' | 'ids' | 'batch' | 'kind'>
  readonly #db: Kysely<Tables>
  readonly #json: JsonSql
  readonly #inserts = new Map<string, CompiledQuery>()

  constructor(database: Pick<Database, 'db' | 'ids' | 'batch' | 'kind'>) {
    this.#database = database
    this.#db = database.db
    this.#json = jsonSql(database.kind)
  }

  /** Ids of rows that are to be stored: the first of `count`. */
  takeRowIds(count: number): Promise<number> {
    return this.#database.ids.take('feedback', count)
  }

  /** Stores feedback, all or none. */
  async insert(feedback: readonly Feedback[]): Promise<void> {
    await this.#database.batch(this.#insertions(feedback))
  }

  /** Puts new feedback in the place of what has one of some ids, at once; there need be nothing to replace. */
  async replace(access: ProjectAccess, ids: readonly string[], feedback: readonly Feedback[]): Promise<void> {
    const removal = await this.#removal(access, ids)
    const locks = transactionLocks(
      this.#database.kind,
      ids.map((id) => `feedback ${access.projectId} ${id}`),
    )
    await this.#database.batch([
      ...locks.map((lock) => lock.compile(this.#db)),
      ...removal,
      ...this.#insertions(feedback),
    ])
  }

  /** Removes what has one of the ids and may be changed. */
  async remove(access: ProjectAccess, ids: readonly string[]): Promise<void> {
    await this.#database.batch(await this.#removal(access, ids))
  }

  /** The rows that a query finds, and how many there are without its limit and offset. */
  async search(access: ProjectAccess, search: FeedbackSearch): Promise<{ rows: Row[]; total: number }> {
    const condition = await this.#condition(access, search.operation)
    let query = this.#db.selectFrom('feedback').selectAll('feedback').where(condition)
    for (const order of compileSort(search.sortBy, this.#deps(access))) query = query.orderBy(order)
    if (search.sortBy.length > 0) query = query.orderBy('row_id')
    if (search.limit !== null) query = query.limit(search.limit)
    // SQLite takes no offset without a limit.
    if (search.offset > 0)
      query = (search.limit === null ? query.limit(Number.MAX_SAFE_INTEGER) : query).offset(search.offset)
    const rows = search.limit === 0 ? [] : await query.execute()
    const isAll = (search.limit === null || rows.length < search.limit) && (rows.length > 0 || search.offset === 0)
    return { rows, total: isAll ? search.offset + rows.length : await this.#count(condition) }
  }

  /** How many rows a query finds, for each combination of values of some fields. */
  async countGroups(
    access: ProjectAccess,
    operation: Operation | null,
    fields: readonly string[],
  ): Promise<{ values: unknown[]; count: number }[]> {
    const { resolve } = this.#deps(access)
    const keys = fields.map((name) => {
      const field = resolve(name)
      if (!field) throw new TypeError(`${name} is no field.`)
      return field.kind === 'json'
        ? this.#json.textAt(field.document, field.path)
        : field.kind === 'list'
          ? field.document
          : field.column
    })
    const selected = [...keys.map((key, index) => sql`${key} as ${sql.ref(`k${index}`)}`), sql`count(*) as n`]
    const places = keys.map((_, index) => sql.lit(index + 1))
    const { rows } = await sql<Record<string, unknown>>`select ${sql.join(selected)} from feedback
      where ${await this.#condition(access, operation)}${places.length > 0 ? sql` group by ${sql.join(places)}` : sql``}`.execute(
      this.#db,
    )
    return rows.map((row) => ({ values: keys.map((_, index) => row[`k${index}`]), count: Number(row.n) }))
  }

  async #count(condition: Condition): Promise<number> {
    const { total } = await this.#db
      .selectFrom('feedback')
      .select((select) => select.fn.countAll<number>().as('total'))
      .where(condition)
      .executeTakeFirstOrThrow()
    return Number(total)
  }

  #deps(access: ProjectAccess): { resolve: FieldResolver; json: JsonSql } {
    return { resolve: feedbackFields(`${access.entity}/${access.project}`), json: this.#json }
  }

  async #condition(access: ProjectAccess, operation: Operation | null): Promise<Condition> {
    const conditions: Condition[] = [sql`feedback.project_id = ${access.projectId}`]
    if (access.reads === 'own') conditions.push(sql`feedback.wb_user_id = ${access.person.handle}`)
    if (operation) {
      const lookups = namesColumn(operation, INDEXED) ? undefined : candidates(operation, payloadPathOf)
      if (lookups && (await this.#areFew(access.projectId, lookups)))
        conditions.push(this.#mayHave(access.projectId, lookups))
      conditions.push(compileQuery(operation, this.#deps(access)))
    }
    return sql`${sql.join(conditions, sql` and `)}`
  }

  /** Whether looking up costs less than reading all rows. */
  async #areFew(projectId: number, lookups: readonly Lookup[]): Promise<boolean> {
    const some = sql`${sql.join(foundBy(projectId, lookups), sql` union all `)} limit ${sql.lit(MOST_CANDIDATES + 1)}`
    const { rows } = await sql<{ n: number }>`select count(*) as n from (${some}) as candidates`.execute(this.#db)
    return Number(rows[0]?.n) <= MOST_CANDIDATES
  }

  /** The rows that have one of some leaves, and those whose leaves are not in the index. */
  #mayHave(projectId: number, lookups: readonly Lookup[]): Condition {
    const others = sql`select row_id from feedback where project_id = ${projectId} and has_leaves = 0`
    return sql`feedback.row_id in (${sql.join([...foundBy(projectId, lookups), others], sql` union all `)})`
  }

  async #removal(access: ProjectAccess, ids: readonly string[]): Promise<CompiledQuery[]> {
    const queries: CompiledQuery[] = []
    for (let first = 0; first < ids.length; first += IDS_PER_STATEMENT) {
      const some = ids.slice(first, first + IDS_PER_STATEMENT).map(storeText)
      let removed = this.#db.deleteFrom('feedback').where('project_id', '=', access.projectId).where('id', 'in', some)
      if (access.changes === 'own') removed = removed.where('wb_user_id', '=', access.person.handle)
      const rows = await this.#db
        .selectFrom('feedback')
        .select(['row_id', 'payload'])
        .where('project_id', '=', access.projectId)
        .where('id', 'in', some)
        .where('has_leaves', '=', 1)
        .$if(access.changes === 'own', (query) => query.where('wb_user_id', '=', access.person.handle))
        .execute()
      for (const { row_id, payload } of rows)
        for (const { path, value } of leavesOf(restoreJson(payload)) ?? [])
          queries.push(this.#deleteLeaf({ projectId: access.projectId, path, value, rowId: row_id }))
      queries.push(removed.compile())
    }
    return queries
  }

  readonly #deleteLeaf = compileOnce((v: { projectId: number; path: string; value: string; rowId: number }) =>
    this.#db
      .deleteFrom('feedback_leaves')
      .where('project_id', '=', v.projectId)
      .where('path', '=', v.path)
      .where('value', '=', v.value)
      .where('row_id', '=', v.rowId),
  )

  #insertions(feedback: readonly Feedback[]): CompiledQuery[] {
    const rows: NewRow[] = []
    const leaves: unknown[][] = []
    for (const one of feedback) {
      const found = leavesOf(one.payload)
      rows.push(toRow(one, found ? 1 : 0))
      for (const { path, value } of found ?? []) leaves.push([one.projectId, path, value, one.rowId])
    }
    const columns = rows.every((row) => RARE_COLUMNS.every((column) => row[column] === null))
      ? USUAL_COLUMNS
      : ROW_COLUMNS
    const values = rows.map((row) => columns.map((column) => row[column]))
    return [
      ...inGroups(values).map((group) => this.#insertMany('feedback', columns, group)),
      ...inGroups(leaves).map((group) => this.#insertMany('feedback_leaves', LEAF_COLUMNS, group)),
    ]
  }

  /** One statement for a number of rows, built once for each number. */
  #insertMany(
    table: 'feedback' | 'feedback_leaves',
    columns: readonly string[],
    rows: readonly unknown[][],
  ): CompiledQuery {
    const key = `${table} ${columns.length} ${rows.length}`
    let insert = this.#inserts.get(key)
    if (!insert) {
      // Placeholders stand in the order of the columns, row by row.
      const row = Object.fromEntries(columns.map((column) => [column, '']))
      insert = this.#db
        .insertInto(table)
        .values(Array.from(rows, () => row) as never)
        .compile()
      this.#inserts.set(key, insert)
    }
    return { ...insert, parameters: rows.flat() }
  }
}

/** Rows with leaves; values of one path are looked up together. */
function foundBy(projectId: number, lookups: readonly Lookup[]): Condition[] {
  const values = new Map<string, string[]>()
  const found: Condition[] = []
  for (const { path, from, to } of lookups)
    if (from === to) values.set(path, [...(values.get(path) ?? []), from])
    else found.push(sql`${rowsWith(projectId, path)} and value >= ${from} and value <= ${to}`)
  for (const [path, equal] of values) found.push(sql`${rowsWith(projectId, path)} and value in (${sql.join(equal)})`)
  return found
}

function rowsWith(projectId: number, path: string) {
  return sql`select row_id from feedback_leaves where project_id = ${projectId} and path = ${path}`
}

/** Groups of 64, 32, 16, … rows. */
function inGroups<Row>(rows: readonly Row[]): Row[][] {
  const groups: Row[][] = []
  for (let first = 0, size = ROWS_PER_INSERT; first < rows.length; ) {
    while (size > rows.length - first) size /= 2
    groups.push(rows.slice(first, first + size))
    first += size
  }
  return groups
}

const INDEXED = ['id', 'weave_ref']
const LEAF_COLUMNS = ['project_id', 'path', 'value', 'row_id'] as const
const USUAL_COLUMNS = [
  'project_id',
  'row_id',
  'id',
  'weave_ref',
  'wb_user_id',
  'creator',
  'created_at',
  'feedback_type',
  'payload',
  'has_leaves',
] as const satisfies (keyof NewRow)[]
/** Nearly all feedback has nothing in any of them. */
const RARE_COLUMNS = [
  'annotation_ref',
  'runnable_ref',
  'call_ref',
  'trigger_ref',
  'queue_id',
  'scorer_tags',
  'scorer_tag_reasons',
  'scorer_tag_confidences',
  'scorer_ratings',
  'scorer_rating_reasons',
  'scorer_rating_confidences',
  'span_agent_name',
  'span_agent_version',
  'span_status_code',
  'span_conversation_id',
  'span_trace_id',
  'scorer_trace_id',
] as const satisfies (keyof NewRow)[]
const ROW_COLUMNS = [...USUAL_COLUMNS, ...RARE_COLUMNS]

function toRow(feedback: Feedback, hasLeaves: 0 | 1): NewRow {
  const { span } = feedback
  return {
    project_id: feedback.projectId,
    row_id: feedback.rowId,
    id: storeText(feedback.id),
    weave_ref: storeText(feedback.weaveRef),
    wb_user_id: feedback.wbUserId,
    creator: textOrNull(feedback.creator),
    created_at: feedback.createdAt,
    feedback_type: storeText(feedback.feedbackType),
    payload: storeJson(feedback.payload),
    annotation_ref: textOrNull(feedback.annotationRef),
    runnable_ref: textOrNull(feedback.runnableRef),
    call_ref: textOrNull(feedback.callRef),
    trigger_ref: textOrNull(feedback.triggerRef),
    queue_id: textOrNull(feedback.queueId),
    ...scorerColumns(feedback.scorer),
    span_agent_name: textUnless('', span.agentName),
    span_agent_version: textUnless('', span.agentVersion),
    span_status_code: textUnless('UNSET', span.statusCode),
    span_conversation_id: textUnless('', span.conversationId),
    span_trace_id: textUnless('', span.traceId),
    scorer_trace_id: textUnless('', feedback.scorerTraceId),
    has_leaves: hasLeaves,
  }
}

function scorerColumns(scorer: Scorer) {
  return {
    scorer_tags: jsonUnlessEmpty(scorer.tags),
    scorer_tag_reasons: jsonUnlessEmpty(scorer.tagReasons),
    scorer_tag_confidences: jsonUnlessEmpty(scorer.tagConfidences),
    scorer_ratings: jsonUnlessEmpty(scorer.ratings),
    scorer_rating_reasons: jsonUnlessEmpty(scorer.ratingReasons),
    scorer_rating_confidences: jsonUnlessEmpty(scorer.ratingConfidences),
  }
}

function jsonUnlessEmpty(value: object): string | null {
  for (const _ in value) return storeJson(value)
  return null
}

function textOrNull(text: string | null): string | null {
  return text === null ? null : storeText(text)
}

function textUnless(usual: string, text: string): string | null {
  return text === usual ? null : storeText(text)
}
