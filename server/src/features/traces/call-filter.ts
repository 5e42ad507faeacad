import { type Expression, type SqlBool, sql } from 'kysely'
import { storeJson, storeText } from '../weave/stored-json.ts'
import { WeaveError } from '../weave/weave-error.ts'
import type { CallsFilterBody } from './schema.ts'

const MAX_FILTER_LENGTH = 1000
const ANY_VERSION = ':*'

/** Lists of a filter that are compared with a column as they are. */
const COLUMNS = {
  parent_ids: 'parent_id',
  trace_ids: 'trace_id',
  call_ids: 'call_id',
  thread_ids: 'thread_id',
  turn_ids: 'turn_id',
  wb_user_ids: 'wb_user_id',
  wb_run_ids: 'wb_run_id',
} as const satisfies Partial<Record<keyof CallsFilterBody, string>>

/**
 * The conditions of a filter, all of which hold for the calls that it lets through. An empty list is no condition.
 *
 * @throws {WeaveError} when a list is longer than 1,000 (weave.md §2.3).
 */
export function filterConditions(filter: CallsFilterBody | null | undefined): Expression<SqlBool>[] {
  const conditions: Expression<SqlBool>[] = []
  if (!filter) return conditions
  for (const [name, list] of Object.entries(filter)) if (Array.isArray(list)) checkLength(name, list)
  for (const [name, column] of Object.entries(COLUMNS)) {
    const list = filter[name as keyof typeof COLUMNS]
    if (list?.length) conditions.push(isOneOf(column, list.map(storeText)))
  }
  if (filter.op_names?.length) conditions.push(hasOpName(filter.op_names))
  if (filter.input_refs?.length) conditions.push(holdsRef('inputs', filter.input_refs))
  if (filter.output_refs?.length) conditions.push(holdsRef('output', filter.output_refs))
  if (filter.trace_roots_only) conditions.push(sql<SqlBool>`parent_id is null`)
  return conditions
}

function checkLength(name: string, list: readonly string[]): void {
  if (list.length > MAX_FILTER_LENGTH)
    throw new WeaveError(
      400,
      'ValueError',
      `Parameter: '${name}' request length is greater than max length (${MAX_FILTER_LENGTH}). Actual length: ${list.length}`,
    )
}

function isOneOf(column: string, values: readonly string[]): Expression<SqlBool> {
  return sql<SqlBool>`${sql.ref(column)} in (${sql.join(values)})`
}

function hasOpName(names: readonly string[]): Expression<SqlBool> {
  const exact = names.filter((name) => !name.endsWith(ANY_VERSION)).map(storeText)
  const prefixes = names.filter((name) => name.endsWith(ANY_VERSION)).map((name) => storeText(name.slice(0, -1)))
  return anyOf([
    ...(exact.length > 0 ? [isOneOf('op_name', exact)] : []),
    // The databases count characters, as this does.
    ...prefixes.map((prefix) => sql<SqlBool>`substr(op_name, 1, ${[...prefix].length}) = ${prefix}`),
  ])
}

/** Refs are whole JSON strings wherever they are in the value. `replace` tells capitals on both engines, `like` does not. */
function holdsRef(column: 'inputs' | 'output', refs: readonly string[]): Expression<SqlBool> {
  const parts = refs.map((ref) =>
    ref.endsWith(ANY_VERSION) ? storeJson(ref.slice(0, -1)).slice(0, -1) : storeJson(ref),
  )
  return anyOf(parts.map((part) => sql<SqlBool>`replace(${sql.ref(column)}, ${part}, '') <> ${sql.ref(column)}`))
}

function anyOf(conditions: readonly Expression<SqlBool>[]): Expression<SqlBool> {
  return sql<SqlBool>`(${sql.join(conditions, sql` or `)})`
}
