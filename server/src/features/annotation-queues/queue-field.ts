import { sql } from 'kysely'
import type { Field } from '../weave/query/field.ts'

/** The field by which calls are found that are in a queue (weave.md §1.8); undefined for every other name. */
export function queueField(name: string): Field | undefined {
  if (name !== 'annotation_queue_items.queue_id') return undefined
  return {
    kind: 'text',
    column: sql.ref('queue_item.queue_id'),
    isNullable: false,
    within: (condition) => sql`exists (
      select 1 from annotation_queue_items as queue_item
      join annotation_queues as queue
        on queue.project_id = queue_item.project_id and queue.queue_id = queue_item.queue_id
      where queue_item.project_id = calls.project_id and queue_item.call_id = calls.call_id
        and queue.deleted_at is null and ${condition}
    )`,
  }
}
