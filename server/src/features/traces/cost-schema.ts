import { z } from 'zod'
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
