import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { newTestFolder, testDatabases } from './db/testing.ts'
import { ScriptedModel } from './models/testing.ts'
import { appForTest } from './testing.ts'

const [sqlite] = testDatabases

async function application(options: Parameters<typeof appForTest>[2] = {}) {
  return appForTest(await sqlite.open(), [new ScriptedModel('one', [])], options)
}

describe('the application', () => {
  it('says that it lives and that it can serve, until it is told to stop', async () => {
    const { app, services } = await application()
    expect((await app.inject('/healthz')).json()).toEqual({ status: 'ok' })
    expect((await app.inject('/readyz')).statusCode).toBe(200)
    services.readiness.stopping()
    expect((await app.inject('/readyz')).json()).toMatchObject({ status: 'not ready' })
    expect((await app.inject('/healthz')).statusCode).toBe(200)
  })

  it('is not ready when its database does not answer', async () => {
    const { app, database } = await application()
    await database.close()
    expect((await app.inject('/readyz')).statusCode).toBe(503)
  })

  it('shows its metrics to this machine and to administrators only', async () => {
    const { app, person } = await application()
    const ada = await person('ada', { isAdmin: true })
    const mina = await person('mina')
    await mina.get('/models')
    const here = await app.inject('/metrics')
    expect(here.body).toContain('etude_http_requests_total{method="GET",route="/models",status="200"} 1')
    const fromAfar = (authorization: string) =>
      app.inject({ url: '/metrics', remoteAddress: '10.1.2.3', headers: { authorization } })
    expect((await fromAfar(mina.authorization)).statusCode).toBe(403)
    expect((await fromAfar(ada.authorization)).statusCode).toBe(200)
    const forwarded = await app.inject({ url: '/metrics', headers: { 'x-forwarded-for': '10.1.2.3' } })
    expect(forwarded.statusCode).toBe(403)
  })

  it('forbids browsers to load anything from elsewhere or to be framed', async () => {
    const { app } = await application()
    const { headers } = await app.inject('/healthz')
    expect(headers['content-security-policy']).toContain("default-src 'self'")
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'")
    expect(headers['x-content-type-options']).toBe('nosniff')
    expect(headers['strict-transport-security']).toBeUndefined()
  })

  it('limits how much one person may ask, and says when to come back', async () => {
    const { person } = await application({ requestsPerMinute: 3 })
    const mina = await person('mina')
    const jun = await person('jun')
    const replies = []
    for (let index = 0; index < 4; index++) replies.push(await mina.get('/models'))
    expect(replies.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 429])
    expect(replies[3]?.json()).toMatchObject({ detail: 'rate_limited' })
    expect(Number(replies[3]?.headers['retry-after'])).toBeGreaterThan(0)
    expect((await jun.get('/models')).statusCode).toBe(200)
  })

  it('describes its API and shows the description without other servers', async () => {
    const { app } = await application()
    const page = await app.inject('/docs')
    expect(page.body).not.toMatch(/https?:\/\//)
    for (const [, file] of page.body.matchAll(/(?:src|href)="([^"]+)"/g))
      expect((await app.inject(file ?? '')).statusCode).toBe(200)
    const description = (await app.inject('/openapi.json')).json()
    expect(description.paths).toHaveProperty('/user/practice/sessions/run')
  })

  it('serves the page for every address a browser opens, and JSON errors to programs', async () => {
    const web = newTestFolder()
    writeFileSync(join(web, 'index.html'), '<!doctype html><title>Etude</title>')
    const { app } = await application({ web })
    const open = (url: string) => app.inject({ url, headers: { accept: 'text/html,*/*' } })
    for (const url of ['/', '/sessions/7', '/sign-in']) expect((await open(url)).body).toContain('<title>Etude')
    expect((await app.inject('/sessions/7')).json()).toMatchObject({ detail: 'route_not_found' })
    expect((await open('/assets/../../../etc/passwd')).body).not.toContain('root:')
  })
})
