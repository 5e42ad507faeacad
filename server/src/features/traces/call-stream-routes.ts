import { Readable } from 'node:stream'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { formatFor } from './call-formats.ts'
import type { CallQueries } from './call-queries.ts'
import { CallsQueryRequest } from './query-schema.ts'
import { ThreadsQueryRequest } from './thread-schema.ts'
import type { ThreadService } from './thread-service.ts'

/** Calls as they are found, however many there are: a slow reader costs nothing but its place. */
export const callStreamRoutes =
  (queries: CallQueries, threads: ThreadService): FastifyPluginAsyncZod =>
  async (app) => {
    app.post(
      '/calls/stream_query',
      {
        schema: {
          tags: ['traces'],
          operationId: 'streamCalls',
          summary: 'The calls of a query: JSON lines, or by the Accept header a JSON list, CSV or TSV',
          body: CallsQueryRequest,
          response: { 200: z.string().describe('One call on each line, as `CallSchema` describes it.') },
        },
      },
      async ({ person, body, headers }, reply) => {
        const format = formatFor(headers.accept)
        const groups = await queries.stream(person, body)
        return reply.type(format.type).send(Readable.from(format.write(groups), { highWaterMark: 1 }) as never)
      },
    )

    app.post(
      '/threads/stream_query',
      {
        schema: {
          tags: ['traces'],
          operationId: 'streamThreads',
          summary: 'Conversations, told by their turns, as JSON lines',
          body: ThreadsQueryRequest,
          response: { 200: z.string().describe('One thread on each line.') },
        },
      },
      async ({ person, body }, reply) => {
        const found = await threads.query(person, body)
        const lines = found.map((thread) => `${JSON.stringify(thread)}\n`)
        return reply.type('application/jsonl').send(Readable.from(lines) as never)
      },
    )
  }
