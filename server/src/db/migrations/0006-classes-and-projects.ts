import type { Kysely } from 'kysely'
import type { ColumnTypes } from '../sql-dialect.ts'

/** What teachers say of their classes, the codes with which people join them, and folders for sessions. */
export async function up(db: Kysely<never>, { json }: ColumnTypes): Promise<void> {
  await db.schema
    .alterTable('classes')
    .addColumn('description', 'text', (c) => c.notNull().defaultTo(''))
    .execute()
  await db.schema
    .alterTable('classes')
    .addColumn('timezone', 'text', (c) => c.notNull().defaultTo('UTC'))
    .execute()
  await db.schema
    .alterTable('classes')
    .addColumn('default_settings', json, (c) => c.notNull().defaultTo('{}'))
    .execute()

  await db.schema
    .createTable('class_join_codes')
    .addColumn('class_id', 'bigint', (c) => c.notNull().references('classes.class_id').onDelete('cascade'))
    .addColumn('join_code_id', 'bigint', (c) => c.notNull())
    .addColumn('code', 'text', (c) => c.notNull().unique())
    .addColumn('role', 'text', (c) => c.notNull())
    .addColumn('expires_at', 'text')
    .addColumn('max_uses', 'integer')
    .addColumn('used_count', 'integer', (c) => c.notNull())
    .addColumn('created_at', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('class_join_codes_pk', ['class_id', 'join_code_id'])
    .execute()

  await db.schema
    .createTable('projects')
    .addColumn('person_id', 'bigint', (c) => c.notNull().references('people.person_id').onDelete('cascade'))
    .addColumn('project_id', 'bigint', (c) => c.notNull())
    .addColumn('class_id', 'bigint', (c) => c.notNull().references('classes.class_id').onDelete('cascade'))
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('description', 'text')
    .addColumn('created_at', 'text', (c) => c.notNull())
    .addColumn('updated_at', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('projects_pk', ['person_id', 'project_id'])
    .addUniqueConstraint('projects_one_per_name', ['person_id', 'class_id', 'name'])
    .execute()
  await db.schema.createIndex('projects_by_class').on('projects').columns(['class_id']).execute()

  await db.schema.alterTable('practice_sessions').addColumn('project_id', 'bigint').execute()
  await db.schema
    .createIndex('practice_sessions_by_project')
    .on('practice_sessions')
    .columns(['person_id', 'project_id', 'created_at', 'session_id'])
    .execute()
  await db.schema
    .createIndex('practice_sessions_by_class')
    .on('practice_sessions')
    .columns(['class_id', 'created_at', 'session_id'])
    .execute()
}
