import { Readable } from 'node:stream'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Person } from '../accounts/person.ts'
import { FORMATS, type LineGroups } from './call-formats.ts'
import { ProjectPath } from './schema.ts'

/** Everything of one kind in a project that a person may read, the oldest first. */
export type ExportSource = (person: Person, projectName: string) => Promise<LineGroups>

const ExportQuery = z.object({
  format: z.enum(['jsonl', 'json', 'csv', 'tsv', 'parquet']).default('jsonl').describe('JSON in cells stays JSON.'),
})

/** Whole projects as files, written as they are read: of no size that a server could not hold. */
export const exportRoutes =
  (sources: { calls: ExportSource; feedback: ExportSource }): FastifyPluginAsyncZod =>
  async (app) => {
    for (const [what, operationId] of [
      ['calls', 'exportCalls'],
      ['feedback', 'exportFeedback'],
    ] as const)
      app.get(
        `/v2/:entity/:project/${what}/export`,
        {
          schema: {
            tags: ['traces'],
            operationId,
            summary: `All ${what} of a project as a file: JSON lines, JSON, CSV, TSV or Parquet`,
            params: ProjectPath,
            querystring: ExportQuery,
            response: { 200: z.string().describe('The file.') },
          },
        },
        async ({ person, params: { entity, project }, query: { format } }, reply) => {
          const { type, write } = FORMATS[format]
          const groups = await sources[what](person, `${entity}/${project}`)
          const name = `${project}-${what}.${format}`.replaceAll(/[^\w.-]+/g, '_')
          return reply
            .type(type)
            .header('content-disposition', `attachment; filename="${name}"`)
            .send(Readable.from(write(groups), { highWaterMark: 1 }) as never)
        },
      )
  }
