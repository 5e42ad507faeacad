import { describe, expect, it } from 'vitest'
import { testDatabases } from '../../db/testing.ts'
import { loadBetterAuth } from './better-auth.ts'
import type { Person } from './person.ts'
import { accountsForTest, TEST_SECRET, TestBrowser } from './testing.ts'

describe.each(testDatabases)('signing in on $name', ({ open }) => {
  it('keeps a browser signed in after the right password, until it signs out', async () => {
    const { app, errors, withPassword } = await signInTest(await open())
    await withPassword('mina', 'correct horse')
    const browser = new TestBrowser(app)

    const reply = await browser.signIn('mina', 'correct horse')

    expect(reply.json()).toEqual({
      person: { user_id: expect.any(Number), handle: 'mina', name: 'mina', is_admin: false },
    })
    expect(reply.headers['set-cookie']).toEqual([
      expect.stringMatching(/^etude\.session_token=[^;]+; Max-Age=2592000; Path=\/; HttpOnly; SameSite=Lax$/),
    ])
    expect((await browser.send({ url: '/user/me' })).json()).toEqual({
      person: { user_id: expect.any(Number), handle: 'mina', name: 'mina', is_admin: false },
      classes: [{ class_id: 1, slug: 'practice', name: 'Practice', status: 'active', role: 'student' }],
    })

    const kept = new Map(browser.cookies)
    expect((await browser.send({ method: 'POST', url: '/auth/sign-out' })).statusCode).toBe(204)
    expect(browser.cookies.size).toBe(0)
    for (const [name, value] of kept) browser.cookies.set(name, value)
    expect((await browser.send({ url: '/user/me' })).statusCode).toBe(401)
    expect(errors).toEqual([])
  })

  it('says the same to a wrong password, an unknown handle, and somebody without a password', async () => {
    const { app, people, withPassword } = await signInTest(await open())
    await withPassword('mina', 'correct horse')
    await people.create({ handle: 'no-password' })
    const browser = new TestBrowser(app)

    for (const [handle, password] of [
      ['mina', 'correct mule'],
      ['nobody', 'correct horse'],
      ['no-password', 'correct horse'],
      ['Mi na!', 'correct horse'],
    ] as const) {
      const reply = await browser.signIn(handle, password)
      expect([reply.statusCode, reply.json().detail]).toEqual([401, 'invalid_credentials'])
    }
    expect((await browser.signIn('mi\0na', 'correct horse')).statusCode).toBe(422)
    expect(browser.cookies.size).toBe(0)
  })

  it('lets nobody guess a password quickly, and a class sign in from one address meanwhile', async () => {
    const { app, withPassword } = await signInTest(await open())
    await withPassword('mina', 'correct horse')
    const browser = new TestBrowser(app)

    const guesses = []
    for (let guess = 0; guess < 12; guess++) guesses.push((await browser.signIn('mina', `guess ${guess}`)).statusCode)
    const others = await Promise.all(['joon', 'sora', 'haru'].map((handle) => browser.signIn(handle, 'correct horse')))

    expect(guesses).toEqual([...Array(10).fill(401), 429, 429])
    expect(others.map((reply) => reply.statusCode)).toEqual([401, 401, 401])
  })

  it('accepts a handle in capitals, and every handle that the command line accepts', async () => {
    const { app, withPassword } = await signInTest(await open())
    await withPassword('a', 'correct horse')
    await withPassword('min-a_b.c', 'correct horse')

    expect((await new TestBrowser(app).signIn('A', 'correct horse')).statusCode).toBe(200)
    expect((await new TestBrowser(app).signIn('min-a_b.c', 'correct horse')).statusCode).toBe(200)
  })

  it('signs a person out everywhere when they get a new password, which is then the only one', async () => {
    const { app, signIn, withPassword } = await signInTest(await open())
    const mina = await withPassword('mina', 'correct horse')
    const browser = new TestBrowser(app)
    await browser.signIn('mina', 'correct horse')

    await signIn.setPassword(mina, 'battery staple')

    expect((await browser.send({ url: '/user/me' })).statusCode).toBe(401)
    expect((await browser.signIn('mina', 'correct horse')).statusCode).toBe(401)
    expect((await browser.signIn('mina', 'battery staple')).statusCode).toBe(200)
    await expect(signIn.setPassword(mina, 'short')).rejects.toMatchObject({ code: 'invalid_password' })
    await expect(signIn.setPassword(mina, 'x'.repeat(129))).rejects.toMatchObject({ code: 'invalid_password' })
  })

  it('lets a link sign in once', async () => {
    const { app, people, links } = await signInTest(await open())
    const token = await links.create(await people.create({ handle: 'mina' }))
    const [browser, other] = [new TestBrowser(app), new TestBrowser(app)]

    expect((await browser.openLink(token)).json()).toMatchObject({ person: { handle: 'mina' } })
    expect((await browser.send({ url: '/user/me' })).statusCode).toBe(200)
    const again = await other.openLink(token)
    expect([again.statusCode, again.json().detail]).toEqual([401, 'link_invalid'])
    expect((await other.send({ url: '/user/me' })).statusCode).toBe(401)
  })

  it('lets one of two sign in that open a link at the same moment', async () => {
    const { app, people, links } = await signInTest(await open())
    const token = await links.create(await people.create({ handle: 'mina' }))

    const replies = await Promise.all(Array.from({ length: 6 }, () => new TestBrowser(app).openLink(token)))

    expect(replies.map((reply) => reply.statusCode).toSorted()).toEqual([200, 401, 401, 401, 401, 401])
  })

  it('makes one user of Better Auth for a person who opens two links at the same moment', async () => {
    const { app, people, links } = await signInTest(await open())
    const mina = await people.create({ handle: 'mina' })
    const tokens = [await links.create(mina), await links.create(mina), await links.create(mina)]

    const browsers = tokens.map(() => new TestBrowser(app))
    await Promise.all(browsers.map((browser, index) => browser.openLink(tokens[index]!)))

    for (const browser of browsers) expect((await browser.send({ url: '/user/me' })).statusCode).toBe(200)
  })

  it('refuses a link that is wrong or older than a day', async () => {
    const { app, people, links, clock } = await signInTest(await open())
    const token = await links.create(await people.create({ handle: 'mina' }))
    clock.now = new Date(clock.now.getTime() + 24 * 3600 * 1000)

    for (const tried of [token, 'wrong', `${token}x`]) {
      const reply = await new TestBrowser(app).openLink(tried)
      expect([reply.statusCode, reply.json().detail]).toEqual([401, 'link_invalid'])
    }
  })

  it('forgets a browser after thirty days', async () => {
    const { app, people, links, clock } = await signInTest(await open())
    const browser = new TestBrowser(app)
    await browser.openLink(await links.create(await people.create({ handle: 'mina' })))

    clock.now = new Date(Date.now() + 29 * 24 * 3600 * 1000)
    expect((await browser.send({ url: '/user/me' })).statusCode).toBe(200)
    clock.now = new Date(Date.now() + 31 * 24 * 3600 * 1000)
    expect((await browser.send({ url: '/user/me' })).statusCode).toBe(401)
  })

  it('takes no cookie that was changed, or signed with another secret', async () => {
    const { app, withPassword } = await signInTest(await open())
    await withPassword('mina', 'correct horse')
    const browser = new TestBrowser(app)
    await browser.signIn('mina', 'correct horse')
    const name = 'etude.session_token'
    const [token, signature] = browser.cookies.get(name)!.split('.') as [string, string]

    for (const value of [
      token,
      `${token}.`,
      `${token}x.${signature}`,
      `${token}.${signature.slice(0, -4)}AAA=`,
      '%E0%A4%A',
      '',
    ]) {
      browser.cookies.set(name, value)
      expect((await browser.send({ url: '/user/me' })).statusCode).toBe(401)
    }
  })

  it('makes sessions that Better Auth knows as its own', async () => {
    const database = await open()
    const { app, people, links } = await signInTest(database)
    const browser = new TestBrowser(app)
    await browser.openLink(await links.create(await people.create({ handle: 'mina', name: 'Mina' })))
    const [name, value] = [...browser.cookies][0]!

    const betterAuth = await loadBetterAuth(database, TEST_SECRET.deriveKey('sign-in').toString('base64url'), () => {})
    const session = await betterAuth.api.getSession({
      headers: new Headers({ cookie: `${name}=${encodeURIComponent(value)}` }),
    })

    expect(session?.user).toMatchObject({ username: 'mina', name: 'Mina', emailVerified: false })
    expect(session?.session.expiresAt.getTime()).toBeGreaterThan(Date.now() + 29 * 24 * 3600 * 1000)
    expect(session?.session.createdAt.getTime()).toBeGreaterThan(Date.now() - 60_000)
  })

  it('marks cookies as secure when the page was loaded over https', async () => {
    const { app, people, links } = await signInTest(await open())
    const token = await links.create(await people.create({ handle: 'mina' }))

    const reply = await new TestBrowser(app).openLink(token, { origin: 'https://etude.test' })

    expect(reply.headers['set-cookie']).toEqual([expect.stringMatching(/; Secure$/)])
  })

  it('refuses what another site sends with the cookie, or wants a browser to sign in with', async () => {
    const { app, people, links } = await signInTest(await open())
    const mina = await people.create({ handle: 'mina' })
    const browser = new TestBrowser(app)
    await browser.openLink(await links.create(mina))
    const make = (headers: Record<string, string | undefined>) =>
      browser.send({ method: 'POST', url: '/user/api-keys', payload: { name: 'mine' }, headers })

    for (const headers of [
      { origin: 'http://evil.test' },
      { origin: 'null' },
      { origin: 'http://etude.test:8080' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site', origin: 'http://etude.test' },
    ]) {
      const reply = await make(headers)
      expect([reply.statusCode, reply.json().detail]).toEqual([403, 'cross_origin'])
      expect((await browser.openLink(await links.create(mina), headers)).statusCode).toBe(403)
      expect((await browser.send({ url: '/user/me', headers })).statusCode).toBe(200)
    }
    expect((await make({ origin: 'http://ETUDE.test' })).statusCode).toBe(201)
    expect((await make({ origin: 'http://proxied.test', 'sec-fetch-site': 'same-origin' })).statusCode).toBe(201)
    expect((await make({ origin: undefined })).statusCode).toBe(201)
  })
})

async function signInTest(database: Parameters<typeof accountsForTest>[0]) {
  const accounts = await accountsForTest(database)
  const withPassword = async (handle: string, password: string): Promise<Person> => {
    const person = await accounts.people.create({ handle })
    await accounts.signIn.setPassword(person, password)
    return person
  }
  return { ...accounts, withPassword }
}
