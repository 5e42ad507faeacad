import type { Database } from '../../db/open.ts'
import { appForTest } from '../../testing.ts'

/** The application with two people, and short ways to send what the Weave SDKs send. */
export async function tracesApp(database: Database) {
  const test = await appForTest(database, [])
  const ada = client(test.app, await test.person('ada'))
  const bob = client(test.app, await test.person('bob'))
  return { ...test, ada, bob }
}

type TestApp = Awaited<ReturnType<typeof appForTest>>

function client(app: TestApp['app'], person: Awaited<ReturnType<TestApp['person']>>) {
  /** The reply as JSON; anything but 200 fails. */
  const post = async (url: string, body: object) => {
    const reply = await person.post(url, body)
    if (reply.statusCode !== 200) throw new Error(`${url}: ${reply.statusCode} ${reply.body}`)
    return reply.json()
  }
  return {
    ...person,
    ok: post,
    /** A body as it is, without a Content-Type, as the Python client sends it. */
    raw: (url: string, payload: string) =>
      app.inject({ method: 'POST', url, headers: { authorization: person.authorization }, payload }),
    /** The calls of a query. */
    calls: async (body: object) => {
      const reply = await person.post('/calls/stream_query', { project_id: PROJECT, ...body })
      if (reply.statusCode !== 200) throw new Error(`calls: ${reply.statusCode} ${reply.body}`)
      return reply.body
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line))
    },
    read: async (id: string, body: object = {}) =>
      (await post('/call/read', { project_id: PROJECT, id, ...body })).call,
    upsert: (batch: object[]) => post('/call/upsert_batch', { batch }),
  }
}

export const PROJECT = 'ada/tests'

export function startOf(id: string, more: object = {}) {
  return {
    mode: 'start',
    req: {
      start: {
        project_id: PROJECT,
        id,
        op_name: 'predict',
        trace_id: 'trace-1',
        started_at: '2026-11-25T10:00:00.000Z',
        attributes: {},
        inputs: {},
        ...more,
      },
    },
  }
}

export function endOf(id: string, more: object = {}) {
  return {
    mode: 'end',
    req: {
      end: { project_id: PROJECT, id, ended_at: '2026-11-25T10:00:01.500Z', output: null, summary: {}, ...more },
    },
  }
}
