import { z } from 'zod'
import { Query, SortBy } from '../weave/query/query.ts'
import { CallTime, ProjectId } from './schema.ts'

const Price = z.number().nonnegative()

const CostInput = z
  .object({
    prompt_token_cost: Price,
    completion_token_cost: Price,
    cache_read_input_token_cost: Price.nullish(),
    cache_creation_input_token_cost: Price.nullish(),
    prompt_token_cost_unit: z.string().max(64).nullish(),
    completion_token_cost_unit: z.string().max(64).nullish(),
    effective_date: CallTime.nullish().describe('Now when left out.'),
    provider_id: z.string().max(256).nullish(),
  })
  .meta({ id: 'CostCreateInput' })
export type CostInputBody = z.output<typeof CostInput>

export const CostCreateRequest = z
  .object({
    project_id: ProjectId,
    costs: z.record(z.string().min(1).max(256), CostInput).describe('By the name of the model.'),
    wb_user_id: z.string().nullish(),
  })
  .meta({ id: 'CostCreateReq' })
export const CostCreateReply = z
  .object({ ids: z.array(z.tuple([z.string(), z.string()])).describe('Id and model of each.') })
  .meta({ id: 'CostCreateRes' })

export const CostQueryRequest = z
  .object({
    project_id: ProjectId,
    fields: z.array(z.string()).nullish().describe('Of the reply; all when left out, the others are null.'),
    query: Query.nullish(),
    sort_by: z.array(SortBy).nullish(),
    limit: z.int().nullish(),
    offset: z.int().nullish(),
  })
  .meta({ id: 'CostQueryReq' })
export type CostQueryBody = z.output<typeof CostQueryRequest>

const CostQueryOutput = z
  .object({
    id: z.string().nullable(),
    llm_id: z.string().nullable(),
    prompt_token_cost: z.number().nullable(),
    completion_token_cost: z.number().nullable(),
    cache_read_input_token_cost: z.number().nullable(),
    cache_creation_input_token_cost: z.number().nullable(),
    prompt_token_cost_unit: z.string().nullable(),
    completion_token_cost_unit: z.string().nullable(),
    effective_date: z.string().nullable(),
    provider_id: z.string().nullable(),
  })
  .meta({ id: 'CostQueryOutput' })
export type CostQueryOutput = z.output<typeof CostQueryOutput>
export const CostQueryReply = z.object({ results: z.array(CostQueryOutput) }).meta({ id: 'CostQueryRes' })

export const CostPurgeRequest = z
  .object({ project_id: ProjectId, query: Query.describe('`$eq` or `$in` of `id`, or `$or` of several `$eq`.') })
  .meta({ id: 'CostPurgeReq' })
