import { type Kysely, sql } from 'kysely'
import type { ColumnTypes } from '../sql-dialect.ts'

/** People, keys, classes, practice sessions and the event log of their runs. */
export async function up(db: Kysely<never>, { json }: ColumnTypes): Promise<void> {
  const now = new Date().toISOString()

  await db.schema
    .createTable('id_blocks')
    .addColumn('name', 'text', (c) => c.primaryKey())
    .addColumn('next_id', 'bigint', (c) => c.notNull())
    .execute()

  await db.schema
    .createTable('servers')
    .addColumn('server_id', 'text', (c) => c.primaryKey())
    .addColumn('started_at', 'text', (c) => c.notNull())
    .addColumn('heartbeat_at', 'text', (c) => c.notNull())
    .execute()

  await db.schema
    .createTable('people')
    .addColumn('person_id', 'bigint', (c) => c.primaryKey())
    .addColumn('handle', 'text', (c) => c.notNull().unique())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('is_admin', 'integer', (c) => c.notNull().defaultTo(0))
    .addColumn('auth_user_id', 'text', (c) => c.unique())
    .addColumn('created_at', 'text', (c) => c.notNull())
    .execute()

  await db.schema
    .createTable('api_keys')
    .addColumn('api_key_id', 'bigint', (c) => c.primaryKey())
    .addColumn('person_id', 'bigint', (c) => c.notNull().references('people.person_id').onDelete('cascade'))
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('key_hash', 'text', (c) => c.notNull().unique())
    .addColumn('hint', 'text', (c) => c.notNull())
    .addColumn('created_at', 'text', (c) => c.notNull())
    .addColumn('expires_at', 'text')
    .addColumn('revoked_at', 'text')
    .execute()
  await db.schema.createIndex('api_keys_by_person').on('api_keys').columns(['person_id']).execute()

  await db.schema
    .createTable('sign_in_links')
    .addColumn('token_hash', 'text', (c) => c.primaryKey())
    .addColumn('person_id', 'bigint', (c) => c.notNull().references('people.person_id').onDelete('cascade'))
    .addColumn('expires_at', 'text', (c) => c.notNull())
    .addColumn('used_at', 'text')
    .execute()

  await db.schema
    .createTable('classes')
    .addColumn('class_id', 'bigint', (c) => c.primaryKey())
    .addColumn('slug', 'text', (c) => c.notNull().unique())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('status', 'text', (c) => c.notNull().check(sql`status in ('planned', 'active', 'ended')`))
    .addColumn('starts_at', 'text')
    .addColumn('ends_at', 'text')
    .addColumn('allowed_models', json)
    .addColumn('primary_model', 'text')
    .addColumn('created_at', 'text', (c) => c.notNull())
    .execute()

  await db.schema
    .createTable('class_members')
    .addColumn('class_id', 'bigint', (c) => c.notNull().references('classes.class_id').onDelete('cascade'))
    .addColumn('person_id', 'bigint', (c) => c.notNull().references('people.person_id').onDelete('cascade'))
    .addColumn('role', 'text', (c) => c.notNull().check(sql`role in ('teacher', 'assistant', 'student')`))
    .addColumn('created_at', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('class_members_pk', ['class_id', 'person_id'])
    .execute()
  await db.schema.createIndex('class_members_by_person').on('class_members').columns(['person_id']).execute()

  await db.schema
    .createTable('practice_sessions')
    .addColumn('session_id', 'bigint', (c) => c.primaryKey())
    .addColumn('person_id', 'bigint', (c) => c.notNull())
    .addColumn('class_id', 'bigint', (c) => c.notNull())
    .addColumn('title', 'text', (c) => c.notNull())
    .addColumn('title_source', 'text', (c) => c.notNull())
    .addColumn('preview', 'text', (c) => c.notNull())
    .addColumn('generation_params', json, (c) => c.notNull())
    .addColumn('turn_count', 'integer', (c) => c.notNull())
    .addColumn('created_at', 'text', (c) => c.notNull())
    .addColumn('updated_at', 'text', (c) => c.notNull())
    .addColumn('last_turn_at', 'text', (c) => c.notNull())
    .execute()
  await db.schema
    .createIndex('practice_sessions_by_person')
    .on('practice_sessions')
    .columns(['person_id', 'created_at', 'session_id'])
    .execute()

  await db.schema
    .createTable('practice_lanes')
    .addColumn('session_id', 'bigint', (c) => c.notNull())
    .addColumn('lane_id', 'bigint', (c) => c.notNull())
    .addColumn('model_name', 'text', (c) => c.notNull())
    .addColumn('is_primary', 'integer', (c) => c.notNull())
    .addColumn('generation_params', json, (c) => c.notNull())
    .addColumn('created_at', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('practice_lanes_pk', ['session_id', 'lane_id'])
    .execute()
  await db.schema
    .createIndex('practice_lanes_one_primary')
    .unique()
    .on('practice_lanes')
    .columns(['session_id'])
    .where(sql.ref('is_primary'), '=', sql.lit(1))
    .execute()

  await db.schema
    .createTable('practice_turns')
    .addColumn('session_id', 'bigint', (c) => c.notNull())
    .addColumn('turn_id', 'bigint', (c) => c.notNull())
    .addColumn('prompt_text', 'text', (c) => c.notNull())
    .addColumn('status', 'text', (c) => c.notNull())
    .addColumn('server_id', 'text')
    .addColumn('created_at', 'text', (c) => c.notNull())
    .addColumn('ended_at', 'text')
    .addPrimaryKeyConstraint('practice_turns_pk', ['session_id', 'turn_id'])
    .execute()
  await db.schema.createIndex('practice_turns_by_id').on('practice_turns').columns(['turn_id']).execute()
  await db.schema
    .createIndex('practice_turns_one_running')
    .unique()
    .on('practice_turns')
    .columns(['session_id'])
    .where(sql.ref('status'), '=', sql.lit('running'))
    .execute()

  await db.schema
    .createTable('practice_responses')
    .addColumn('session_id', 'bigint', (c) => c.notNull())
    .addColumn('response_id', 'bigint', (c) => c.notNull())
    .addColumn('turn_id', 'bigint', (c) => c.notNull())
    .addColumn('lane_id', 'bigint', (c) => c.notNull())
    .addColumn('model_name', 'text', (c) => c.notNull())
    .addColumn('is_primary', 'integer', (c) => c.notNull())
    .addColumn('status', 'text', (c) => c.notNull())
    .addColumn('response_text', 'text', (c) => c.notNull())
    .addColumn('reasoning_text', 'text', (c) => c.notNull())
    .addColumn('finish_reason', 'text')
    .addColumn('error_code', 'text')
    .addColumn('error_message', 'text')
    .addColumn('provider_message', 'text')
    .addColumn('token_usage', json)
    .addColumn('cost', 'double precision')
    .addColumn('latency_ms', 'double precision')
    .addColumn('first_token_ms', 'double precision')
    .addColumn('generation_params', json, (c) => c.notNull())
    .addColumn('dropped_params', json, (c) => c.notNull())
    .addColumn('created_at', 'text', (c) => c.notNull())
    .addColumn('ended_at', 'text')
    .addPrimaryKeyConstraint('practice_responses_pk', ['session_id', 'response_id'])
    .execute()
  await db.schema
    .createIndex('practice_responses_by_turn')
    .on('practice_responses')
    .columns(['session_id', 'turn_id'])
    .execute()

  await db.schema
    .createTable('run_events')
    .addColumn('session_id', 'bigint', (c) => c.notNull())
    .addColumn('turn_id', 'bigint', (c) => c.notNull())
    .addColumn('seq', 'integer', (c) => c.notNull())
    .addColumn('type', 'text', (c) => c.notNull())
    .addColumn('data', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('run_events_pk', ['session_id', 'turn_id', 'seq'])
    .execute()

  await db
    .withTables<{ classes: { class_id: number; slug: string; name: string; status: string; created_at: string } }>()
    .insertInto('classes')
    .values({ class_id: 1, slug: 'practice', name: 'Practice', status: 'active', created_at: now })
    .execute()
}
