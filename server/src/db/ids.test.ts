import { describe, expect, it, onTestFinished } from 'vitest'
import { openDatabase } from './open.ts'
import { testDatabases } from './testing.ts'

describe.each(testDatabases)('ids on $name', ({ name, open, newConfig }) => {
  it('begin at 1, and after what the migrations made', async () => {
    const { ids } = await open()

    expect(await ids.take('session')).toBe(1)
    expect(await ids.take('session')).toBe(2)
    expect(await ids.take('turn')).toBe(1)
    expect(await ids.take('class')).toBe(2)
  })

  it('are consecutive when several are taken', async () => {
    const { ids } = await open()

    const first = await ids.take('lane', 7)
    const second = await ids.take('lane', 5000)
    const third = await ids.take('lane')

    expect(second).toBeGreaterThanOrEqual(first + 7)
    expect(third).toBe(second + 5000)
    await expect(ids.take('lane', 0)).rejects.toThrow(RangeError)
  })

  it('are unique among many who take at once, on two servers', async () => {
    const config = await newConfig()
    const databases = [await openDatabase(config, undefined, 'tool'), await openDatabase(config, undefined, 'tool')]
    onTestFinished(async () => {
      for (const { close } of databases) await close()
    })

    const taken = await Promise.all(
      databases.flatMap(({ ids }) =>
        Array.from({ length: 1000 }, async (_, index) => {
          const count = (index % 3) + 1
          const first = await ids.take('response', count)
          return Array.from({ length: count }, (__, offset) => first + offset)
        }),
      ),
    )

    expect(new Set(taken.flat()).size).toBe(taken.flat().length)
  })

  it('need the database seldom', async () => {
    const { ids, db } = await open()

    for (let taken = 0; taken < 1000; taken++) await ids.take('turn')

    const { next_id } = await db
      .selectFrom('id_blocks')
      .select('next_id')
      .where('name', '=', 'turn')
      .executeTakeFirstOrThrow()
    expect(next_id, name).toBe(1 + 100 + 200 + 400 + 800)
  })

  it('can be taken again after the database failed', async () => {
    const config = await newConfig()
    const { ids, db, close } = await openDatabase(config)
    onTestFinished(close)
    await db.schema.alterTable('id_blocks').renameTo('elsewhere').execute()

    await expect(Promise.all([ids.take('turn'), ids.take('turn')])).rejects.toThrow('id_blocks')
    await db.schema.alterTable('elsewhere').renameTo('id_blocks').execute()

    expect(await ids.take('turn')).toBe(1)
  })
})
