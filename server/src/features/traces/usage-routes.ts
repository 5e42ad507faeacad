import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { CallsUsageRequest, TraceUsageRequest, UsageReply } from './usage-schema.ts'
import type { UsageService } from './usage-service.ts'

/** Tokens and money of calls and of all that they called. */
export const usageRoutes =
  (usage: UsageService): FastifyPluginAsyncZod =>
  async (app) => {
    const tags = ['traces']

    app.post(
      '/trace/usage',
      {
        schema: {
          tags,
          operationId: 'traceUsage',
          summary: 'What each call of a query used, together with what it called',
          body: TraceUsageRequest,
          response: { 200: UsageReply },
        },
      },
      async ({ person, body }) => usage.ofTrace(person, body),
    )

    app.post(
      '/calls/usage',
      {
        schema: {
          tags,
          operationId: 'callsUsage',
          summary: 'What some calls used, together with everything below them',
          body: CallsUsageRequest,
          response: { 200: UsageReply },
        },
      },
      async ({ person, body }) => usage.ofCalls(person, body),
    )
  }
