import { describe, expect, it } from 'vitest'
import { openDatabase } from '../../db/open.ts'
import { testDatabases } from '../../db/testing.ts'
import { firstStart } from './first-start.ts'
import { accountsForTest, TestBrowser } from './testing.ts'

describe.each(testDatabases)('starting on $name', ({ name, open, newConfig }) => {
  it('makes an admin who teaches the first class, with a key and a link, the first time only', async () => {
    const accounts = await accountsForTest(await open())
    const { app, clock } = accounts
    clock.now = new Date()

    const first = await firstStart(accounts)
    const second = await firstStart(accounts)

    const me = await app.inject({ url: '/user/me', headers: { authorization: `Bearer ${first?.apiKey}` } })
    expect(me.json()).toMatchObject({
      person: { handle: 'admin', is_admin: true },
      classes: [{ class_id: 1, role: 'teacher' }],
    })
    expect(second).toEqual({ admin: first?.admin, signInToken: expect.any(String), apiKey: undefined })
    for (const token of [first!.signInToken, second!.signInToken])
      expect((await new TestBrowser(app).openLink(token)).statusCode).toBe(200)
  })

  it('makes the admin beside people who were added before the first start', async () => {
    const accounts = await accountsForTest(await open())
    await accounts.people.create({ handle: 'mina' })

    expect(await firstStart(accounts)).toMatchObject({ admin: { handle: 'admin' }, apiKey: expect.any(String) })
  })

  it('signs in the admin who was added before the first start', async () => {
    const accounts = await accountsForTest(await open())
    await accounts.people.create({ handle: 'mina', isAdmin: true })

    expect(await firstStart(accounts)).toMatchObject({ admin: { handle: 'mina' }, apiKey: undefined })
  })

  it.runIf(name === 'postgres')('makes one admin and one key when several servers start at once', async () => {
    const config = await newConfig()
    const databases = await Promise.all([1, 2, 3, 4].map(() => openDatabase(config)))

    const welcomes = await Promise.all(databases.map(async (database) => firstStart(await accountsForTest(database))))

    expect(new Set(welcomes.map((welcome) => welcome?.admin.personId)).size).toBe(1)
    expect(welcomes.filter((welcome) => welcome?.apiKey)).toHaveLength(1)
    await Promise.all(databases.map((database) => database.close()))
  })
})
