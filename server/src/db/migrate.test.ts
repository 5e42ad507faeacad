import { describe, expect, it, onTestFinished } from 'vitest'
import { pendingMigrations } from './migrate.ts'
import { openDatabase } from './open.ts'
import { newEmptyPostgres, newTestFolder, testDatabases } from './testing.ts'

const emptyDatabases = [
  { name: 'sqlite', newDatabase: async () => ({ kind: 'sqlite' as const, file: `${newTestFolder()}/etude.sqlite` }) },
  { name: 'postgres', newDatabase: async () => ({ kind: 'postgres' as const, url: await newEmptyPostgres() }) },
]

describe.each(emptyDatabases)('migrations on $name', ({ newDatabase }) => {
  it('run once, also when several programs start together', async () => {
    const database = await newDatabase()

    const opened = await Promise.all(Array.from({ length: 4 }, () => openDatabase({ database }, undefined, 'tool')))
    onTestFinished(async () => {
      await Promise.all(opened.map(({ close }) => close()))
    })

    const ran = opened.flatMap(({ migrated }) => migrated)
    expect(ran).toContain('0001-start')
    expect(new Set(ran).size).toBe(ran.length)
    for (const { db } of opened) expect(await pendingMigrations(db)).toEqual([])
    const classes = await opened[0]?.db
      .selectFrom('classes')
      .select(['class_id', 'slug', 'status', 'allowed_models'])
      .execute()
    expect(classes).toEqual([{ class_id: 1, slug: 'practice', status: 'active', allowed_models: null }])
  })
})

describe.each(testDatabases)('a database from the future on $name', ({ newConfig }) => {
  it('is refused, by the name of what is unknown', async () => {
    const config = await newConfig()
    const { db, close } = await openDatabase(config)
    await db
      .withTables<{ migrations: { name: string; applied_at: string } }>()
      .insertInto('migrations')
      .values({ name: '9999-flying-cars', applied_at: '' })
      .execute()
    await close()

    await expect(openDatabase(config)).rejects.toThrow('made by a newer Etude (it has the migration 9999-flying-cars)')
  })
})
