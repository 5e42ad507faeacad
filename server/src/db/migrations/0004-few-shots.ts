import { type Kysely, sql } from 'kysely'
import type { ColumnTypes } from '../sql-dialect.ts'

/** Everybody's few-shot examples, and which of them their classes may use. */
export async function up(db: Kysely<never>, { json }: ColumnTypes): Promise<void> {
  await db.schema
    .createTable('few_shot_examples')
    .addColumn('person_id', 'bigint', (c) => c.notNull().references('people.person_id').onDelete('cascade'))
    .addColumn('example_id', 'bigint', (c) => c.notNull())
    .addColumn('title', 'text')
    .addColumn('input_text', 'text', (c) => c.notNull())
    .addColumn('output_text', 'text', (c) => c.notNull())
    .addColumn('meta', json, (c) => c.notNull())
    .addColumn('is_active', 'integer', (c) => c.notNull())
    .addColumn('source', 'text')
    .addColumn('created_at', 'text', (c) => c.notNull())
    .addColumn('updated_at', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('few_shot_examples_pk', ['person_id', 'example_id'])
    .addCheckConstraint('few_shot_examples_source', sql`source in ('user_fewshot', 'class_shared', 'partner_fewshot')`)
    .execute()
  await db.schema.createIndex('few_shot_examples_by_id').on('few_shot_examples').columns(['example_id']).execute()

  await db.schema
    .createTable('few_shot_shares')
    .addColumn('class_id', 'bigint', (c) => c.notNull().references('classes.class_id').onDelete('cascade'))
    .addColumn('example_id', 'bigint', (c) => c.notNull())
    .addColumn('share_id', 'bigint', (c) => c.notNull())
    .addColumn('person_id', 'bigint', (c) => c.notNull().references('people.person_id').onDelete('cascade'))
    .addColumn('is_active', 'integer', (c) => c.notNull())
    .addColumn('created_at', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('few_shot_shares_pk', ['class_id', 'example_id'])
    .execute()
  await db.schema
    .createIndex('few_shot_shares_by_person')
    .on('few_shot_shares')
    .columns(['person_id', 'example_id'])
    .execute()
}
