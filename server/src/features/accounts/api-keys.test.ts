import { describe, expect, it } from 'vitest'
import { testDatabases } from '../../db/testing.ts'
import { accountsForTest, TestBrowser } from './testing.ts'

describe.each(testDatabases)('API keys on $name', ({ open }) => {
  it('speak for their owner in each of the three headers', async () => {
    const { app, people, apiKeys } = await accountsForTest(await open())
    const { key } = await apiKeys.create(await people.create({ handle: 'mina' }), { name: 'mine' })

    for (const headers of headersWith(key)) {
      const reply = await app.inject({ url: '/user/me', headers })
      expect([reply.statusCode, reply.json().person?.handle]).toEqual([200, 'mina'])
    }
  })

  it('are refused when wrong, expired or revoked, in each of the three headers', async () => {
    const { app, people, apiKeys, clock } = await accountsForTest(await open())
    const mina = await people.create({ handle: 'mina' })
    const expiring = await apiKeys.create(mina, { name: 'short', expiresAt: new Date(clock.now.getTime() + 60_000) })
    const revoked = await apiKeys.create(mina, { name: 'revoked' })
    const statuses = async (key: string) =>
      Promise.all(headersWith(key).map(async (headers) => (await app.inject({ url: '/user/me', headers })).statusCode))

    expect(await statuses(expiring.key)).toEqual([200, 200, 200])
    expect(await statuses(revoked.key)).toEqual([200, 200, 200])
    clock.now = new Date(clock.now.getTime() + 60_000)
    await apiKeys.revoke(mina, revoked.apiKeyId)

    expect(await statuses(expiring.key)).toEqual([401, 401, 401])
    expect(await statuses(revoked.key)).toEqual([401, 401, 401])
    expect(await statuses('etude_of-a-stranger')).toEqual([401, 401, 401])
    expect((await app.inject({ url: '/user/me' })).json()).toEqual({
      detail: 'unauthorized',
      message: expect.any(String),
    })
  })

  it('are refused when wrong even in a browser that is signed in', async () => {
    const { app, people, links } = await accountsForTest(await open())
    const browser = new TestBrowser(app)
    await browser.openLink(await links.create(await people.create({ handle: 'mina' })))

    for (const headers of [...headersWith('wrong'), { authorization: 'Digest abc' }, { authorization: 'Bearer' }])
      expect((await browser.send({ url: '/user/me', headers })).statusCode).toBe(401)
  })

  it('need no origin, and win over the cookie', async () => {
    const { app, people, apiKeys, links } = await accountsForTest(await open())
    const browser = new TestBrowser(app)
    await browser.openLink(await links.create(await people.create({ handle: 'mina' })))
    const { key } = await apiKeys.create(await people.create({ handle: 'joon' }), { name: 'mine' })

    const reply = await browser.send({
      method: 'POST',
      url: '/user/api-keys',
      payload: { name: 'second' },
      headers: { authorization: `bearer ${key}`, origin: 'http://elsewhere.test' },
    })

    expect(reply.statusCode).toBe(201)
    expect(await apiKeys.list(await people.getByHandle('joon'))).toHaveLength(2)
  })

  it('are shown once, listed by their first characters, and ended by their owner only', async () => {
    const { app, people, apiKeys } = await accountsForTest(await open())
    const asOwner = await withKeyOf('mina')
    const asOther = await withKeyOf('joon')

    const made = (
      await app.inject({
        method: 'POST',
        url: '/user/api-keys',
        headers: asOwner,
        payload: { name: 'lab', expires_at: '2100-01-01T00:00:00+09:00' },
      })
    ).json()
    const listed = (await app.inject({ url: '/user/api-keys', headers: asOwner })).json()

    expect(made.key).toMatch(/^etude_[A-Za-z0-9_-]{43}$/)
    expect(made).toMatchObject({ name: 'lab', expires_at: '2099-12-31T15:00:00.000Z', revoked_at: null })
    const { key, ...shown } = made
    expect(listed.items).toContainEqual(shown)
    expect(JSON.stringify(listed)).not.toContain(key)
    expect(shown.hint).toBe(`${key.slice(0, 10)}…`)

    const remove = (headers: Record<string, string>) =>
      app.inject({ method: 'DELETE', url: `/user/api-keys/${made.api_key_id}`, headers })
    const refused = await remove(asOther)
    expect([refused.statusCode, refused.json().detail]).toEqual([404, 'api_key_not_found'])
    expect((await app.inject({ url: '/user/api-keys', headers: asOther })).json().items).toHaveLength(1)
    expect((await remove(asOwner)).statusCode).toBe(204)
    expect((await remove(asOwner)).statusCode).toBe(204)
    expect((await app.inject({ url: '/user/me', headers: { authorization: `Bearer ${key}` } })).statusCode).toBe(401)

    async function withKeyOf(handle: string) {
      const { key } = await apiKeys.create(await people.create({ handle }), { name: 'first' })
      return { authorization: `Bearer ${key}` }
    }
  })

  it('are refused with a reason when they make no sense', async () => {
    const { app, people, apiKeys } = await accountsForTest(await open())
    const { key } = await apiKeys.create(await people.create({ handle: 'mina' }), { name: 'first' })
    const make = async (payload: object) => {
      const headers = { authorization: `Bearer ${key}` }
      const reply = await app.inject({ method: 'POST', url: '/user/api-keys', headers, payload })
      return [reply.statusCode, reply.json().detail]
    }

    expect(await make({ name: 'old', expires_at: '2020-01-01T00:00:00Z' })).toEqual([400, 'invalid_expires_at'])
    expect(await make({ name: 'a\0b' })).toEqual([422, [expect.objectContaining({ loc: ['body', 'name'] })]])
    expect(await make({ name: '   ' })).toEqual([422, [expect.objectContaining({ loc: ['body', 'name'] })]])
    expect(await make({ name: 'x', key: 'mine' })).toEqual([422, [expect.objectContaining({ loc: ['body', 'key'] })]])
    expect(await make({})).toEqual([422, [expect.objectContaining({ type: 'missing', loc: ['body', 'name'] })]])
  })

  it('can be given by hand, exactly', async () => {
    const { app, people, apiKeys } = await accountsForTest(await open())
    const mina = await people.create({ handle: 'mina' })

    for (const key of ['k', 'a:b:c', 'nv-0123456789abcdef', '!"#~'.repeat(128)]) {
      const made = await apiKeys.create(mina, { name: 'by hand', key })
      expect(made.hint.length).toBeLessThanOrEqual(Math.max(1, key.length / 4 + 1))
      for (const headers of headersWith(key))
        expect((await app.inject({ url: '/user/me', headers })).statusCode).toBe(200)
    }
    for (const key of ['', 'two words', 'ключ', 'x'.repeat(513), 'line\nbreak'])
      await expect(apiKeys.create(mina, { name: 'x', key })).rejects.toMatchObject({ code: 'invalid_key' })
    const joon = await people.create({ handle: 'joon' })
    await expect(apiKeys.create(joon, { name: 'x', key: 'k' })).rejects.toMatchObject({ code: 'key_taken' })
  })
})

function headersWith(key: string): Record<string, string>[] {
  return [
    { authorization: `Bearer ${key}` },
    { authorization: `Basic ${Buffer.from(`api:${key}`).toString('base64')}` },
    { 'x-ncp-clovastudio-api-key': key },
  ]
}
