import { type Kysely, sql } from 'kysely'
import * as start from './migrations/0001-start.ts'
import * as signIn from './migrations/0002-sign-in.ts'
import * as gateway from './migrations/0003-gateway.ts'
import * as fewShots from './migrations/0004-few-shots.ts'
import * as agents from './migrations/0005-agents.ts'
import * as classesAndProjects from './migrations/0006-classes-and-projects.ts'
import * as settings from './migrations/0007-settings.ts'
import * as idempotency from './migrations/0008-idempotency.ts'
import * as experiments from './migrations/0009-experiments.ts'
import * as skillsets from './migrations/0010-skillsets.ts'
import * as weaveProjects from './migrations/0012-weave-projects.ts'
import * as feedback from './migrations/0013-feedback.ts'
import * as calls from './migrations/0014-calls.ts'
import * as objects from './migrations/0015-objects.ts'
import * as annotationQueues from './migrations/0016-annotation-queues.ts'
import * as ownTraces from './migrations/0017-own-traces.ts'
import * as summaries from './migrations/0019-summaries.ts'
import * as skillsInPractice from './migrations/0022-skills-in-practice.ts'
import { isPostgresMissingTable, postgresColumnTypes } from './postgres-dialect.ts'
import type { ColumnTypes } from './sql-dialect.ts'
import { isSqliteMissingTable, sqliteColumnTypes } from './sqlite-dialect.ts'
import type { Tables } from './tables.ts'

type Migration = { name: string; up(db: Kysely<never>, columnTypes: ColumnTypes): Promise<void> }

/** In the order they run; once merged, neither edited nor reordered. */
const MIGRATIONS: readonly Migration[] = [
  { name: '0001-start', ...start },
  { name: '0002-sign-in', ...signIn },
  { name: '0003-gateway', ...gateway },
  { name: '0004-few-shots', ...fewShots },
  { name: '0005-agents', ...agents },
  { name: '0006-classes-and-projects', ...classesAndProjects },
  { name: '0007-settings', ...settings },
  { name: '0008-idempotency', ...idempotency },
  { name: '0009-experiments', ...experiments },
  { name: '0010-skillsets', ...skillsets },
  { name: '0012-weave-projects', ...weaveProjects },
  { name: '0013-feedback', ...feedback },
  { name: '0014-calls', ...calls },
  { name: '0015-objects', ...objects },
  { name: '0016-annotation-queues', ...annotationQueues },
  { name: '0017-own-traces', ...ownTraces },
  { name: '0019-summaries', ...summaries },
  { name: '0022-skills-in-practice', ...skillsInPractice },
]

/** Any number that only Etude uses: servers that start together migrate one after another. */
const ADVISORY_LOCK = 4_747_383_342

/**
 * Brings the schema up to date, each migration in a transaction of its own; safe beside other servers doing the same.
 *
 * @returns the names of the migrations that ran.
 * @throws {Error} when the database was made by a newer program, or a migration fails (then nothing of it remains).
 */
export async function migrate(kind: 'sqlite' | 'postgres', db: Kysely<Tables>): Promise<string[]> {
  const missing = await missingMigrations(db)
  if (missing.length === 0) return []
  return kind === 'sqlite' ? migrateSqlite(db, missing) : migratePostgres(db)
}

/** The names of the migrations that have not run on this database yet. */
export async function pendingMigrations(db: Kysely<Tables>): Promise<string[]> {
  return (await missingMigrations(db)).map(({ name }) => name)
}

type WithMigrations = { migrations: { name: string; applied_at: string } }

async function migrateSqlite(db: Kysely<Tables>, missing: readonly Migration[]): Promise<string[]> {
  const ran: string[] = []
  for (const migration of missing) if (await runMigration(db, migration, sqliteColumnTypes)) ran.push(migration.name)
  return ran
}

function migratePostgres(db: Kysely<Tables>): Promise<string[]> {
  return db.connection().execute(async (connection) => {
    await sql`select pg_advisory_lock(${sql.lit(ADVISORY_LOCK)})`.execute(connection)
    try {
      const ran: string[] = []
      for (const migration of await missingMigrations(connection))
        if (await runMigration(connection, migration, postgresColumnTypes)) ran.push(migration.name)
      return ran
    } finally {
      await sql`select pg_advisory_unlock(${sql.lit(ADVISORY_LOCK)})`.execute(connection)
    }
  })
}

/** False when another process has run it meanwhile. */
function runMigration(db: Kysely<Tables>, migration: Migration, columnTypes: ColumnTypes): Promise<boolean> {
  return db.transaction().execute(async (transaction) => {
    const tx = transaction.withTables<WithMigrations>()
    await tx.schema
      .createTable('migrations')
      .ifNotExists()
      .addColumn('name', 'text', (column) => column.primaryKey())
      .addColumn('applied_at', 'text', (column) => column.notNull())
      .execute()
    const { numInsertedOrUpdatedRows } = await tx
      .insertInto('migrations')
      .values({ name: migration.name, applied_at: new Date().toISOString() })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirstOrThrow()
    if (numInsertedOrUpdatedRows !== 1n) return false
    await migration.up(tx as unknown as Kysely<never>, columnTypes)
    return true
  })
}

async function missingMigrations(db: Kysely<Tables>): Promise<Migration[]> {
  const applied = await appliedMigrations(db)
  const unknown = applied.filter((name) => !MIGRATIONS.some((migration) => migration.name === name))
  if (unknown.length > 0)
    throw new Error(
      `The database was made by a newer Etude (it has the migration ${unknown.join(', ')}): update Etude.`,
    )
  return MIGRATIONS.filter(({ name }) => !applied.includes(name))
}

async function appliedMigrations(db: Kysely<Tables>): Promise<string[]> {
  try {
    const rows = await db.withTables<WithMigrations>().selectFrom('migrations').select('name').execute()
    return rows.map(({ name }) => name)
  } catch (error) {
    if (isSqliteMissingTable(error) || isPostgresMissingTable(error)) return []
    throw error
  }
}
