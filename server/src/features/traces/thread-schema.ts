import { z } from 'zod'
import { SortBy } from '../weave/query/query.ts'
import { CallTime, ProjectId } from './schema.ts'

export const ThreadsQueryRequest = z
  .object({
    project_id: ProjectId,
    filter: z
      .object({
        after_datetime: CallTime.nullish().describe('Only turns that began later.'),
        before_datetime: CallTime.nullish().describe('Only turns that began earlier.'),
        thread_ids: z.array(z.string()).max(1000).nullish(),
      })
      .nullish(),
    limit: z.int().nullish(),
    offset: z.int().nullish(),
    sort_by: z.array(SortBy).nullish().describe('By any field of a thread; the last updated first when left out.'),
  })
  .meta({ id: 'ThreadsQueryReq' })
export type ThreadsQueryBody = z.output<typeof ThreadsQueryRequest>
