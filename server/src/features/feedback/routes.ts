import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import {
  FeedbackBatchBody,
  FeedbackBatchCreated,
  FeedbackCreateBody,
  FeedbackCreated,
  FeedbackPage,
  FeedbackPurgeBody,
  FeedbackQueryBody,
  FeedbackReplaceBody,
  Purged,
  toCreated,
  toDraft,
} from './schema.ts'
import type { FeedbackService } from './service.ts'

/** Feedback as Weave's clients store and read it; mounted by the dialect's plugin. */
export const feedbackRoutes =
  (feedback: FeedbackService): FastifyPluginAsyncZod =>
  async (app) => {
    const tags = ['weave feedback']

    app.post(
      '/feedback/create',
      {
        schema: {
          tags,
          operationId: 'createFeedback',
          summary: 'Say something about a call or an object',
          body: FeedbackCreateBody,
          response: { 200: FeedbackCreated },
        },
      },
      async ({ person, body }) => toCreated(await feedback.create(person, body.project_id, toDraft(body))),
    )

    app.post(
      '/feedback/batch/create',
      {
        schema: {
          tags,
          operationId: 'createFeedbackBatch',
          summary: 'Store several pieces of feedback, all or none',
          body: FeedbackBatchBody,
          response: { 200: FeedbackBatchCreated },
        },
      },
      async ({ person, body }) => {
        const items = body.batch.map((item) => ({ projectName: item.project_id, draft: toDraft(item) }))
        return { res: (await feedback.createAll(person, items)).map(toCreated) }
      },
    )

    app.post(
      '/feedback/query',
      {
        schema: {
          tags,
          operationId: 'queryFeedback',
          summary: 'Find feedback',
          body: FeedbackQueryBody,
          response: { 200: FeedbackPage },
        },
      },
      async ({ person, body }, reply) => {
        const page = await feedback.query(person, {
          projectName: body.project_id,
          fields: body.fields,
          operation: body.query?.$expr ?? null,
          sortBy: body.sort_by,
          limit: body.limit,
          offset: body.offset,
        })
        // It is JSON already.
        return reply.type('application/json; charset=utf-8').send(page as never)
      },
    )

    app.post(
      '/feedback/purge',
      {
        schema: {
          tags,
          operationId: 'purgeFeedback',
          summary: 'Remove feedback by its ids',
          description: 'The query is `$eq` of the field `id` and a text, or an `$or` of such.',
          body: FeedbackPurgeBody,
          response: { 200: Purged },
        },
      },
      async ({ person, body }) => {
        await feedback.purge(person, body.project_id, body.query.$expr)
        return {}
      },
    )

    app.post(
      '/feedback/replace',
      {
        schema: {
          tags,
          operationId: 'replaceFeedback',
          summary: 'Store feedback in the place of another',
          description: 'Both happen at once, after all checks. The new one has an id of its own unless `id` is given.',
          body: FeedbackReplaceBody,
          response: { 200: FeedbackCreated },
        },
      },
      async ({ person, body: { feedback_id, ...body } }) =>
        toCreated(await feedback.replace(person, body.project_id, feedback_id, toDraft(body))),
    )
  }
