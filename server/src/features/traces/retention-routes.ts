import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Retention } from './retention.ts'
import { ProjectPath } from './schema.ts'

const MOST_DAYS = 36_500

const RetentionSchema = z
  .object({ days: z.int().min(1).max(MOST_DAYS).nullable().describe('Null keeps calls for ever.') })
  .meta({ id: 'TraceRetention' })

const PATH = '/v2/:entity/:project/retention'

/** For how long a project keeps its calls and what people said about them. */
export const retentionRoutes =
  (retention: Retention): FastifyPluginAsyncZod =>
  async (app) => {
    app.get(
      PATH,
      {
        schema: {
          tags: ['traces'],
          operationId: 'getTraceRetention',
          summary: 'For how many days a project keeps its calls',
          params: ProjectPath,
          response: { 200: RetentionSchema },
        },
      },
      async ({ person, params: { entity, project } }) => ({
        days: await retention.days(person, `${entity}/${project}`),
      }),
    )

    app.put(
      PATH,
      {
        schema: {
          tags: ['traces'],
          operationId: 'setTraceRetention',
          summary:
            'Say for how many days a project keeps its calls; older ones go within some hours, or when "etude prune" runs',
          params: ProjectPath,
          body: RetentionSchema,
          response: { 200: RetentionSchema },
        },
      },
      async ({ person, params: { entity, project }, body }) => {
        await retention.set(person, `${entity}/${project}`, body.days)
        return body
      },
    )
  }
