import type { ColumnDefinitionBuilder, Kysely } from 'kysely'
import type { ColumnTypes } from '../sql-dialect.ts'

/**
 * What the Weave dialect stores by digest: versions of named objects, tables of rows, files. JSON is text, exactly as it
 * came.
 */
export async function up(db: Kysely<never>, { bytes, storedByKey }: ColumnTypes): Promise<void> {
  await db.schema
    .createTable('weave_object_names')
    .addColumn('project_id', 'bigint', ofProject)
    .addColumn('object_id', 'text', (c) => c.notNull())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('version_count', 'integer', (c) => c.notNull())
    .addPrimaryKeyConstraint('weave_object_names_pk', ['project_id', 'object_id', 'kind'])
    .modifyEnd(storedByKey)
    .execute()

  await db.schema
    .createTable('weave_objects')
    .addColumn('project_id', 'bigint', ofProject)
    .addColumn('object_id', 'text', (c) => c.notNull())
    .addColumn('digest', 'text', (c) => c.notNull())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('version_index', 'integer', (c) => c.notNull())
    .addColumn('base_object_class', 'text')
    .addColumn('leaf_object_class', 'text')
    .addColumn('val', 'text', (c) => c.notNull())
    .addColumn('size_bytes', 'integer', (c) => c.notNull())
    .addColumn('wb_user_id', 'text', (c) => c.notNull())
    .addColumn('created_at', 'text', (c) => c.notNull())
    .addColumn('deleted_at', 'text')
    .addPrimaryKeyConstraint('weave_objects_pk', ['project_id', 'object_id', 'digest'])
    .execute()
  await db.schema
    .createIndex('weave_objects_by_version')
    .on('weave_objects')
    .columns(['project_id', 'object_id', 'kind', 'version_index'])
    .unique()
    .execute()
  await db.schema
    .createIndex('weave_objects_by_time')
    .on('weave_objects')
    .columns(['project_id', 'created_at'])
    .execute()

  await db.schema
    .createTable('weave_object_tags')
    .addColumn('project_id', 'bigint', ofProject)
    .addColumn('object_id', 'text', (c) => c.notNull())
    .addColumn('digest', 'text', (c) => c.notNull())
    .addColumn('tag', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('weave_object_tags_pk', ['project_id', 'object_id', 'digest', 'tag'])
    .modifyEnd(storedByKey)
    .execute()

  await db.schema
    .createTable('weave_object_aliases')
    .addColumn('project_id', 'bigint', ofProject)
    .addColumn('object_id', 'text', (c) => c.notNull())
    .addColumn('alias', 'text', (c) => c.notNull())
    .addColumn('digest', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('weave_object_aliases_pk', ['project_id', 'object_id', 'alias'])
    .modifyEnd(storedByKey)
    .execute()

  await db.schema
    .createTable('weave_table_rows')
    .addColumn('project_id', 'bigint', ofProject)
    .addColumn('digest', 'text', (c) => c.notNull())
    .addColumn('val', 'text', (c) => c.notNull())
    .addColumn('size_bytes', 'integer', (c) => c.notNull())
    .addPrimaryKeyConstraint('weave_table_rows_pk', ['project_id', 'digest'])
    .execute()

  await db.schema
    .createTable('weave_tables')
    .addColumn('project_id', 'bigint', ofProject)
    .addColumn('digest', 'text', (c) => c.notNull())
    .addColumn('row_count', 'integer', (c) => c.notNull())
    .addColumn('created_at', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('weave_tables_pk', ['project_id', 'digest'])
    .modifyEnd(storedByKey)
    .execute()

  await db.schema
    .createTable('weave_table_members')
    .addColumn('project_id', 'bigint', ofProject)
    .addColumn('table_digest', 'text', (c) => c.notNull())
    .addColumn('position', 'integer', (c) => c.notNull())
    .addColumn('row_digest', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('weave_table_members_pk', ['project_id', 'table_digest', 'position'])
    .modifyEnd(storedByKey)
    .execute()

  await db.schema
    .createTable('weave_files')
    .addColumn('project_id', 'bigint', ofProject)
    .addColumn('digest', 'text', (c) => c.notNull())
    .addColumn('content', bytes, (c) => c.notNull())
    .addColumn('size_bytes', 'integer', (c) => c.notNull())
    .addColumn('created_at', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('weave_files_pk', ['project_id', 'digest'])
    .execute()
}

function ofProject(column: ColumnDefinitionBuilder): ColumnDefinitionBuilder {
  return column.notNull().references('weave_projects.project_id').onDelete('cascade')
}
