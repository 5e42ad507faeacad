import { z } from 'zod'
import { orDefault, orNull } from '../weave/fields.ts'
import { ANNOTATION_STATES, type AnnotationQueue, type QueueItem } from './queue.ts'

/** Annotation queues on the wire, as in Weave's OpenAPI document of 2 August 2026. */

const MOST_CALLS = 1_000
const MOST_QUEUES = 1_000

const ProjectName = z.string().meta({ description: '`entity/project`', example: 'alice/intro' })
const ScorerRefs = z.array(z.string()).max(MOST_QUEUES).meta({ description: 'Refs of what annotators are asked' })
const WbUserId = orNull(z.string()).meta({ description: 'Ignored: it is always who asks' })
const Limit = orNull(z.int()).meta({ description: 'At most so many' })
const Offset = orNull(z.int()).meta({ description: 'After so many' })
const SortBy = z.object({
  field: z.string().meta({ description: 'What to sort by; other fields than those named are ignored' }),
  direction: z.enum(['asc', 'desc']),
})
const sortedBy = (description: string) => orNull(z.array(SortBy)).meta({ description })

export const QueueCreateRequest = z.object({
  project_id: ProjectName,
  name: z.string(),
  description: orDefault(z.string(), ''),
  scorer_refs: ScorerRefs,
  wb_user_id: WbUserId,
})
export const QueueCreated = z.object({ id: z.string() })

export const QueuesQueryRequest = z.object({
  project_id: ProjectName,
  name: orNull(z.string()).meta({ description: 'A part of the name, capitals or not' }),
  sort_by: sortedBy('By `id`, `name`, `created_at` or `updated_at`; newest first if it is left out'),
  limit: Limit,
  offset: Offset,
})
export const QueuePath = z.object({ queue_id: z.string() })
export const ItemPath = z.object({ queue_id: z.string(), item_id: z.string() })
export const ProjectQuery = z.object({ project_id: ProjectName })
export const QueueUpdateRequest = z.object({
  project_id: ProjectName,
  name: orNull(z.string()),
  description: orNull(z.string()),
  scorer_refs: orNull(ScorerRefs),
})
export const Queue = z.object({
  id: z.string(),
  project_id: ProjectName,
  name: z.string(),
  description: z.string(),
  scorer_refs: z.array(z.string()),
  created_at: z.string().meta({ format: 'date-time' }),
  created_by: z.string().meta({ description: 'A handle' }),
  updated_at: z.string().meta({ format: 'date-time' }),
  deleted_at: z.string().nullable().meta({ format: 'date-time' }),
})
export const QueueReply = z.object({ queue: Queue })

export const AddCallsRequest = z.object({
  project_id: ProjectName,
  call_ids: z.array(z.string()).max(MOST_CALLS),
  display_fields: z.array(z.string()).max(MOST_CALLS).meta({ description: 'JSON paths to show to annotators' }),
})
export const AddCallsReply = z.object({ added_count: z.int(), duplicates: z.int() })

const State = z.enum(ANNOTATION_STATES)
const Exactly = (what: string) => orNull(z.string()).meta({ description: `Only with exactly this ${what}` })
export const ItemsQueryRequest = z.object({
  project_id: ProjectName,
  filter: orNull(
    z.object({
      id: Exactly('item id'),
      call_id: Exactly('call id'),
      call_op_name: Exactly('op name'),
      call_trace_id: Exactly('trace id'),
      added_by: Exactly('handle of who added it'),
      annotation_states: orNull(z.array(State)).meta({ description: 'Only in one of these states' }),
    }),
  ),
  sort_by: sortedBy(
    'By `call_started_at`, `call_op_name`, `created_at` or `updated_at`; in the order they were added if it is left out',
  ),
  limit: Limit,
  offset: Offset,
  include_position: orDefault(z.boolean(), false).meta({ description: 'Tell `position_in_queue` too' }),
})
export const Item = z.object({
  id: z.string(),
  project_id: ProjectName,
  queue_id: z.string(),
  call_id: z.string(),
  call_started_at: z.string().meta({ format: 'date-time' }),
  call_ended_at: z.string().nullable().meta({ format: 'date-time' }),
  call_op_name: z.string(),
  call_trace_id: z.string(),
  display_fields: z.array(z.string()),
  added_by: z.string().nullable(),
  annotation_state: State.meta({ description: 'Of whoever was last at it' }),
  annotator_user_id: z.string().nullable().meta({ description: 'Whoever was last at it' }),
  created_at: z.string().meta({ format: 'date-time' }),
  created_by: z.string(),
  updated_at: z.string().meta({ format: 'date-time' }),
  deleted_at: z.string().nullable(),
  position_in_queue: z.int().nullable().meta({ description: 'From 1, in the whole queue as it is sorted' }),
})
export const ItemsReply = z.object({ items: z.array(Item) })
export const ItemReply = z.object({ item: Item })

export const StatsRequest = z.object({ project_id: ProjectName, queue_ids: z.array(z.string()).max(MOST_QUEUES) })
export const StatsReply = z.object({
  stats: z.array(
    z.object({
      queue_id: z.string(),
      total_items: z.int(),
      completed_items: z.int().meta({ description: 'Completed or skipped by somebody' }),
    }),
  ),
})
export const ProgressRequest = z.object({
  project_id: ProjectName,
  annotation_state: z.string().meta({ description: '`in_progress`, `completed` or `skipped`' }),
})

export function printQueue(project: string, queue: AnnotationQueue): z.input<typeof Queue> {
  return {
    id: queue.queueId,
    project_id: project,
    name: queue.name,
    description: queue.description,
    scorer_refs: queue.scorerRefs,
    created_at: queue.createdAt,
    created_by: queue.createdBy,
    updated_at: queue.updatedAt,
    deleted_at: queue.deletedAt,
  }
}

export function printItem(project: string, item: QueueItem, withPosition: boolean): z.input<typeof Item> {
  return {
    id: item.itemId,
    project_id: project,
    queue_id: item.queueId,
    call_id: item.call.callId,
    call_started_at: item.call.startedAt,
    call_ended_at: item.call.endedAt,
    call_op_name: item.call.opName,
    call_trace_id: item.call.traceId,
    display_fields: item.displayFields,
    added_by: item.addedBy,
    annotation_state: item.state,
    annotator_user_id: item.annotator,
    created_at: item.createdAt,
    created_by: item.addedBy,
    updated_at: item.updatedAt,
    deleted_at: null,
    position_in_queue: withPosition ? item.position : null,
  }
}
