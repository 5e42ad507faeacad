import { type Expression, type RawBuilder, sql } from 'kysely'
import { isPostgresForeignKeyViolation, isPostgresUniqueViolation, postgresSecondsOf } from './postgres-dialect.ts'
import { isSqliteForeignKeyViolation, isSqliteUniqueViolation, sqliteSecondsOf } from './sqlite-dialect.ts'

/** Column types that the two engines spell differently; migrations take them from here. */
export type ColumnTypes = {
  /** A table's only integer key: SQLite then needs no index for it beside the table. */
  key: 'bigint' | 'integer'
  /** Ends the definition of a table of small rows, which are then stored in the order of their primary key. */
  storedByKey: Expression<unknown>
  /** Written as JSON text, read as the parsed value. */
  json: 'jsonb' | Expression<unknown>
  /** Binary content, written and read as a Buffer. */
  bytes: 'bytea' | 'blob'
  /** Only for tables that Better Auth writes; ours keep times as text. */
  time: 'timestamptz' | 'text'
  /** Only for tables that Better Auth writes; ours keep truth values as 0 and 1. */
  truth: 'boolean' | 'integer'
}

/**
 * What lets transactions that name the same thing wait for each other, to stand first in them; on SQLite they wait
 * anyway.
 */
export function transactionLocks(kind: 'sqlite' | 'postgres', names: readonly string[]): RawBuilder<unknown>[] {
  if (kind === 'sqlite') return []
  // In one order for everybody, so that none waits for the other crosswise.
  return names.toSorted().map((name) => sql`select pg_advisory_xact_lock(hashtextextended(${name}, 0))`)
}

/** Whether a statement failed because a row with the same unique value exists already, on either engine. */
export function isUniqueViolation(error: unknown): boolean {
  return isSqliteUniqueViolation(error) || isPostgresUniqueViolation(error)
}

/** Whole seconds since 1970 of a time that is kept as ISO 8601 text. */
export type SecondsOf = (time: Expression<unknown>) => Expression<number | null>

export function secondsOf(kind: 'sqlite' | 'postgres'): SecondsOf {
  return kind === 'sqlite' ? sqliteSecondsOf : postgresSecondsOf
}

/** Whether a statement failed because a row that it refers to is not there, or one that is referred to would go. */
export function isForeignKeyViolation(error: unknown): boolean {
  return isSqliteForeignKeyViolation(error) || isPostgresForeignKeyViolation(error)
}
