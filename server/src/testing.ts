import { join } from 'node:path'
import { pino } from 'pino'
import { onTestFinished } from 'vitest'
import { createApp } from './app.ts'
import { loadConfig } from './config.ts'
import type { Database } from './db/open.ts'
import { newTestFolder } from './db/testing.ts'
import type { ModelCatalog } from './features/catalog/catalog.ts'
import { scriptedCatalog } from './features/catalog/testing.ts'
import type { ScriptedModel } from './models/testing.ts'
import { createServices } from './services.ts'

/** The whole application on a database, with scripted models in place of vendors, and people to use it. */
export async function appForTest(
  database: Database,
  models: readonly ScriptedModel[],
  {
    requestsPerMinute = 0,
    titleModel,
    web = newTestFolder(),
    catalog = scriptedCatalog(models),
    outboundAllow = [],
  }: {
    requestsPerMinute?: number
    titleModel?: string
    web?: string
    catalog?: ModelCatalog
    /** Private origins that skills may call. */
    outboundAllow?: string[]
  } = {},
) {
  const log = pino({ level: 'silent' })
  const config = {
    ...loadConfig({ ETUDE_DATA: newTestFolder() }),
    requestsPerMinute,
    titleModel,
    outbound: { allow: outboundAllow },
  }
  const services = await createServices(config, database, { log, catalog })
  const root = join(import.meta.dirname, '../..')
  const swaggerUi = join(root, 'node_modules/@fastify/swagger-ui/static')
  const files = { openapi: join(root, 'openapi.json'), web, swaggerUi }
  const app = await createApp(services, { config, files, log })
  onTestFinished(async () => {
    await services.runs.shutdown(0)
    await app.close()
    await services.gateway.settled()
    await services.traces.recorder.settled()
  })

  /** Somebody with a key, who sends requests with it. */
  async function person(handle: string, { isAdmin = false } = {}) {
    const created = await services.accounts.people.create({ handle, isAdmin })
    const { key } = await services.accounts.apiKeys.create(created, { name: 'test' })
    const authorization = `Bearer ${key}`
    const send =
      (method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE') =>
      (url: string, body?: object, headers: Record<string, string> = {}) =>
        app.inject({ method, url, headers: { authorization, ...headers }, ...(body && { payload: body }) })
    return {
      somebody: created,
      authorization,
      get: (url: string, headers?: Record<string, string>) => send('GET')(url, undefined, headers),
      post: send('POST'),
      put: send('PUT'),
      patch: send('PATCH'),
      remove: send('DELETE'),
    }
  }

  return { app, services, database, person }
}

/** One server-sent event as a client sees it. */
export type SentEvent = { id: number; type: string; data: Record<string, unknown> }

export function parseEvents(body: string): SentEvent[] {
  return body
    .split('\n\n')
    .filter((part) => part.includes('event: '))
    .map((part) => ({
      id: Number(/^id: (\d+)$/m.exec(part)?.[1]),
      type: /^event: (.+)$/m.exec(part)?.[1] ?? '',
      data: JSON.parse(/^data: (.+)$/m.exec(part)?.[1] ?? 'null'),
    }))
}

/** Asks over real HTTP, reads the first event and leaves, as a browser does that is closed. */
export async function askAndLeave(
  {
    app,
    authorization,
    path = '/user/practice/sessions/run?class_id=1',
  }: { app: Awaited<ReturnType<typeof createApp>>; authorization: string; path?: string },
  body: object,
): Promise<{ session_id: number; turn_id: number; lanes: { response_id: number }[] }> {
  const url = app.server.listening ? urlOf(app) : await app.listen({ port: 0, host: '127.0.0.1' })
  const leaving = new AbortController()
  const reply = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify(body),
    signal: leaving.signal,
  })
  const first = await reply.body?.getReader().read()
  leaving.abort()
  return parseEvents(Buffer.from(first?.value ?? '').toString())[0]?.data as Awaited<ReturnType<typeof askAndLeave>>
}

function urlOf(app: Awaited<ReturnType<typeof createApp>>): string {
  const address = app.server.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
}
