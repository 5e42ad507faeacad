import type { Kysely } from 'kysely'
import type { ColumnTypes } from '../sql-dialect.ts'

/** The model that summarises what leaves a session's window, for those sessions that want it. */
export async function up(db: Kysely<never>, _: ColumnTypes): Promise<void> {
  await db.schema.alterTable('practice_setting_revisions').addColumn('summary_model', 'text').execute()
}
