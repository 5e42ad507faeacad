import type { Kysely } from 'kysely'
import type { ColumnTypes } from '../sql-dialect.ts'

/** Experiments, which compare variants of one prompt; lanes that keep to settings of their own; blind votes. */
export async function up(db: Kysely<never>, _: ColumnTypes): Promise<void> {
  await db.schema.alterTable('practice_lanes').addColumn('revision', 'integer').execute()

  await db.schema
    .createTable('experiments')
    .addColumn('person_id', 'bigint', (c) => c.notNull().references('people.person_id').onDelete('cascade'))
    .addColumn('experiment_id', 'bigint', (c) => c.notNull().unique())
    .addColumn('class_id', 'bigint', (c) => c.notNull().references('classes.class_id').onDelete('cascade'))
    .addColumn('session_id', 'bigint', (c) => c.notNull().unique())
    .addColumn('turn_id', 'bigint', (c) => c.notNull())
    .addColumn('repeats', 'integer', (c) => c.notNull())
    .addColumn('is_shared', 'integer', (c) => c.notNull())
    .addColumn('created_at', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('experiments_pk', ['person_id', 'experiment_id'])
    .execute()
  await db.schema
    .createIndex('experiments_by_class')
    .on('experiments')
    .columns(['class_id', 'is_shared', 'experiment_id'])
    .execute()

  await db.schema
    .createTable('experiment_variants')
    .addColumn('session_id', 'bigint', (c) => c.notNull())
    .addColumn('revision', 'integer', (c) => c.notNull())
    .addColumn('label', 'text', (c) => c.notNull())
    .addColumn('model_name', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('experiment_variants_pk', ['session_id', 'revision'])
    .execute()

  await db.schema
    .createTable('experiment_votes')
    .addColumn('class_id', 'bigint', (c) => c.notNull().references('classes.class_id').onDelete('cascade'))
    .addColumn('session_id', 'bigint', (c) => c.notNull())
    .addColumn('person_id', 'bigint', (c) => c.notNull().references('people.person_id').onDelete('cascade'))
    .addColumn('first_response_id', 'bigint', (c) => c.notNull())
    .addColumn('second_response_id', 'bigint', (c) => c.notNull())
    .addColumn('outcome', 'text', (c) => c.notNull())
    .addColumn('first_model', 'text', (c) => c.notNull())
    .addColumn('second_model', 'text', (c) => c.notNull())
    .addColumn('first_characters', 'integer', (c) => c.notNull())
    .addColumn('second_characters', 'integer', (c) => c.notNull())
    .addColumn('voted_at', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('experiment_votes_pk', [
      'class_id',
      'session_id',
      'person_id',
      'first_response_id',
      'second_response_id',
    ])
    .execute()
  await db.schema.createIndex('experiment_votes_by_session').on('experiment_votes').columns(['session_id']).execute()
}
