import type { Expression, SqlBool } from 'kysely'
import type { JsonPath } from '../../../db/json-sql.ts'
import { storeText } from '../stored-json.ts'
import { WeaveError } from '../weave-error.ts'

export type Condition = Expression<SqlBool>

/** What a field's name means in SQL. */
export type Field = (
  | { kind: 'text' | 'number'; column: Expression<unknown>; isNullable: boolean }
  /** A column of 0 and 1. */
  | { kind: 'bool'; column: Expression<unknown>; isNullable: boolean }
  /** A column of times as text, see {@link import('./time.ts').toStoredTime}. */
  | { kind: 'time'; column: Expression<unknown>; isNullable: boolean }
  /** A value of any type in JSON that is stored as text. */
  | { kind: 'json'; document: Expression<unknown>; path: JsonPath }
  /** A list of strings, stored as JSON text. */
  | { kind: 'list'; document: Expression<unknown> }
) & {
  /** Puts the condition that the field is used in where its value is, e.g. into an `exists`. */
  within?: (condition: Condition) => Condition
}

/** Finds out what a name means; undefined when it is none. */
export type FieldResolver = (name: string) => Field | undefined

/** @throws {WeaveError} `Unknown field: …`. */
export function resolveField(resolve: FieldResolver, name: string): Field {
  const field = resolve(name)
  if (!field) throw new WeaveError(400, 'ValueError', `Unknown field: ${name}`)
  return field
}

/** The parts of a dotted name; `\.` is a dot that does not separate. */
export function splitFieldName(name: string): string[] {
  return name.split(/(?<!\\)\./).map((part) => part.replaceAll('\\.', '.'))
}

/** Parts of a name as a path into JSON: integers are places in lists. */
export function toJsonPath(parts: readonly string[]): JsonPath {
  return parts.map((part) => (/^\d{1,9}$/.test(part) ? Number(part) : storeText(part)))
}
