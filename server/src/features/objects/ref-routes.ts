import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { RefReader } from './ref-reader.ts'
import { RefsReadReply, RefsReadRequest } from './schema.ts'

/** What refs stand for. */
export const refRoutes =
  (refs: RefReader): FastifyPluginAsyncZod =>
  async (app) => {
    app.post(
      '/refs/read_batch',
      {
        schema: {
          tags: ['weave objects'],
          operationId: 'readRefs',
          summary: 'Read what refs stand for',
          description:
            'In the order of the refs: objects, and what is inside them by `key`, `attr`, `index` and `id` (of a table’s row). A deleted object is null.',
          body: RefsReadRequest,
          response: { 200: RefsReadReply },
        },
      },
      async ({ person, body }) => ({ vals: await refs.readAll(person, body.refs) }),
    )
  }
