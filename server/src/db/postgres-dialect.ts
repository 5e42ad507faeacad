import { type Expression, sql } from 'kysely'
import type { ColumnTypes } from './sql-dialect.ts'

export const postgresColumnTypes: ColumnTypes = {
  key: 'bigint',
  storedByKey: sql``,
  json: 'jsonb',
  bytes: 'bytea',
  time: 'timestamptz',
  truth: 'boolean',
}

export function isPostgresUniqueViolation(error: unknown): boolean {
  return hasCode(error, '23505')
}

export function isPostgresForeignKeyViolation(error: unknown): boolean {
  return hasCode(error, '23503')
}

export function isPostgresMissingTable(error: unknown): boolean {
  return hasCode(error, '42P01')
}

export function postgresSecondsOf(time: Expression<unknown>): Expression<number | null> {
  return sql`cast(floor(extract(epoch from cast(${time} as timestamptz))) as bigint)`
}

/** Without importing pg, which a server on SQLite never loads; nobody else's codes look like these. */
function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && (error as Error & { code?: unknown }).code === code
}
