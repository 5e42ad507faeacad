import type { CompiledQuery, Kysely } from 'kysely'
import type { Logger } from 'pino'
import type { Config } from '../config.ts'
import { IdAllocator } from './ids.ts'
import { migrate } from './migrate.ts'
import { LocalNotifier, type Notifier } from './notifier.ts'
import { openSqlite } from './sqlite.ts'
import type { Tables } from './tables.ts'

export type Database = {
  kind: 'sqlite' | 'postgres'
  db: Kysely<Tables>
  ids: IdAllocator
  notifier: Notifier
  /** The migrations that opening it ran. */
  migrated: readonly string[]
  /** Runs queries that need no answer in one transaction, all or none, without waiting between them. */
  batch(queries: readonly CompiledQuery[]): Promise<void>
  /** Waits for the writes under way; calling it again does no harm. */
  close(): Promise<void>
}

export type DatabaseLog = Pick<Logger, 'warn' | 'error'>

const SILENT: DatabaseLog = { warn: () => {}, error: () => {} }

/**
 * Opens the configured database and brings its schema up to date.
 *
 * @param as only one `server` may use a SQLite file; a `tool` (the command line) works beside it.
 * @throws {AppError} in a sentence for the person at the terminal, when that is not possible.
 */
export async function openDatabase(
  config: Pick<Config, 'database'>,
  log: DatabaseLog = SILENT,
  as: 'server' | 'tool' = 'server',
): Promise<Database> {
  return config.database.kind === 'sqlite'
    ? openOnSqlite(config.database.file, as, log)
    : openOnPostgres(config.database.url, log)
}

async function openOnSqlite(file: string, as: 'server' | 'tool', log: DatabaseLog): Promise<Database> {
  const { db, writes, close } = openSqlite(file, { as })
  const migrated = await closeOnFailure(migrate('sqlite', db), close)
  return {
    kind: 'sqlite',
    db,
    ids: new IdAllocator(db),
    notifier: new LocalNotifier((error) => log.error({ err: error }, 'A listener failed')),
    migrated,
    batch: async (queries) => {
      if (queries.length > 0) await writes.write(queries)
    },
    close: once(close),
  }
}

async function openOnPostgres(url: string, log: DatabaseLog): Promise<Database> {
  // pg takes 40 ms to load, which a server on SQLite need not wait for.
  const { openPostgres } = await import('./postgres.ts')
  const { PostgresNotifier } = await import('./postgres-notifier.ts')
  const { db, pool, batch, close } = await openPostgres(url, log)
  const notifier = new PostgresNotifier(url, pool, log)
  const closeAll = async () => {
    await notifier.close()
    await close()
  }
  const start = async () => {
    const ran = await migrate('postgres', db)
    await notifier.start()
    return ran
  }
  const migrated = await closeOnFailure(start(), closeAll)
  return { kind: 'postgres', db, ids: new IdAllocator(db), notifier, migrated, batch, close: once(closeAll) }
}

async function closeOnFailure<Result>(work: Promise<Result>, close: () => Promise<void>): Promise<Result> {
  try {
    return await work
  } catch (error) {
    await close()
    throw error
  }
}

function once(close: () => Promise<void>): () => Promise<void> {
  let closed: Promise<void> | undefined
  return () => (closed ??= close())
}
