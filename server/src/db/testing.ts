import { randomUUID } from 'node:crypto'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, inject, onTestFinished } from 'vitest'
import type { Config } from '../config.ts'
import { type Database, openDatabase } from './open.ts'

/**
 * Both engines: `describe.each(testDatabases)('… on $name', ({ open }) => …)`.
 *
 * `open()` gives a clean, migrated database; it is closed and removed after the test, or after the file when it was
 * opened outside a test.
 */
export const testDatabases = [
  { name: 'sqlite', open: async () => openForTest(newSqliteConfig()), newConfig: async () => newSqliteConfig() },
  { name: 'postgres', open: async () => openForTest(await newPostgresConfig()), newConfig: newPostgresConfig },
] as const satisfies TestDatabase[]

type TestDatabase = {
  name: 'sqlite' | 'postgres'
  open(): Promise<Database>
  /** The configuration of a clean database, for tests that open it themselves, several times or in another process. */
  newConfig(): Promise<DatabaseConfig>
}

type DatabaseConfig = Pick<Config, 'database' | 'dataFolder'>

const cleanUps: (() => Promise<void> | void)[] = []

async function openForTest(config: DatabaseConfig): Promise<Database> {
  const database = await openDatabase(config)
  cleanUpAfterTest(() => database.close())
  return database
}

function newSqliteConfig(): DatabaseConfig {
  const dataFolder = newTestFolder()
  const file = join(dataFolder, 'etude.sqlite')
  copyFileSync(inject('sqliteTemplate'), file)
  return { dataFolder, database: { kind: 'sqlite', file } }
}

async function newPostgresConfig(): Promise<DatabaseConfig> {
  return { dataFolder: newTestFolder(), database: { kind: 'postgres', url: await newPostgres('template1') } }
}

/** The URL of a PostgreSQL database with nothing in it, not even our tables. */
export function newEmptyPostgres(): Promise<string> {
  return newPostgres('template0')
}

async function newPostgres(template: string): Promise<string> {
  const name = `test_${randomUUID().replaceAll('-', '')}`
  const url = new URL(inject('postgresUrl'))
  await runOnServer(url.href, `create database ${name} template ${template}`)
  cleanUpAfterTest(() => runOnServer(inject('postgresUrl'), `drop database ${name} with (force)`))
  url.pathname = `/${name}`
  return url.href
}

/** An empty folder that is removed after the test. */
export function newTestFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'etude-test-'))
  cleanUpAfterTest(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

async function runOnServer(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

/** Later things are cleaned up first: databases are closed before their folders go. */
function cleanUpAfterTest(cleanUp: () => Promise<void> | void): void {
  try {
    onTestFinished(cleanUp)
  } catch {
    cleanUps.unshift(cleanUp) // Not inside a test.
  }
}

afterAll(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp()
})
