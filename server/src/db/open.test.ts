import { sql } from 'kysely'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Database, openDatabase } from './open.ts'
import { isUniqueViolation } from './sql-dialect.ts'
import { testDatabases } from './testing.ts'

const server = (id: string) => ({ server_id: id, started_at: '', heartbeat_at: '' })

async function serverIds({ db }: Database): Promise<string[]> {
  const rows = await db.selectFrom('servers').select('server_id').orderBy('server_id').execute()
  return rows.map(({ server_id }) => server_id)
}

describe.each(testDatabases)('a database on $name', ({ name, open, newConfig }) => {
  it('returns JSON columns parsed, also under another name and from what was just written', async () => {
    const { db } = await open()

    const written = await db
      .updateTable('classes')
      .set({ allowed_models: JSON.stringify(['a', '한']) })
      .returning(['allowed_models as models', 'slug'])
      .execute()
    const joined = await db
      .selectFrom('classes')
      .innerJoin('classes as same', 'same.class_id', 'classes.class_id')
      .select(['classes.class_id', 'same.allowed_models'])
      .execute()
    const inTransaction = await db
      .transaction()
      .execute((tx) => tx.selectFrom('classes').select('allowed_models').execute())

    expect(written).toEqual([{ models: ['a', '한'], slug: 'practice' }])
    expect(joined).toEqual([{ class_id: 1, allowed_models: ['a', '한'] }])
    expect(inTransaction).toEqual([{ allowed_models: ['a', '한'] }])
  })

  it('keeps JSON that looks like a number, and null, what they are', async () => {
    const { db } = await open()
    const roundTrip = async (value: unknown) => {
      const set = db.updateTable('classes').set({ allowed_models: JSON.stringify(value) })
      return (await set.returning('allowed_models').executeTakeFirstOrThrow()).allowed_models
    }

    expect(await roundTrip(12)).toBe(12)
    expect(await roundTrip('12')).toBe('12')
    expect(await roundTrip(null)).toBe(null)
    await db.updateTable('classes').set({ allowed_models: null }).execute()
    expect(await db.selectFrom('classes').select('allowed_models').execute()).toEqual([{ allowed_models: null }])
  })

  it('returns large integers, counts and sums as numbers', async () => {
    const { db } = await open()
    await db
      .insertInto('id_blocks')
      .values({ name: 'large', next_id: 2 ** 53 - 1 })
      .execute()

    const row = await db
      .selectFrom('id_blocks')
      .select((select) => [
        select.fn.countAll().as('count'),
        select.fn.sum('next_id').as('sum'),
        select.fn.max('next_id').as('max'),
      ])
      .executeTakeFirstOrThrow()

    expect(row).toEqual({ count: 1, sum: 2 ** 53 - 1, max: 2 ** 53 - 1 })
  })

  it('says whether a failure was about a unique value', async () => {
    const { db } = await open()
    const insert = () => db.insertInto('servers').values(server('a')).execute()
    await insert()

    const inserted = await insert().catch((error) => error)
    const withoutTimes = await sql`insert into servers (server_id) values ('b')`.execute(db).catch((error) => error)

    expect(isUniqueViolation(inserted)).toBe(true)
    expect(withoutTimes).toBeInstanceOf(Error)
    expect(isUniqueViolation(withoutTimes)).toBe(false)
  })

  it('runs a batch as a whole or not at all', async () => {
    const database = await open()
    const insert = (id: string) => database.db.insertInto('servers').values(server(id)).compile()

    await database.batch([])
    await database.batch([insert('a')])
    await database.batch([insert('b'), insert('c')])
    const wrong = database.batch([insert('d'), insert('a'), insert('e')])
    const alongside = database.batch([insert('f'), insert('g')])

    await expect(wrong).rejects.toSatisfy(isUniqueViolation)
    await alongside
    expect(await serverIds(database)).toEqual(['a', 'b', 'c', 'f', 'g'])
  })

  it('undoes a transaction that throws', async () => {
    const database = await open()

    const failing = database.db.transaction().execute(async (tx) => {
      await tx.insertInto('servers').values(server('a')).execute()
      throw new Error('changed my mind')
    })

    await expect(failing).rejects.toThrow('changed my mind')
    expect(await serverIds(database)).toEqual([])
  })

  it('may be closed twice, and opened again with what was in it', async () => {
    const config = await newConfig()
    const first = await openDatabase(config)
    await first.db.insertInto('servers').values(server('a')).execute()
    await Promise.all([first.close(), first.close()])

    const second = await openDatabase(config)
    onTestFinished(() => second.close())

    expect(second.migrated).toEqual([])
    expect(second.kind).toBe(name)
    expect(await serverIds(second)).toEqual(['a'])
  })
})
