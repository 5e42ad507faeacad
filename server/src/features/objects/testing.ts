import { randomUUID } from 'node:crypto'
import type { InjectOptions } from 'fastify'
import type { Database } from '../../db/open.ts'
import { twoClasses } from '../classes/sharing-testing.ts'

type Reply = { status: number; body: ReturnType<typeof JSON.parse>; text: string; headers: Record<string, unknown> }

/** The application with two classes, and everybody as a client of Weave's. */
export async function weaveApp(database: Database) {
  const test = await twoClasses(database)
  const clientOf = ({ authorization }: { authorization: string }) => {
    const basic = `Basic ${Buffer.from(`api:${authorization.replace('Bearer ', '')}`).toString('base64')}`
    const ask = async (options: InjectOptions): Promise<Reply> => {
      const reply = await test.app.inject({ ...options, headers: { authorization: basic, ...options.headers } })
      const isJson = /^application\/json(;|$)/.test(String(reply.headers['content-type']))
      return {
        status: reply.statusCode,
        body: isJson ? JSON.parse(reply.body) : undefined,
        text: reply.body,
        headers: reply.headers,
      }
    }
    return {
      /** As the npm SDK does. */
      post: (url: string, body: object | string) =>
        ask({
          method: 'POST',
          url,
          headers: { 'content-type': 'application/json', 'user-agent': 'W&B Weave JS Client unknown' },
          payload: typeof body === 'string' ? body : JSON.stringify(body),
        }),
      /** As the Python client does: JSON without saying so, every optional field explicitly null. */
      python: (url: string, body: object | string) =>
        ask({
          method: 'POST',
          url,
          headers: { 'user-agent': 'python-httpx/0.28.1', 'x-weave-retry-id': randomUUID(), accept: '*/*' },
          payload: typeof body === 'string' ? body : JSON.stringify(body),
        }),
      put: (url: string, body: object) => ask({ method: 'PUT', url, payload: body }),
      get: (url: string) => ask({ method: 'GET', url }),
      remove: (url: string) => ask({ method: 'DELETE', url }),
      ask,
    }
  }
  const { tea, ann, sam, mina, otto, stranger } = test
  return {
    ...test,
    /** `entity/project` of the class that Tea teaches and Sam and Mina learn in. */
    classProject: `class-${test.ours}/demo`,
    as: {
      tea: clientOf(tea),
      ann: clientOf(ann),
      sam: clientOf(sam),
      mina: clientOf(mina),
      otto: clientOf(otto),
      stranger: clientOf(stranger),
    },
  }
}

export type WeaveClient = Awaited<ReturnType<typeof weaveApp>>['as']['sam']

/** A form as browsers and both SDKs send it. */
export function form(fields: [name: string, value: string | { type: string; content: Buffer }][]) {
  const boundary = `----formdata-${randomUUID()}`
  const parts = fields.map(([name, value]) => {
    const isText = typeof value === 'string'
    const head = isText
      ? `content-disposition: form-data; name="${name}"`
      : `content-disposition: form-data; name="${name}"; filename="blob"\r\ncontent-type: ${value.type}`
    return Buffer.concat([
      Buffer.from(`--${boundary}\r\n${head}\r\n\r\n`),
      isText ? Buffer.from(value) : value.content,
      Buffer.from('\r\n'),
    ])
  })
  return {
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    payload: Buffer.concat([...parts, Buffer.from(`--${boundary}--\r\n`)]),
  }
}
