import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { invalidRequest } from '../weave/weave-error.ts'
import type { CallQueries } from './call-queries.ts'
import type { CallService } from './call-service.ts'
import { CallsStatsReply, CallsStatsRequest } from './query-schema.ts'
import {
  CallBatchReply,
  CallBatchRequest,
  CallEndRequest,
  CallReadReply,
  CallReadRequest,
  CallStartReply,
  CallStartRequest,
  CallsCompleteRequest,
  CallsDeleteReply,
  CallsDeleteRequest,
  CallUpdateRequest,
  Nothing,
  ProjectPath,
} from './schema.ts'

const tags = ['traces']

/** Calls of the Weave dialect, one by one and in batches; `call-stream-routes.ts` has the long replies. */
export const callRoutes =
  (calls: CallService, queries: CallQueries): FastifyPluginAsyncZod =>
  async (app) => {
    app.post(
      '/call/upsert_batch',
      {
        schema: {
          tags,
          operationId: 'upsertCalls',
          summary: 'Beginnings and ends of calls, all or nothing',
          body: CallBatchRequest,
          response: { 200: CallBatchReply },
        },
      },
      async ({ person, body }) => ({ res: await calls.upsertBatch(person, body.batch) }),
    )

    for (const [url, operationId] of [
      ['/call/start', 'startCall'],
      ['/v2/:entity/:project/call/start', 'startCallIn'],
    ] as const)
      app.post(
        url,
        {
          schema: {
            tags,
            operationId,
            summary: 'A call begins',
            ...(url !== '/call/start' && { params: ProjectPath }),
            body: CallStartRequest,
            response: { 200: CallStartReply },
          },
        },
        async ({ person, body, params }) => {
          checkProject(params, [body.start])
          return calls.start(person, body.start)
        },
      )

    for (const [url, operationId] of [
      ['/call/end', 'endCall'],
      ['/v2/:entity/:project/call/end', 'endCallIn'],
    ] as const)
      app.post(
        url,
        {
          schema: {
            tags,
            operationId,
            summary: 'A call ends; its beginning may come later',
            ...(url !== '/call/end' && { params: ProjectPath }),
            body: CallEndRequest,
            response: { 200: Nothing },
          },
        },
        async ({ person, body, params }) => {
          checkProject(params, [body.end])
          await calls.end(person, body.end)
          return {}
        },
      )

    app.post(
      '/v2/:entity/:project/calls/complete',
      {
        schema: {
          tags,
          operationId: 'completeCalls',
          summary: 'Calls that have ended, all or nothing',
          params: ProjectPath,
          body: CallsCompleteRequest,
          response: { 200: Nothing },
        },
      },
      async ({ person, body, params }) => {
        checkProject(params, body.batch)
        await calls.complete(person, body.batch)
        return {}
      },
    )

    app.post(
      '/call/read',
      {
        schema: {
          tags,
          operationId: 'readCall',
          summary: 'A call; null when there is none',
          body: CallReadRequest,
          response: { 200: CallReadReply },
        },
      },
      async ({ person, body }, reply) => {
        const call = await queries.read(person, body.project_id, body.id, body)
        // It is printed already.
        return reply.type('application/json; charset=utf-8').send(`{"call":${call ?? 'null'}}` as never)
      },
    )

    app.post(
      '/call/update',
      {
        schema: {
          tags,
          operationId: 'updateCall',
          summary: 'Rename a call',
          body: CallUpdateRequest,
          response: { 200: Nothing },
        },
      },
      async ({ person, body }) => {
        await calls.rename(person, body.project_id, body.call_id, body.display_name ?? null)
        return {}
      },
    )

    app.post(
      '/calls/delete',
      {
        schema: {
          tags,
          operationId: 'deleteCalls',
          summary: 'Remove calls and everything that they called',
          body: CallsDeleteRequest,
          response: { 200: CallsDeleteReply },
        },
      },
      async ({ person, body }) => ({ num_deleted: await calls.remove(person, body.project_id, body.call_ids) }),
    )

    app.post(
      '/calls/query_stats',
      {
        schema: {
          tags,
          operationId: 'countCalls',
          summary: 'How many calls a query finds, and how much is stored of them',
          body: CallsStatsRequest,
          response: { 200: CallsStatsReply },
        },
      },
      async ({ person, body }) => queries.stats(person, body),
    )
  }

/** @throws {WeaveError} when the path names another project than a body. */
function checkProject(params: unknown, bodies: readonly { project_id: string }[]): void {
  const { entity, project } = params as Partial<Record<'entity' | 'project', string>>
  const other = bodies.find(({ project_id }) => project_id !== `${entity}/${project}`)
  if (entity !== undefined && other)
    throw invalidRequest(`project_id must be ${entity}/${project}, not ${other.project_id}`)
}
