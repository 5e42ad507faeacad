import { type Kysely, sql } from 'kysely'
import type { Config } from '../config.ts'
import { pendingMigrations } from './migrate.ts'
import { openPostgres } from './postgres.ts'
import { openSqlite } from './sqlite.ts'
import type { Tables } from './tables.ts'

export type DatabaseState = {
  /** Of the engine, e.g. `SQLite 3.50.4`. */
  version: string
  sizeBytes: number
  /** Migrations that the next start will run. */
  pending: string[]
  /** How many there are; unknown while migrations are pending. */
  people: { all: number; admins: number } | undefined
}

/**
 * Looks at the configured database without changing it, beside a server that may be using it.
 *
 * @throws {AppError} in a sentence for the person at the terminal, when the server could not use it either.
 */
export async function inspectDatabase({ database }: Pick<Config, 'database'>): Promise<DatabaseState> {
  const { db, close } =
    database.kind === 'sqlite'
      ? openSqlite(database.file, { as: 'tool' })
      : await openPostgres(database.url, { warn: () => {}, error: () => {} })
  try {
    const { version, size_bytes } = await (database.kind === 'sqlite' ? inspectSqlite(db) : inspectPostgres(db))
    const pending = await pendingMigrations(db)
    const people = pending.length === 0 ? await countPeople(db) : undefined
    return { version, sizeBytes: size_bytes, pending, people }
  } finally {
    await close()
  }
}

function countPeople(db: Kysely<Tables>): Promise<{ all: number; admins: number }> {
  return db
    .selectFrom('people')
    .select(({ fn }) => [
      fn.countAll<number>().as('all'),
      fn.coalesce(fn.sum<number>('is_admin'), sql.lit(0)).as('admins'),
    ])
    .executeTakeFirstOrThrow()
}

type Row = { version: string; size_bytes: number }

async function inspectSqlite(db: Kysely<Tables>): Promise<Row> {
  const { rows } = await sql<Row>`
    select 'SQLite ' || sqlite_version() as version, page_count * page_size as size_bytes
    from pragma_page_count(), pragma_page_size()`.execute(db)
  return rows[0]!
}

async function inspectPostgres(db: Kysely<Tables>): Promise<Row> {
  const { rows } = await sql<Row>`
    select 'PostgreSQL ' || current_setting('server_version') as version,
      pg_database_size(current_database()) as size_bytes`.execute(db)
  return rows[0]!
}
