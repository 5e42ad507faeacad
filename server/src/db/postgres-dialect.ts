import { DatabaseError } from 'pg'
import type { ColumnTypes } from './sql-dialect.ts'

export const postgresColumnTypes: ColumnTypes = { json: 'jsonb', time: 'timestamptz', truth: 'boolean' }

export function isPostgresUniqueViolation(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === '23505'
}

export function isPostgresMissingTable(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === '42P01'
}
