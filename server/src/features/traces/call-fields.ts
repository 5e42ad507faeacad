import { type Expression, sql } from 'kysely'
import type { JsonSql } from '../../db/json-sql.ts'
import type { SecondsOf } from '../../db/sql-dialect.ts'
import { type Field, type FieldResolver, splitFieldName, toJsonPath } from '../weave/query/field.ts'

/** Columns of text, by the names of their fields on the wire. */
const TEXT_COLUMNS: Record<string, string> = {
  id: 'call_id',
  op_name: 'op_name',
  trace_id: 'trace_id',
  parent_id: 'parent_id',
  thread_id: 'thread_id',
  turn_id: 'turn_id',
  exception: 'exception',
  wb_user_id: 'wb_user_id',
  wb_run_id: 'wb_run_id',
}
const TIMES = new Set(['started_at', 'ended_at'])
const NUMBERS = new Set(['wb_run_step', 'wb_run_step_end'])
const DOCUMENTS = new Set(['attributes', 'inputs', 'output', 'summary'])

/** An op's ref ends with a digest of this length. */
const DIGEST_CHARACTERS = 43

/** What the names of call fields mean in SQL: columns, paths into JSON, and what is derived (weave.md §2.3). */
export function callFields(deps: {
  json: JsonSql
  secondsOf: SecondsOf
  /** `entity/project`. */
  project: string
  /** Fields that are kept by other features, such as feedback. */
  others: FieldResolver
}): FieldResolver {
  const derived = derivedFields(deps)
  return (name) => {
    const column = TEXT_COLUMNS[name]
    if (column !== undefined) return text(sql.ref(column))
    if (TIMES.has(name)) return { kind: 'time', column: sql.ref(name), isNullable: name === 'ended_at' }
    if (NUMBERS.has(name)) return number(sql.ref(name))
    const known = derived[name]
    if (known) return known
    const [root = '', ...path] = splitFieldName(name)
    if (DOCUMENTS.has(root)) return { kind: 'json', document: sql.ref(root), path: toJsonPath(path) }
    return deps.others(name)
  }
}

/** What `withDerivedSummary` says, in SQL. */
function derivedFields({ json, secondsOf, project }: Parameters<typeof callFields>[0]): Record<string, Field> {
  const displayName = sql`nullif(display_name, '')`
  const prefix = `weave:///${project}/op/`
  const opShortName = sql`case
    when substr(op_name, 1, ${prefix.length}) = ${prefix} and substr(op_name, length(op_name) - ${DIGEST_CHARACTERS}, 1) = ':'
    then substr(op_name, ${prefix.length + 1}, length(op_name) - ${prefix.length + DIGEST_CHARACTERS + 1})
    else op_name end`
  const failed = json.toNumber(json.textAt(sql.ref('summary'), ['status_counts', 'error']))
  const micros = (column: string) => sql`cast(substr(${sql.ref(column)}, 21, 6) as integer)`
  const seconds = sql`(${secondsOf(sql.ref('ended_at'))} - ${secondsOf(sql.ref('started_at'))})`
  return {
    display_name: text(displayName),
    'summary.weave.display_name': text(displayName),
    'summary.weave.trace_name': text(sql`coalesce(${displayName}, ${opShortName})`),
    'summary.weave.status': text(sql`case when exception <> '' then 'error' when ended_at is null then 'running'
      when ${failed} > 0 then 'descendant_error' else 'success' end`),
    'summary.weave.latency_ms': number(
      sql`((${seconds} * 1000000 + ${micros('ended_at')} - ${micros('started_at')}) / 1000)`,
    ),
  }
}

function text(column: Expression<unknown>): Field {
  return { kind: 'text', column, isNullable: true }
}

function number(column: Expression<unknown>): Field {
  return { kind: 'number', column, isNullable: true }
}
