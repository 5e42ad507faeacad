import Fastify from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { describe, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { AppError, NotFoundError } from '../../errors.ts'
import { AnyJson, JsonObject, orDefault, orNull } from './fields.ts'
import { invalidRequest, ProjectNotFoundError, WeaveError } from './weave-error.ts'
import { weaveRoutes } from './weave-plugin.ts'

const Body = z.strictObject({
  project_id: z.string(),
  payload: JsonObject,
  value: AnyJson,
  limit: orNull(z.int().min(0)),
  ratings: orDefault(z.record(z.string(), z.number()), {}),
  direction: orNull(z.enum(['asc', 'desc'])),
})

describe('the Weave dialect', () => {
  it.each([
    ['no Content-Type', undefined],
    ['another Content-Type', 'text/plain'],
    ['its own Content-Type', 'application/json'],
  ])('reads JSON with %s, and numbers come back as they were', async (_, type) => {
    const { send } = await app()
    const text =
      '{"project_id":"a/b","payload":{"n":9007199254740993,"f":1.0,"__proto__":1},"value":1.0,"limit":5.0,"ratings":{"x":1.0},"direction":null}'
    const reply = await send(text, type)
    expect(reply.statusCode).toBe(200)
    expect(reply.body).toBe(
      '{"payload":{"n":9007199254740993,"f":1.0,"__proto__":1},"value":1.0,"limit":5,"ratings":{"x":1},"direction":null}',
    )
  })

  it('takes null for every optional field', async () => {
    const { send } = await app()
    const reply = await send(
      '{"project_id":"a/b","payload":{},"value":null,"limit":null,"ratings":null,"direction":null}',
    )
    expect(reply.json()).toEqual({ payload: {}, value: null, limit: null, ratings: {}, direction: null })
  })

  it.each([
    ['{"project_id":"a/b"}', { type: 'missing', loc: ['body', 'payload'], msg: 'Field required' }],
    [
      '{"project_id":"a/b","payload":{},"more":1.0}',
      { type: 'extra_forbidden', loc: ['body', 'more'], msg: 'Extra inputs are not permitted', input: 1 },
    ],
    ['{"project_id":"a/b","payload":[1.0]}', { type: 'dict_type', loc: ['body', 'payload'], input: [1] }],
    ['{"project_id":"a/b","payload":null}', { type: 'dict_type', loc: ['body', 'payload'] }],
    ['{"project_id":5,"payload":{}}', { type: 'string_type', loc: ['body', 'project_id'], input: 5 }],
    [
      '{"project_id":"a/b","payload":{},"direction":"ASC"}',
      { type: 'literal_error', msg: "Input should be 'asc' or 'desc'" },
    ],
    ['{"project_id":', { type: 'json_invalid', loc: ['body', 14], msg: 'JSON decode error' }],
    ['', { type: 'missing', loc: ['body'] }],
  ])('answers %s with 422 in FastAPI’s words', async (body, problem) => {
    const { send } = await app()
    const reply = await send(body)
    expect(reply.statusCode).toBe(422)
    expect(reply.json().detail[0]).toMatchObject(problem)
  })

  it.each([
    [invalidRequest('No.'), 400, { reason: 'No.', error_type: 'InvalidRequest' }],
    [
      new WeaveError(404, 'ObjectDeletedError', 'Gone', { deleted_at: 'now' }),
      404,
      { reason: 'Gone', error_type: 'ObjectDeletedError', deleted_at: 'now' },
    ],
    [new ProjectNotFoundError(), 403, { detail: 'Project not found' }],
    [new AppError('unauthorized', 'unauthorized', 'Sign in.'), 401, { detail: 'Not authenticated' }],
    [new NotFoundError('thing', 1), 404, { reason: 'The thing 1 was not found.', error_type: 'NotFoundError' }],
    [new Error('with a secret'), 500, { reason: 'Internal server error' }],
    [new AppError('unavailable', 'storage_unavailable', 'the disk'), 502, { reason: 'Temporary backend error' }],
  ])('says %s in its own form', async (error, status, body) => {
    const { send } = await app(() => {
      throw error
    })
    const reply = await send('{"project_id":"a/b","payload":{}}')
    expect([reply.statusCode, reply.json()]).toEqual([status, body])
  })

  it('takes 32 MiB and no more, and no JSON that is nested too deeply', async () => {
    const { send } = await app()
    const large = await send(`{"project_id":"a/b","payload":{"x":"${'x'.repeat(33 * 1024 * 1024)}"}}`)
    expect([large.statusCode, large.json()]).toEqual([
      413,
      { reason: 'Request too large', error_type: 'RequestTooLarge' },
    ])
    const nested = (depth: number) => `{"project_id":"a/b","payload":{"x":${'['.repeat(depth)}${']'.repeat(depth)}}}`
    expect((await send(nested(490))).statusCode).toBe(200)
    for (const depth of [600, 100_000]) {
      const reply = await send(nested(depth))
      expect([reply.statusCode, reply.json().reason]).toEqual([400, 'The JSON is nested more than 500 levels deep'])
    }
  })
})

async function app(handle: (body: z.output<typeof Body>) => object = ({ project_id: _, ...body }) => body) {
  const routes: FastifyPluginAsyncZod = async (instance) => {
    instance.post(
      '/echo',
      { schema: { body: Body, response: { 200: Body.omit({ project_id: true }) } } },
      async (request) => handle(request.body) as z.output<typeof Body>,
    )
  }
  const fastify = Fastify()
  await fastify.register(weaveRoutes([routes]))
  onTestFinished(() => fastify.close())
  const send = (body: string, type?: string) =>
    fastify.inject({
      method: 'POST',
      url: '/echo',
      payload: body,
      headers: type === undefined ? {} : { 'content-type': type },
    })
  return { send }
}
