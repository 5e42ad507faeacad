import type { Selectable } from 'kysely'
import type { Tables } from '../../db/tables.ts'
import { type Json, JsonText } from '../weave/exact-json.ts'
import { isJsonObject } from '../weave/fields.ts'
import { toJsonPath } from '../weave/query/field.ts'
import { restoreJson, restoreJsonText, restoreText } from '../weave/stored-json.ts'
import { WeaveError } from '../weave/weave-error.ts'
import { COLUMNS, type Column, JSON_DEFAULTS, parseField, TEXT_DEFAULTS } from './fields.ts'

type Row = Selectable<Tables['feedback']>

/**
 * Makes rows of a reply from rows of the table: keys are the fields as they were asked for, in that order.
 *
 * @param fields columns, paths into their JSON, or `*`; all columns when there are none.
 * @throws {WeaveError} `Unknown field: …`.
 */
export function rowPrinter(
  fields: readonly string[] | null,
  projectName: string,
): (row: Row) => Record<string, unknown> {
  const named = fields === null || fields.length === 0 ? ['*'] : fields
  const printers = named.flatMap((name) => (name === '*' ? COLUMNS.map(columnPrinter) : [fieldPrinter(name)]))
  return (row) => Object.fromEntries(printers.map(({ key, print }) => [key, print(row, projectName)]))
}

type Printer = { key: string; print(row: Row, projectName: string): unknown }

function fieldPrinter(name: string): Printer {
  const field = parseField(name)
  if (!field) throw new WeaveError(400, 'ValueError', `Unknown field: ${name}`)
  const { column, path } = field
  if (path.length === 0) return { ...columnPrinter(column), key: name }
  const places = column === 'payload' ? toJsonPath(path) : [path.join('.')]
  return {
    key: name,
    print: (row) =>
      valueAt(restoreJson((row[column as 'payload'] as string | null) ?? JSON_DEFAULTS[column] ?? ''), places),
  }
}

function columnPrinter(column: Column): Printer {
  const jsonDefault = JSON_DEFAULTS[column]
  if (jsonDefault !== undefined)
    return { key: column, print: (row) => restoreJsonText((row[column as 'payload'] as string | null) ?? jsonDefault) }
  if (column === 'project_id') return { key: column, print: (_, projectName) => projectName }
  const textDefault = TEXT_DEFAULTS[column] ?? null
  return {
    key: column,
    print: (row) => {
      const stored = row[column as 'creator']
      return stored === null ? textDefault : restoreText(stored)
    },
  }
}

function valueAt(value: Json, path: readonly (string | number)[]): Json {
  return path.reduce<Json>((inner, part) => {
    if (typeof part === 'number') return Array.isArray(inner) ? (inner[part] ?? null) : null
    const key = restoreText(part)
    return isJsonObject(inner) && Object.hasOwn(inner, key) ? (inner[key] ?? null) : null
  }, value)
}

/** @returns a value of one of the fields that a query counts by, as it is on the wire. */
export function printGroupValue(value: unknown): unknown {
  return typeof value === 'string' ? restoreText(value) : (value ?? new JsonText('null'))
}
