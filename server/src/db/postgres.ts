import { type CompiledQuery, Kysely, PostgresDialect } from 'kysely'
import { Pool, types } from 'pg'
import { AppError } from '../errors.ts'
import type { DatabaseLog } from './open.ts'
import type { Tables } from './tables.ts'

const MAX_CONNECTIONS = 20
const CONNECT_TIMEOUT_MS = 10_000
const BIGINT = 20
const NUMERIC = 1700

export type PostgresDatabase = {
  db: Kysely<Tables>
  pool: Pool
  batch(queries: readonly CompiledQuery[]): Promise<void>
  close(): Promise<void>
}

/** @throws {AppError} in a sentence, when the server cannot be reached or refuses us. */
export async function openPostgres(url: string, log: DatabaseLog): Promise<PostgresDatabase> {
  const pool = new Pool({
    connectionString: url,
    max: MAX_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    // Queries of a batch are sent without waiting for the answers in between.
    pipeline: true,
    application_name: 'etude',
    types: { getTypeParser },
  })
  // Without a listener, a connection that breaks while nobody uses it would end the process.
  pool.on('error', (error) => log.warn({ err: error }, 'An idle connection to PostgreSQL was lost'))
  try {
    ;(await pool.connect()).release()
  } catch (error) {
    await pool.end()
    throw new AppError(
      'unavailable',
      'storage_unavailable',
      `PostgreSQL at ${place(url)} cannot be used: ${(error as Error).message}`,
      {
        cause: error,
      },
    )
  }
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
  return { db, pool, batch: (queries) => batch(pool, queries), close: () => db.destroy().then(() => endPool(pool)) }
}

/** Runs queries in one transaction without waiting between them. */
async function batch(pool: Pool, queries: readonly CompiledQuery[]): Promise<void> {
  const [only] = queries
  if (!only) return
  if (queries.length === 1) {
    await pool.query(only.sql, [...only.parameters])
    return
  }
  const client = await pool.connect()
  try {
    await Promise.all([
      client.query('begin'),
      ...queries.map(({ sql, parameters }) => client.query(sql, [...parameters])),
      // After a failed query PostgreSQL takes this as a rollback.
      client.query('commit'),
    ])
    client.release()
  } catch (error) {
    await client.query('rollback').then(
      () => client.release(),
      (broken: Error) => client.release(broken),
    )
    throw error
  }
}

async function endPool(pool: Pool): Promise<void> {
  if (!pool.ending) await pool.end()
}

/** Our integers stay below 2^53; sums of them, which PostgreSQL makes numeric, too. */
function getTypeParser(type: number, format?: 'text' | 'binary') {
  if (type === BIGINT || type === NUMERIC) return Number
  return types.getTypeParser(type, format as 'text')
}

/** Host and database of a URL, without the password. */
function place(url: string): string {
  try {
    const { host, pathname, searchParams } = new URL(url)
    return `${searchParams.get('host') ?? host}${pathname}`
  } catch {
    return 'the given DATABASE_URL'
  }
}
