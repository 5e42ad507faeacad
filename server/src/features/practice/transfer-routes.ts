import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { ForkBody, RunQuery, SessionPath } from './schema.ts'
import type { SessionCopies } from './session-copies.ts'
import { SessionFile } from './session-file.ts'
import { toCsv, toMarkdown } from './session-text.ts'

/** A transcript of ten thousand turns is larger than other bodies. */
const MAX_FILE_BYTES = 64 * 1024 * 1024

const CreatedSchema = z.object({ session_id: z.int() }).meta({ id: 'CreatedSession' })

/** Forks, and sessions as files. */
export const transferRoutes =
  (copies: SessionCopies): FastifyPluginAsyncZod =>
  async (app) => {
    const tags = ['practice']

    app.post(
      '/user/practice/sessions/:session_id/fork',
      {
        schema: {
          tags,
          operationId: 'forkSession',
          summary: 'Open a session that begins as this one went up to a turn',
          params: SessionPath,
          body: ForkBody,
          response: { 201: CreatedSchema },
        },
      },
      async (request, reply) => {
        const { turn_id, title } = request.body
        const session_id = await copies.fork(request.person, request.params.session_id, turn_id, title ?? undefined)
        return reply.code(201).send({ session_id })
      },
    )

    app.post(
      '/user/practice/sessions/import',
      {
        bodyLimit: MAX_FILE_BYTES,
        schema: {
          tags,
          operationId: 'importSession',
          summary: 'Open a session from an exported JSON file',
          querystring: RunQuery,
          body: SessionFile,
          response: { 201: CreatedSchema },
        },
      },
      async (request, reply) => {
        const session_id = await copies.import(request.person, request.query.class_id, request.body)
        return reply.code(201).send({ session_id })
      },
    )

    app.get(
      '/user/practice/sessions/:session_id/export',
      {
        schema: {
          tags,
          operationId: 'exportSession',
          summary: 'A session with all its lanes as Markdown, JSON or CSV',
          params: SessionPath,
          querystring: z.object({ format: z.enum(['markdown', 'json', 'csv']).default('json') }),
          produces: ['application/json', 'text/markdown', 'text/csv'],
        },
      },
      async (request, reply) => {
        const { format } = request.query
        const { whole, file } = await copies.export(request.person, request.params.session_id)
        const { type, extension, content } = {
          json: () => ({ type: 'application/json', extension: 'json', content: JSON.stringify(file, null, 2) }),
          markdown: () => ({ type: 'text/markdown', extension: 'md', content: toMarkdown(whole) }),
          csv: () => ({ type: 'text/csv', extension: 'csv', content: toCsv(whole) }),
        }[format]()
        return reply
          .type(`${type}; charset=utf-8`)
          .header('content-disposition', `attachment; filename="session-${whole.session.sessionId}.${extension}"`)
          .send(content)
      },
    )
  }
