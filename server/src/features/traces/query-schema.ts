import { z } from 'zod'
import { Query, SortBy } from '../weave/query/query.ts'
import { CallsFilter, ProjectId } from './schema.ts'

const Flag = z.boolean().nullish()

export const CallsQueryRequest = z
  .object({
    project_id: ProjectId,
    filter: CallsFilter.nullish(),
    query: Query.nullish(),
    sort_by: z.array(SortBy).nullish().describe('By any field; the oldest first when left out.'),
    limit: z.int().nullish(),
    offset: z.int().nullish(),
    include_costs: Flag,
    include_feedback: Flag,
    include_storage_size: Flag,
    include_total_storage_size: Flag,
    include_usernames: Flag,
    columns: z.array(z.string()).nullish().describe('Leaves the JSON that none of them leads into out of the reply.'),
    expand_columns: z.array(z.string()).nullish().describe('Columns whose refs are replaced by what they lead to.'),
    return_expanded_column_values: Flag,
  })
  .meta({ id: 'CallsQueryReq' })
export type CallsQueryBody = z.output<typeof CallsQueryRequest>

export const CallsStatsRequest = z
  .object({
    project_id: ProjectId,
    filter: CallsFilter.nullish(),
    query: Query.nullish(),
    limit: z.int().nullish().describe('Counting goes no further; `has_more` says whether there are more.'),
    include_total_storage_size: Flag,
    expand_columns: z.array(z.string()).nullish(),
  })
  .meta({ id: 'CallsQueryStatsReq' })
export type CallsStatsBody = z.output<typeof CallsStatsRequest>
export const CallsStatsReply = z
  .object({ count: z.int(), has_more: z.boolean(), total_storage_size_bytes: z.int().nullable() })
  .meta({ id: 'CallsQueryStatsRes' })
