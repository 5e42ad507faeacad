import { sql } from 'kysely'
import { type Field, type FieldResolver, splitFieldName, toJsonPath } from '../weave/query/field.ts'

/** Columns of feedback on the wire, in the order in which replies have them. */
export const COLUMNS = [
  'id',
  'project_id',
  'weave_ref',
  'wb_user_id',
  'creator',
  'created_at',
  'feedback_type',
  'payload',
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
] as const

export type Column = (typeof COLUMNS)[number]

/** JSON in these columns is stored as text; null is what they are when nothing was said. */
export const JSON_DEFAULTS: Partial<Record<Column, string>> = {
  payload: '{}',
  scorer_tags: '[]',
  scorer_tag_reasons: '{}',
  scorer_tag_confidences: '{}',
  scorer_ratings: '{}',
  scorer_rating_reasons: '{}',
  scorer_rating_confidences: '{}',
}

/** What null stands for in columns of text that are never null on the wire. */
export const TEXT_DEFAULTS: Partial<Record<Column, string>> = {
  span_agent_name: '',
  span_agent_version: '',
  span_status_code: 'UNSET',
  span_conversation_id: '',
  span_trace_id: '',
  scorer_trace_id: '',
}

/** A field of feedback: a column, and a path into its JSON. Undefined when there is no such column. */
export function parseField(name: string): { column: Column; path: string[] } | undefined {
  const [first, ...path] = splitFieldName(name)
  const column = COLUMNS.find((one) => one === first)
  if (column === undefined || (path.length > 0 && JSON_DEFAULTS[column] === undefined)) return undefined
  return { column, path }
}

/** The path into the payload that a field's name means. */
export function payloadPathOf(name: string) {
  const field = parseField(name)
  return field?.column === 'payload' ? toJsonPath(field.path) : undefined
}

/** @param projectName what `project_id` is on the wire, where it is a number in the table. */
export function feedbackFields(projectName: string): FieldResolver {
  return (name) => {
    const field = parseField(name)
    return field && toField(field.column, field.path, projectName)
  }
}

function toField(column: Column, path: readonly string[], projectName: string): Field {
  const reference = sql.ref(`feedback.${column}`)
  if (column === 'scorer_tags' && path.length === 0) return { kind: 'list', document: withDefault(column, '[]') }
  const jsonDefault = JSON_DEFAULTS[column]
  if (jsonDefault !== undefined)
    return {
      kind: 'json',
      document: column === 'payload' ? reference : withDefault(column, jsonDefault),
      // Names of tags and ratings have no structure: a dot in them is a dot.
      path:
        column === 'payload' || column === 'scorer_tags' ? toJsonPath(path) : path.length === 0 ? [] : [path.join('.')],
    }
  const textDefault = TEXT_DEFAULTS[column]
  if (textDefault !== undefined) return { kind: 'text', column: withDefault(column, textDefault), isNullable: false }
  switch (column) {
    case 'project_id':
      return { kind: 'text', column: sql`cast(${projectName} as text)`, isNullable: false }
    case 'created_at':
      return { kind: 'time', column: reference, isNullable: false }
    case 'id':
    case 'weave_ref':
    case 'wb_user_id':
    case 'feedback_type':
      return { kind: 'text', column: reference, isNullable: false }
    default:
      return { kind: 'text', column: reference, isNullable: true }
  }
}

function withDefault(column: Column, value: string) {
  return sql`coalesce(${sql.ref(`feedback.${column}`)}, ${sql.lit(value)})`
}
