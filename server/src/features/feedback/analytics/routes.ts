import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { FeedbackAggregates } from './aggregate.ts'
import {
  FeedbackAggregateBody,
  FeedbackAggregateReply,
  FeedbackStatsBody,
  FeedbackStatsReply,
  PayloadSchemaBody,
  PayloadSchemaReply,
} from './schema.ts'
import type { FeedbackStats } from './stats.ts'

/** Feedback in numbers; mounted by the dialect's plugin. */
export const feedbackAnalyticsRoutes =
  (stats: FeedbackStats, aggregates: FeedbackAggregates): FastifyPluginAsyncZod =>
  async (app) => {
    const tags = ['weave feedback']

    app.post(
      '/feedback/stats',
      {
        schema: {
          tags,
          operationId: 'feedbackStats',
          summary: 'Numbers from payloads over time',
          body: FeedbackStatsBody,
          response: { 200: FeedbackStatsReply },
        },
      },
      async ({ person, body }) =>
        stats.stats(person, {
          ...toWindow(body),
          granularity: body.granularity,
          timezone: body.timezone,
          metrics: body.metrics.map((metric) => ({
            jsonPath: metric.json_path,
            valueType: metric.value_type,
            aggregations: metric.aggregations,
            percentiles: metric.percentiles,
          })),
        }),
    )

    app.post(
      '/feedback/payload_schema',
      {
        schema: {
          tags,
          operationId: 'feedbackPayloadSchema',
          summary: 'The paths of values in payloads',
          body: PayloadSchemaBody,
          response: { 200: PayloadSchemaReply },
        },
      },
      async ({ person, body }) => ({
        paths: await stats.payloadPaths(person, { ...toWindow(body), sampleLimit: body.sample_limit }),
      }),
    )

    app.post(
      '/feedback/aggregate',
      {
        schema: {
          tags,
          operationId: 'aggregateFeedback',
          summary: 'Tags and ratings of scorers, over time and by who gave them',
          body: FeedbackAggregateBody,
          response: { 200: FeedbackAggregateReply },
        },
      },
      async ({ person, body }) => {
        const buckets = await aggregates.aggregate(person, {
          projectName: body.project_id,
          afterMs: body.after_ms,
          beforeMs: body.before_ms,
          bucketSeconds: body.time_bucket_seconds,
          feedbackTypes: body.feedback_types,
          tags: body.tags,
          ratingMin: body.rating_min,
          ratingMax: body.rating_max,
          monitorIds: body.monitor_ids,
          scorerIds: body.scorer_ids,
          agentNames: body.span_agent_names,
          spanTypes: body.span_types,
          groupBy: body.group_by,
        })
        const { time_bucket_seconds, after_ms, before_ms } = body
        return { time_bucket_seconds, after_ms, before_ms, buckets }
      },
    )
  }

function toWindow(body: {
  project_id: string
  start: string
  end: string | null
  feedback_type: string | null
  trigger_ref: string | null
}) {
  return {
    projectName: body.project_id,
    start: body.start,
    end: body.end,
    feedbackType: body.feedback_type,
    triggerRef: body.trigger_ref,
  }
}
