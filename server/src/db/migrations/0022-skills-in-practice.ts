import type { Kysely } from 'kysely'
import type { ColumnTypes } from '../sql-dialect.ts'

/** Skillsets that agents carry, the calls that answers took, and what people decided about calls. */
export async function up(db: Kysely<never>, { json }: ColumnTypes): Promise<void> {
  await db.schema.alterTable('agent_versions').addColumn('skillsets', json).execute()
  await db.schema.alterTable('practice_responses').addColumn('skill_calls', json).execute()

  await db.schema
    .createTable('practice_skill_decisions')
    .addColumn('session_id', 'bigint', (c) => c.notNull())
    .addColumn('call_id', 'text', (c) => c.notNull())
    .addColumn('decision', 'text', (c) => c.notNull())
    .addColumn('arguments', json)
    .addColumn('operation_key', 'text', (c) => c.notNull())
    .addColumn('decided_at', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('practice_skill_decisions_pk', ['session_id', 'call_id'])
    .execute()
}
