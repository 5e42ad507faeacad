import { z } from 'zod'
import { orDefault, orNull } from '../../weave/fields.ts'

const Texts = orDefault(z.array(z.string()), [])
const Rating = orNull(z.number().min(0).max(1))
const Counts = z.record(z.string(), z.number())
const ValueType = z.enum(['numeric', 'boolean', 'categorical'])

const windowFields = {
  project_id: z.string(),
  start: z.string().describe('ISO 8601, inclusive'),
  end: orNull(z.string()).describe('ISO 8601, exclusive; now unless given'),
  feedback_type: orNull(z.string()),
  trigger_ref: orNull(z.string()).describe('Exactly this, or all versions when it ends with `:*`'),
}

export const FeedbackStatsBody = z.object({
  ...windowFields,
  granularity: orNull(z.int()).describe('Seconds; chosen by the time range unless given'),
  timezone: orDefault(z.string(), 'UTC').describe('An IANA name, to whose midnight the buckets are aligned'),
  metrics: orDefault(
    z.array(
      z.object({
        json_path: z.string(),
        value_type: orDefault(ValueType, 'numeric'),
        aggregations: orDefault(
          z.array(z.enum(['sum', 'avg', 'min', 'max', 'count', 'count_true', 'count_false'])),
          [],
        ),
        percentiles: orDefault(z.array(z.number()), []),
      }),
    ),
    [],
  ),
})

export const FeedbackStatsReply = z.object({
  start: z.string(),
  end: z.string(),
  granularity: z.int(),
  timezone: z.string(),
  buckets: z.array(z.record(z.string(), z.unknown())).describe('`timestamp`, `count`, and `{aggregation}_{metric}`'),
  window_stats: z.record(z.string(), z.record(z.string(), z.number().nullable())).nullable(),
})

export const PayloadSchemaBody = z.object({
  ...windowFields,
  sample_limit: orDefault(z.int().min(1).max(5000), 2000),
})

export const PayloadSchemaReply = z.object({
  paths: z.array(z.object({ json_path: z.string(), value_type: ValueType })),
})

export const FeedbackAggregateBody = z.object({
  project_id: z.string(),
  after_ms: z.int().min(0).describe('Milliseconds since 1970, inclusive'),
  before_ms: z.int().min(0).describe('Milliseconds since 1970, exclusive'),
  time_bucket_seconds: orNull(z.int().gt(0)),
  feedback_types: Texts.describe('Beginnings of types'),
  tags: Texts.describe('Any of them'),
  rating_min: Rating,
  rating_max: Rating,
  monitor_ids: Texts.describe('Names of what triggered it; `*` at the end is any'),
  scorer_ids: Texts.describe('Names of what scored; `*` at the end is any'),
  span_agent_names: Texts,
  span_types: orDefault(z.array(z.enum(['agent_turn', 'agent_conversation'])), []),
  group_by: orDefault(z.array(z.enum(['scorer_id', 'span_agent_name', 'span_agent_version', 'span_status_code'])), []),
})

export const FeedbackAggregateReply = z.object({
  time_bucket_seconds: z.int().nullable(),
  after_ms: z.int(),
  before_ms: z.int(),
  buckets: z.array(
    z.object({
      time_bucket_start_ms: z.int().nullable(),
      group: z.record(z.string(), z.string()),
      total_count: z.int(),
      scored_count: z.int().describe('Of those with at least one tag or rating'),
      tag_counts: Counts,
      rating_counts: Counts,
      rating_sums: Counts,
    }),
  ),
})
