import { z } from 'zod'
import { orDefault } from '../weave/fields.ts'
import { Query } from '../weave/query/query.ts'
import { CallsFilter, ProjectId } from './schema.ts'

const DEFAULT_LIMIT = 10_000

const Limit = orDefault(z.int().min(1).max(100_000), DEFAULT_LIMIT).meta({
  type: 'integer',
  description: 'How many calls are looked at, at most.',
  default: DEFAULT_LIMIT,
})
const IncludeCosts = orDefault(z.boolean(), false).meta({ type: 'boolean', default: false })

export const TraceUsageRequest = z
  .object({
    project_id: ProjectId,
    filter: CallsFilter.nullish(),
    query: Query.nullish(),
    include_costs: IncludeCosts,
    limit: Limit,
  })
  .meta({ id: 'TraceUsageReq' })
export const CallsUsageRequest = z
  .object({
    project_id: ProjectId,
    call_ids: z.array(z.string()).max(1000),
    include_costs: IncludeCosts,
    limit: Limit,
  })
  .meta({ id: 'CallsUsageReq' })

const Cost = z.number().nullable()
const LlmUsage = z
  .object({
    requests: z.int(),
    prompt_tokens: z.int(),
    completion_tokens: z.int(),
    total_tokens: z.int(),
    cache_read_input_tokens: z.int(),
    cache_creation_input_tokens: z.int(),
    prompt_tokens_total_cost: Cost,
    completion_tokens_total_cost: Cost,
    cache_read_input_tokens_total_cost: Cost,
    cache_creation_input_tokens_total_cost: Cost,
  })
  .meta({ id: 'LLMAggregatedUsage' })

export const UsageReply = z
  .object({
    call_usage: z.record(z.string(), z.record(z.string(), LlmUsage)).describe('By call, then by model.'),
    unfinished_call_ids: z.array(z.string()),
  })
  .meta({ id: 'UsageRes' })
export type UsageReply = z.output<typeof UsageReply>
export type TraceUsageBody = z.output<typeof TraceUsageRequest>
export type CallsUsageBody = z.output<typeof CallsUsageRequest>
