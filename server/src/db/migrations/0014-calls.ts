import type { Kysely } from 'kysely'
import type { ColumnTypes } from '../sql-dialect.ts'

/** Calls of traces, what tokens cost in a project, and for how long its calls are kept. */
export async function up(db: Kysely<never>, _: ColumnTypes): Promise<void> {
  // What belongs to the beginning is empty when only the end has arrived, and the other way round.
  await db.schema
    .createTable('calls')
    .addColumn('project_id', 'bigint', (c) => c.notNull())
    .addColumn('call_id', 'text', (c) => c.notNull())
    .addColumn('wb_user_id', 'text', (c) => c.notNull())
    .addColumn('trace_id', 'text')
    .addColumn('parent_id', 'text')
    .addColumn('op_name', 'text')
    .addColumn('display_name', 'text')
    .addColumn('thread_id', 'text')
    .addColumn('turn_id', 'text')
    .addColumn('started_at', 'text')
    .addColumn('ended_at', 'text')
    .addColumn('exception', 'text')
    .addColumn('attributes', 'text')
    .addColumn('inputs', 'text')
    .addColumn('output', 'text')
    .addColumn('summary', 'text')
    .addColumn('wb_run_id', 'text')
    .addColumn('wb_run_step', 'bigint')
    .addColumn('wb_run_step_end', 'bigint')
    .addColumn('start_bytes', 'integer', (c) => c.notNull())
    .addColumn('end_bytes', 'integer', (c) => c.notNull())
    .addPrimaryKeyConstraint('calls_pk', ['project_id', 'call_id'])
    .execute()
  const indexes: [name: string, columns: ('started_at' | 'call_id' | 'trace_id' | 'parent_id' | 'op_name')[]][] = [
    ['calls_by_start', ['started_at', 'call_id']],
    ['calls_by_trace', ['trace_id']],
    ['calls_by_parent', ['parent_id', 'started_at']],
    ['calls_by_op', ['op_name', 'started_at']],
  ]
  for (const [name, columns] of indexes)
    await db.schema
      .createIndex(name)
      .on('calls')
      .columns(['project_id', ...columns])
      .execute()
  await db.schema
    .createIndex('calls_by_thread')
    .on('calls')
    .columns(['project_id', 'thread_id'])
    .where('thread_id', 'is not', null)
    .execute()

  await db.schema
    .createTable('token_costs')
    .addColumn('project_id', 'bigint', (c) => c.notNull())
    .addColumn('cost_id', 'text', (c) => c.notNull())
    .addColumn('llm_id', 'text', (c) => c.notNull())
    .addColumn('provider_id', 'text', (c) => c.notNull())
    .addColumn('effective_date', 'text', (c) => c.notNull())
    .addColumn('prompt_token_cost', 'double precision', (c) => c.notNull())
    .addColumn('completion_token_cost', 'double precision', (c) => c.notNull())
    .addColumn('cache_read_input_token_cost', 'double precision', (c) => c.notNull())
    .addColumn('cache_creation_input_token_cost', 'double precision', (c) => c.notNull())
    .addColumn('prompt_token_cost_unit', 'text', (c) => c.notNull())
    .addColumn('completion_token_cost_unit', 'text', (c) => c.notNull())
    .addColumn('created_by', 'text', (c) => c.notNull())
    .addColumn('created_at', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('token_costs_pk', ['project_id', 'cost_id'])
    .execute()

  await db.schema
    .createTable('trace_retention')
    .addColumn('project_id', 'bigint', (c) => c.primaryKey())
    .addColumn('days', 'integer', (c) => c.notNull())
    .addColumn('set_by', 'text', (c) => c.notNull())
    .addColumn('set_at', 'text', (c) => c.notNull())
    .execute()
}
