import type { Kysely } from 'kysely'

/** Where an answer's call is in the trace; answers that came from a file have none. */
export async function up(db: Kysely<never>): Promise<void> {
  await db.schema.alterTable('practice_responses').addColumn('call_ref', 'text').execute()
}
