import type { Kysely } from 'kysely'
import type { ColumnTypes } from '../sql-dialect.ts'

/** Agents, every version of what they are, and which of them classes may use. */
export async function up(db: Kysely<never>, { json }: ColumnTypes): Promise<void> {
  await db.schema
    .createTable('agents')
    .addColumn('person_id', 'bigint', (c) => c.notNull().references('people.person_id').onDelete('cascade'))
    .addColumn('agent_id', 'bigint', (c) => c.notNull())
    .addColumn('version', 'integer', (c) => c.notNull())
    .addColumn('is_active', 'integer', (c) => c.notNull())
    .addColumn('is_prompt_hidden', 'integer', (c) => c.notNull())
    .addColumn('source', 'text')
    .addColumn('created_at', 'text', (c) => c.notNull())
    .addColumn('updated_at', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('agents_pk', ['person_id', 'agent_id'])
    .execute()
  await db.schema.createIndex('agents_by_id').on('agents').columns(['agent_id']).execute()

  await db.schema
    .createTable('agent_versions')
    .addColumn('person_id', 'bigint', (c) => c.notNull().references('people.person_id').onDelete('cascade'))
    .addColumn('agent_id', 'bigint', (c) => c.notNull())
    .addColumn('version', 'integer', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('role_description', 'text')
    .addColumn('system_prompt', 'text', (c) => c.notNull())
    .addColumn('examples', json, (c) => c.notNull())
    .addColumn('generation_params', json, (c) => c.notNull())
    .addColumn('restored_from', 'integer')
    .addColumn('created_at', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('agent_versions_pk', ['person_id', 'agent_id', 'version'])
    .execute()

  await db.schema
    .createTable('agent_shares')
    .addColumn('class_id', 'bigint', (c) => c.notNull().references('classes.class_id').onDelete('cascade'))
    .addColumn('agent_id', 'bigint', (c) => c.notNull())
    .addColumn('share_id', 'bigint', (c) => c.notNull())
    .addColumn('person_id', 'bigint', (c) => c.notNull().references('people.person_id').onDelete('cascade'))
    .addColumn('is_active', 'integer', (c) => c.notNull())
    .addColumn('created_at', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('agent_shares_pk', ['class_id', 'agent_id'])
    .execute()
  await db.schema.createIndex('agent_shares_by_person').on('agent_shares').columns(['person_id', 'agent_id']).execute()
}
