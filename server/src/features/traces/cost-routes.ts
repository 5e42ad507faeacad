import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { CostQueries } from './cost-queries.ts'
import {
  CostCreateReply,
  CostCreateRequest,
  CostPurgeRequest,
  CostQueryReply,
  CostQueryRequest,
} from './cost-schema.ts'
import { Nothing } from './schema.ts'
import type { TokenCosts } from './token-costs.ts'

/** What the tokens of models cost in a project. */
export const costRoutes =
  (costs: TokenCosts, queries: CostQueries): FastifyPluginAsyncZod =>
  async (app) => {
    const tags = ['traces']

    app.post(
      '/cost/create',
      {
        schema: {
          tags,
          operationId: 'createCosts',
          summary: 'Say what the tokens of models cost, from a time on',
          body: CostCreateRequest,
          response: { 200: CostCreateReply },
        },
      },
      async ({ person, body }) => ({ ids: await costs.create(person, body.project_id, body.costs) }),
    )

    app.post(
      '/cost/query',
      {
        schema: {
          tags,
          operationId: 'queryCosts',
          summary: 'The costs that a project has set',
          body: CostQueryRequest,
          response: { 200: CostQueryReply },
        },
      },
      async ({ person, body }) => ({ results: await queries.query(person, body) }),
    )

    app.post(
      '/cost/purge',
      {
        schema: {
          tags,
          operationId: 'purgeCosts',
          summary: 'Remove costs by their ids',
          body: CostPurgeRequest,
          response: { 200: Nothing },
        },
      },
      async ({ person, body }) => {
        await queries.purge(person, body.project_id, body.query.$expr)
        return {}
      },
    )
  }
