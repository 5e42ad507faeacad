import type { ColumnType } from 'kysely'

/** Kinds of columns. */

/** Written as JSON text, read as the parsed value, on both engines. */
export type Json<T> = ColumnType<T, string, string>
/** Integers that PostgreSQL stores as bigint; ours stay below 2^53. */
export type Id = number
export type JsonRecord = { [key: string]: unknown }
