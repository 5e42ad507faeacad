import Database from 'better-sqlite3'
import { type Expression, sql } from 'kysely'
import type { ColumnTypes } from './sql-dialect.ts'

/**
 * The declared type of JSON columns: what is declared so is parsed when it is read.
 *
 * SQLite keeps any declared type and stores everything containing "text" as text, so `12` does not become a number.
 */
export const SQLITE_JSON_TYPE = 'json text'

export const sqliteColumnTypes: ColumnTypes = {
  key: 'integer',
  storedByKey: sql`without rowid`,
  json: sql.raw(SQLITE_JSON_TYPE),
  bytes: 'blob',
  time: 'text',
  truth: 'integer',
}

export function isSqliteUniqueViolation(error: unknown): boolean {
  return (
    error instanceof Database.SqliteError &&
    (error.code === 'SQLITE_CONSTRAINT_UNIQUE' || error.code === 'SQLITE_CONSTRAINT_PRIMARYKEY')
  )
}

export function isSqliteForeignKeyViolation(error: unknown): boolean {
  return error instanceof Database.SqliteError && error.code === 'SQLITE_CONSTRAINT_FOREIGNKEY'
}

export function isSqliteMissingTable(error: unknown): boolean {
  return error instanceof Database.SqliteError && error.message.startsWith('no such table')
}

export function sqliteSecondsOf(time: Expression<unknown>): Expression<number | null> {
  return sql`cast(strftime('%s', substr(${time}, 1, 19)) as integer)`
}
