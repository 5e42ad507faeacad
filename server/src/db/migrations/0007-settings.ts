import type { Kysely } from 'kysely'
import type { ColumnTypes } from '../sql-dialect.ts'

/** Revisions of a session's settings, and which answer a lane goes on from where that is not its own latest. */
export async function up(db: Kysely<never>, { json }: ColumnTypes): Promise<void> {
  await db.schema
    .createTable('practice_setting_revisions')
    .addColumn('session_id', 'bigint', (c) => c.notNull())
    .addColumn('revision', 'integer', (c) => c.notNull())
    .addColumn('person_id', 'bigint', (c) => c.notNull())
    .addColumn('style_preset', 'text')
    .addColumn('style_params', json, (c) => c.notNull())
    .addColumn('generation_params', json, (c) => c.notNull())
    .addColumn('few_shot_links', json, (c) => c.notNull())
    .addColumn('agent_snapshot', json)
    .addColumn('created_at', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('practice_setting_revisions_pk', ['session_id', 'revision'])
    .execute()

  await db.schema
    .createTable('practice_choices')
    .addColumn('session_id', 'bigint', (c) => c.notNull())
    .addColumn('turn_id', 'bigint', (c) => c.notNull())
    .addColumn('lane_id', 'bigint', (c) => c.notNull())
    .addColumn('response_id', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('practice_choices_pk', ['session_id', 'turn_id', 'lane_id'])
    .execute()
}
