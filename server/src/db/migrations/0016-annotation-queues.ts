import type { ColumnDefinitionBuilder, Kysely } from 'kysely'
import type { ColumnTypes } from '../sql-dialect.ts'

/** Queues of calls that people annotate, and how far each of them is with each call. */
export async function up(db: Kysely<never>, { storedByKey }: ColumnTypes): Promise<void> {
  await db.schema
    .createTable('annotation_queues')
    .addColumn('project_id', 'bigint', ofProject)
    .addColumn('queue_id', 'text', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('description', 'text', (c) => c.notNull())
    .addColumn('scorer_refs', 'text', (c) => c.notNull())
    .addColumn('created_by', 'text', (c) => c.notNull())
    .addColumn('created_at', 'text', (c) => c.notNull())
    .addColumn('updated_at', 'text', (c) => c.notNull())
    .addColumn('deleted_at', 'text')
    .addPrimaryKeyConstraint('annotation_queues_pk', ['project_id', 'queue_id'])
    .execute()

  await db.schema
    .createTable('annotation_queue_items')
    .addColumn('project_id', 'bigint', ofProject)
    .addColumn('queue_id', 'text', (c) => c.notNull())
    .addColumn('item_id', 'text', (c) => c.notNull())
    .addColumn('call_id', 'text', (c) => c.notNull())
    .addColumn('call_user_id', 'text', (c) => c.notNull())
    .addColumn('call_started_at', 'text', (c) => c.notNull())
    .addColumn('call_ended_at', 'text')
    .addColumn('call_op_name', 'text', (c) => c.notNull())
    .addColumn('call_trace_id', 'text', (c) => c.notNull())
    .addColumn('display_fields', 'text', (c) => c.notNull())
    .addColumn('added_by', 'text', (c) => c.notNull())
    .addColumn('created_at', 'text', (c) => c.notNull())
    .addColumn('updated_at', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('annotation_queue_items_pk', ['project_id', 'queue_id', 'item_id'])
    .addUniqueConstraint('annotation_queue_items_of_call', ['project_id', 'queue_id', 'call_id'])
    .execute()
  await db.schema
    .createIndex('annotation_queue_items_by_call')
    .on('annotation_queue_items')
    .columns(['project_id', 'call_id'])
    .execute()

  await db.schema
    .createTable('annotation_progress')
    .addColumn('project_id', 'bigint', ofProject)
    .addColumn('queue_id', 'text', (c) => c.notNull())
    .addColumn('item_id', 'text', (c) => c.notNull())
    .addColumn('annotator', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('updated_at', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('annotation_progress_pk', ['project_id', 'queue_id', 'item_id', 'annotator'])
    .modifyEnd(storedByKey)
    .execute()
}

function ofProject(column: ColumnDefinitionBuilder): ColumnDefinitionBuilder {
  return column.notNull().references('weave_projects.project_id').onDelete('cascade')
}
