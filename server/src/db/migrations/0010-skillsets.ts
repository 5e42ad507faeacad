import type { Kysely } from 'kysely'
import type { ColumnTypes } from '../sql-dialect.ts'

/** Skills, the secrets that sign their calls in, and skillsets with their versions and the classes that may use them. */
export async function up(db: Kysely<never>, { json }: ColumnTypes): Promise<void> {
  await db.schema
    .createTable('skills')
    .addColumn('person_id', 'bigint', (c) => c.notNull().references('people.person_id').onDelete('cascade'))
    .addColumn('skill_id', 'bigint', (c) => c.notNull())
    .addColumn('revision', 'integer', (c) => c.notNull())
    .addColumn('name_for_human', 'text', (c) => c.notNull())
    .addColumn('name_for_model', 'text', (c) => c.notNull())
    .addColumn('description_for_human', 'text', (c) => c.notNull())
    .addColumn('source', json, (c) => c.notNull())
    .addColumn('operation_count', 'integer', (c) => c.notNull())
    .addColumn('enabled_count', 'integer', (c) => c.notNull())
    .addColumn('digest', 'text', (c) => c.notNull())
    .addColumn('content', 'text', (c) => c.notNull())
    .addColumn('created_at', 'text', (c) => c.notNull())
    .addColumn('updated_at', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('skills_pk', ['person_id', 'skill_id'])
    .execute()
  await db.schema.createIndex('skills_by_id').on('skills').columns(['skill_id']).execute()

  await db.schema
    .createTable('skill_person_credentials')
    .addColumn('person_id', 'bigint', (c) => c.notNull().references('people.person_id').onDelete('cascade'))
    .addColumn('skill_id', 'bigint', (c) => c.notNull())
    .addColumn('scheme', 'text', (c) => c.notNull())
    .addColumn('sealed_secret', 'text', (c) => c.notNull())
    .addColumn('hint', 'text', (c) => c.notNull())
    .addColumn('origins', json, (c) => c.notNull())
    .addColumn('set_by', 'bigint', (c) => c.notNull())
    .addColumn('set_at', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('skill_person_credentials_pk', ['person_id', 'skill_id', 'scheme'])
    .execute()
  await db.schema
    .createIndex('skill_person_credentials_by_skill')
    .on('skill_person_credentials')
    .columns(['skill_id'])
    .execute()

  await db.schema
    .createTable('skill_class_credentials')
    .addColumn('class_id', 'bigint', (c) => c.notNull().references('classes.class_id').onDelete('cascade'))
    .addColumn('skill_id', 'bigint', (c) => c.notNull())
    .addColumn('scheme', 'text', (c) => c.notNull())
    .addColumn('sealed_secret', 'text', (c) => c.notNull())
    .addColumn('hint', 'text', (c) => c.notNull())
    .addColumn('origins', json, (c) => c.notNull())
    .addColumn('set_by', 'bigint', (c) => c.notNull())
    .addColumn('set_at', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('skill_class_credentials_pk', ['class_id', 'skill_id', 'scheme'])
    .execute()
  await db.schema
    .createIndex('skill_class_credentials_by_skill')
    .on('skill_class_credentials')
    .columns(['skill_id'])
    .execute()

  await db.schema
    .createTable('skillsets')
    .addColumn('person_id', 'bigint', (c) => c.notNull().references('people.person_id').onDelete('cascade'))
    .addColumn('skillset_id', 'text', (c) => c.notNull().unique())
    .addColumn('revision', 'integer', (c) => c.notNull())
    .addColumn('latest_version', 'integer', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('description', 'text', (c) => c.notNull())
    .addColumn('instructions', 'text', (c) => c.notNull())
    .addColumn('answer_format', 'text', (c) => c.notNull())
    .addColumn('model_name', 'text')
    .addColumn('demonstrations', 'text', (c) => c.notNull())
    .addColumn('created_at', 'text', (c) => c.notNull())
    .addColumn('updated_at', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('skillsets_pk', ['person_id', 'skillset_id'])
    .execute()

  await db.schema
    .createTable('skillset_skills')
    .addColumn('person_id', 'bigint', (c) => c.notNull())
    .addColumn('skillset_id', 'text', (c) => c.notNull())
    .addColumn('skill_id', 'bigint', (c) => c.notNull())
    .addColumn('position', 'integer', (c) => c.notNull())
    .addPrimaryKeyConstraint('skillset_skills_pk', ['person_id', 'skillset_id', 'skill_id'])
    .addForeignKeyConstraint(
      'skillset_skills_skillset',
      ['person_id', 'skillset_id'],
      'skillsets',
      ['person_id', 'skillset_id'],
      (c) => c.onDelete('cascade'),
    )
    .addForeignKeyConstraint('skillset_skills_skill', ['person_id', 'skill_id'], 'skills', ['person_id', 'skill_id'])
    .execute()
  await db.schema
    .createIndex('skillset_skills_by_skill')
    .on('skillset_skills')
    .columns(['person_id', 'skill_id'])
    .execute()

  await db.schema
    .createTable('skillset_versions')
    .addColumn('skillset_id', 'text', (c) => c.notNull().references('skillsets.skillset_id').onDelete('cascade'))
    .addColumn('version', 'integer', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('description', 'text', (c) => c.notNull())
    .addColumn('instructions', 'text', (c) => c.notNull())
    .addColumn('answer_format', 'text', (c) => c.notNull())
    .addColumn('model_name', 'text')
    .addColumn('demonstrations', 'text', (c) => c.notNull())
    .addColumn('created_at', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('skillset_versions_pk', ['skillset_id', 'version'])
    .execute()

  await db.schema
    .createTable('skillset_version_skills')
    .addColumn('skillset_id', 'text', (c) => c.notNull())
    .addColumn('version', 'integer', (c) => c.notNull())
    .addColumn('position', 'integer', (c) => c.notNull())
    .addColumn('skill_id', 'bigint', (c) => c.notNull())
    .addColumn('digest', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('skillset_version_skills_pk', ['skillset_id', 'version', 'position'])
    .addForeignKeyConstraint(
      'skillset_version_skills_version',
      ['skillset_id', 'version'],
      'skillset_versions',
      ['skillset_id', 'version'],
      (c) => c.onDelete('cascade'),
    )
    .execute()

  await db.schema
    .createTable('skillset_skill_contents')
    .addColumn('skillset_id', 'text', (c) => c.notNull().references('skillsets.skillset_id').onDelete('cascade'))
    .addColumn('digest', 'text', (c) => c.notNull())
    .addColumn('content', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('skillset_skill_contents_pk', ['skillset_id', 'digest'])
    .execute()

  await db.schema
    .createTable('skillset_pins')
    .addColumn('skillset_id', 'text', (c) => c.notNull())
    .addColumn('version', 'integer', (c) => c.notNull())
    .addColumn('holder', 'text', (c) => c.notNull())
    .addColumn('created_at', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('skillset_pins_pk', ['skillset_id', 'version', 'holder'])
    .addForeignKeyConstraint('skillset_pins_version', ['skillset_id', 'version'], 'skillset_versions', [
      'skillset_id',
      'version',
    ])
    .execute()
  await db.schema.createIndex('skillset_pins_by_holder').on('skillset_pins').columns(['holder']).execute()

  await db.schema
    .createTable('skillset_shares')
    .addColumn('class_id', 'bigint', (c) => c.notNull().references('classes.class_id').onDelete('cascade'))
    .addColumn('skillset_id', 'text', (c) => c.notNull().references('skillsets.skillset_id').onDelete('cascade'))
    .addColumn('share_id', 'bigint', (c) => c.notNull())
    .addColumn('person_id', 'bigint', (c) => c.notNull())
    .addColumn('is_active', 'integer', (c) => c.notNull())
    .addColumn('created_at', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('skillset_shares_pk', ['class_id', 'skillset_id'])
    .execute()
  await db.schema.createIndex('skillset_shares_by_skillset').on('skillset_shares').columns(['skillset_id']).execute()
}
