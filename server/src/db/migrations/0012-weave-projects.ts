import type { Kysely } from 'kysely'

/** Projects of the Weave dialect, which appear when something is first written to them. */
export async function up(db: Kysely<never>): Promise<void> {
  await db.schema
    .createTable('weave_projects')
    .addColumn('owner', 'text', (c) => c.notNull())
    .addColumn('project', 'text', (c) => c.notNull())
    .addColumn('project_id', 'bigint', (c) => c.notNull().unique())
    .addColumn('entity', 'text', (c) => c.notNull())
    .addColumn('class_id', 'bigint', (c) => c.references('classes.class_id').onDelete('cascade'))
    .addColumn('created_at', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('weave_projects_pk', ['owner', 'project'])
    .execute()
  await db.schema.createIndex('weave_projects_by_entity').on('weave_projects').columns(['entity', 'project']).execute()
  await db.schema.createIndex('weave_projects_by_class').on('weave_projects').columns(['class_id']).execute()
}
