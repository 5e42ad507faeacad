import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { orDefault } from '../weave/fields.ts'
import type { GraphqlService } from './graphql-service.ts'
import type { ProjectInfoService } from './project-service.ts'

const tags = ['weave server']
const Included = orDefault(z.boolean(), true)
const Bytes = z.int().meta({ description: '0 when it was not asked for' })

/** Projects as a whole, and as much GraphQL as the SDKs need to find or make one. */
export const projectInfoRoutes =
  (projects: ProjectInfoService, graphql: GraphqlService): FastifyPluginAsyncZod =>
  async (app) => {
    app.post(
      '/project/stats',
      {
        schema: {
          tags,
          operationId: 'getWeaveProjectStats',
          summary: 'How much a project takes',
          body: z.object({
            project_id: z.string(),
            include_trace_storage_size: Included,
            include_object_storage_size: Included,
            include_table_storage_size: Included,
            include_file_storage_size: Included,
          }),
          response: {
            200: z.object({
              trace_storage_size_bytes: Bytes,
              objects_storage_size_bytes: Bytes,
              tables_storage_size_bytes: Bytes,
              files_storage_size_bytes: Bytes,
            }),
          },
        },
      },
      async ({ person, body }) => {
        const bytes = await projects.stats(person, body.project_id, {
          trace: body.include_trace_storage_size,
          objects: body.include_object_storage_size,
          tables: body.include_table_storage_size,
          files: body.include_file_storage_size,
        })
        return {
          trace_storage_size_bytes: bytes.trace,
          objects_storage_size_bytes: bytes.objects,
          tables_storage_size_bytes: bytes.tables,
          files_storage_size_bytes: bytes.files,
        }
      },
    )

    app.post(
      '/service/projects_info',
      {
        schema: {
          tags,
          operationId: 'getWeaveProjectsInfo',
          summary: 'What projects are called inside the server',
          description: 'Clients that compute digests need it. Projects that are not there or not yours are left out.',
          body: z.object({ project_ids: z.array(z.string()).max(1_000) }),
          response: { 200: z.array(z.object({ external_project_id: z.string(), internal_project_id: z.string() })) },
        },
      },
      async ({ person, body }) =>
        (await projects.internalIds(person, body.project_ids)).map(({ name, internalId }) => ({
          external_project_id: name,
          internal_project_id: internalId,
        })),
    )

    app.post(
      '/graphql',
      {
        schema: {
          tags,
          operationId: 'askGraphql',
          summary: 'Who I am, and projects, in GraphQL',
          description: 'Only `viewer`, `project` and `upsertModel`, which the Weave SDKs use before they trace.',
          body: z.object({
            query: z.string().max(100_000),
            variables: orDefault(z.record(z.string(), z.unknown()), {}),
            operationName: z.string().nullish(),
          }),
          response: {
            200: z.object({
              data: z.record(z.string(), z.unknown()).nullable(),
              errors: z.array(z.object({ message: z.string(), path: z.array(z.string()).optional() })).optional(),
            }),
          },
        },
      },
      ({ person, body }) => graphql.answer(person, body.query, body.variables),
    )
  }
