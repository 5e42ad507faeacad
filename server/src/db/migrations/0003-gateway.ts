import type { Kysely } from 'kysely'

/** What models were asked without a session, through the dialects of others. */
export async function up(db: Kysely<never>): Promise<void> {
  await db.schema
    .createTable('gateway_calls')
    .addColumn('person_id', 'bigint', (c) => c.notNull())
    .addColumn('call_id', 'bigint', (c) => c.notNull())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('dialect', 'text', (c) => c.notNull())
    .addColumn('model_name', 'text', (c) => c.notNull())
    .addColumn('request_id', 'text', (c) => c.notNull())
    .addColumn('status', 'text', (c) => c.notNull())
    .addColumn('finish_reason', 'text')
    .addColumn('error_code', 'text')
    .addColumn('input_tokens', 'integer')
    .addColumn('output_tokens', 'integer')
    .addColumn('token_source', 'text')
    .addColumn('cost', 'double precision')
    .addColumn('first_token_ms', 'double precision')
    .addColumn('latency_ms', 'double precision', (c) => c.notNull())
    .addColumn('trimmed_turns', 'integer', (c) => c.notNull())
    .addColumn('created_at', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('gateway_calls_pk', ['person_id', 'call_id'])
    .execute()
  await db.schema
    .createIndex('gateway_calls_by_time')
    .on('gateway_calls')
    .columns(['person_id', 'created_at'])
    .execute()
}
