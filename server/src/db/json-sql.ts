import type { Expression } from 'kysely'
import { postgresJson } from './postgres-json.ts'
import { sqliteJson } from './sqlite-json.ts'

/** Keys of objects, and numbers for places in lists, from 0. */
export type JsonPath = readonly (string | number)[]

/**
 * What queries can ask of JSON in `text` columns, with the same answers on both engines.
 *
 * The text must be compact JSON that PostgreSQL can hold too. A document may be null: then so is every answer.
 */
export type JsonSql = {
  /** A value as text: strings as they are, all others as they are written in the document; null for null and nothing. */
  textAt(document: Expression<unknown>, path: JsonPath): Expression<string | null>
  /** Whether there is anything at a path, null included; never null. */
  existsAt(document: Expression<unknown>, path: JsonPath): Expression<boolean>
  /** How many members or items an object or list has, or characters a string; null for all others. */
  sizeAt(document: Expression<unknown>, path: JsonPath): Expression<number | null>
  /** Whether a list of strings holds one; `isCaseInsensitive` for ASCII letters. */
  listHolds(document: Expression<unknown>, text: Expression<unknown>, isCaseInsensitive: boolean): Expression<boolean>
  /** A text as the number that it is in JSON, null when it is none or beyond 1e300. */
  toNumber(text: Expression<unknown>): Expression<number | null>
  /** A number as a 64-bit integer, null when it is none. */
  toInteger(number: Expression<unknown>): Expression<number | null>
  /** A number to compare with. @param value of any size. */
  numberLiteral(value: number | bigint): Expression<number>
  /** Whether a text holds another; `isCaseInsensitive` for ASCII letters. */
  contains(text: Expression<unknown>, part: Expression<unknown>, isCaseInsensitive: boolean): Expression<boolean>
  /** A text that is compared and sorted by code points. */
  byCodePoint(text: Expression<unknown>): Expression<string | null>
}

export function jsonSql(kind: 'sqlite' | 'postgres'): JsonSql {
  return kind === 'sqlite' ? sqliteJson : postgresJson
}
