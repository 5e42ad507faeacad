import { type Kysely, type Selectable, sql } from 'kysely'
import type { Tables } from '../../db/tables.ts'
import type { FewShotDraft, FewShotExample, Share } from './few-shot.ts'

/** Rows of one insert: SQLite takes at most 32,766 parameters in a statement. */
const ROWS_PER_INSERT = 200

type Page = { limit: number; offset: number }

/** Few-shot examples and which classes may use them. Every query names the owner or a class. */
export class FewShotStore {
  readonly #db: Kysely<Tables>

  constructor(database: { db: Kysely<Tables> }) {
    this.#db = database.db
  }

  /** @returns false, having stored nothing, when the person would then have more than `most`. */
  insert(personId: number, examples: readonly FewShotExample[], most: number): Promise<boolean> {
    return this.#db.transaction().execute(async (tx) => {
      // Others who add examples for this person wait here, so that two imports cannot both fill the last place.
      await tx
        .updateTable('people')
        .set((set) => ({ name: set.ref('name') }))
        .where('person_id', '=', personId)
        .execute()
      const { total } = await tx
        .selectFrom('few_shot_examples')
        .select((select) => select.fn.countAll<number>().as('total'))
        .where('person_id', '=', personId)
        .executeTakeFirstOrThrow()
      if (Number(total) + examples.length > most) return false
      for (let first = 0; first < examples.length; first += ROWS_PER_INSERT)
        await tx
          .insertInto('few_shot_examples')
          .values(examples.slice(first, first + ROWS_PER_INSERT).map(toRow))
          .execute()
      return true
    })
  }

  async find(personId: number, exampleId: number): Promise<FewShotExample | undefined> {
    return (await this.findMany(personId, [exampleId]))[0]
  }

  /** Those of the ids that are the person's, in no order. */
  async findMany(personId: number, exampleIds: readonly number[]): Promise<FewShotExample[]> {
    if (exampleIds.length === 0) return []
    const rows = await this.#db
      .selectFrom('few_shot_examples')
      .selectAll()
      .where('person_id', '=', personId)
      .where('example_id', 'in', exampleIds)
      .execute()
    return this.#withClassIds(personId, rows)
  }

  /** A page of a person's examples, newest first. */
  async list(
    personId: number,
    query: Page & { isActive?: boolean | undefined; search?: string | undefined },
  ): Promise<{ total: number; examples: FewShotExample[] }> {
    let matching = this.#db.selectFrom('few_shot_examples').where('person_id', '=', personId)
    if (query.isActive !== undefined) matching = matching.where('is_active', '=', query.isActive ? 1 : 0)
    if (query.search) {
      const pattern = `%${query.search.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`
      matching = matching.where((where) =>
        where.or(
          (['title', 'input_text', 'output_text'] as const).map(
            (column) => sql<boolean>`lower(${sql.ref(column)}) like ${pattern} escape '\\'`,
          ),
        ),
      )
    }
    const { total } = await matching
      .select((select) => select.fn.countAll<number>().as('total'))
      .executeTakeFirstOrThrow()
    const rows = await matching
      .selectAll()
      .orderBy('created_at', 'desc')
      .orderBy('example_id', 'desc')
      .limit(query.limit)
      .offset(query.offset)
      .execute()
    return { total: Number(total), examples: await this.#withClassIds(personId, rows) }
  }

  /** The person's examples after an id, in the order of their ids. */
  async listAfter(personId: number, exampleId: number, limit: number): Promise<FewShotExample[]> {
    const rows = await this.#db
      .selectFrom('few_shot_examples')
      .selectAll()
      .where('person_id', '=', personId)
      .where('example_id', '>', exampleId)
      .orderBy('example_id')
      .limit(limit)
      .execute()
    return rows.map((row) => toExample(row, []))
  }

  /** @returns whether the person has such an example. */
  async update(personId: number, exampleId: number, change: Partial<FewShotDraft>, now: string): Promise<boolean> {
    const result = await this.#db
      .updateTable('few_shot_examples')
      .set({
        ...(change.title !== undefined && { title: change.title }),
        ...(change.inputText !== undefined && { input_text: change.inputText }),
        ...(change.outputText !== undefined && { output_text: change.outputText }),
        ...(change.meta !== undefined && { meta: JSON.stringify(change.meta) }),
        ...(change.isActive !== undefined && { is_active: change.isActive ? 1 : 0 }),
        updated_at: now,
      })
      .where('person_id', '=', personId)
      .where('example_id', '=', exampleId)
      .executeTakeFirst()
    return result.numUpdatedRows === 1n
  }

  /** Removes an example and its shares. @returns whether the person had it. */
  delete(personId: number, exampleId: number): Promise<boolean> {
    return this.#db.transaction().execute(async (tx) => {
      await tx
        .deleteFrom('few_shot_shares')
        .where('person_id', '=', personId)
        .where('example_id', '=', exampleId)
        .execute()
      const result = await tx
        .deleteFrom('few_shot_examples')
        .where('person_id', '=', personId)
        .where('example_id', '=', exampleId)
        .executeTakeFirst()
      return result.numDeletedRows === 1n
    })
  }

  /** Those of the ids that a class may use, inactive ones too, in no order. */
  async findManyShared(classId: number, exampleIds: readonly number[]): Promise<FewShotExample[]> {
    if (exampleIds.length === 0) return []
    const rows = await this.#shared(classId).selectAll('example').where('share.example_id', 'in', exampleIds).execute()
    return rows.map((row) => toExample(row, [classId]))
  }

  /** A page of what a class may use, newest first. */
  async listShared(
    classId: number,
    query: Page & { activeOnly: boolean },
  ): Promise<{ total: number; examples: FewShotExample[] }> {
    let matching = this.#shared(classId)
    if (query.activeOnly) matching = matching.where('example.is_active', '=', 1)
    const { total } = await matching
      .select((select) => select.fn.countAll<number>().as('total'))
      .executeTakeFirstOrThrow()
    const rows = await matching
      .selectAll('example')
      .orderBy('share.created_at', 'desc')
      .orderBy('share.share_id', 'desc')
      .limit(query.limit)
      .offset(query.offset)
      .execute()
    return { total: Number(total), examples: rows.map((row) => toExample(row, [classId])) }
  }

  /** Shares an example, again if need be; a share that exists keeps its id and time. */
  async share(exampleId: number, share: Share): Promise<Share> {
    await this.#db
      .insertInto('few_shot_shares')
      .values({
        class_id: share.classId,
        example_id: exampleId,
        share_id: share.shareId,
        person_id: share.personId,
        is_active: 1,
        created_at: share.createdAt,
      })
      .onConflict((conflict) => conflict.columns(['class_id', 'example_id']).doUpdateSet({ is_active: 1 }))
      .execute()
    return (await this.findShare(share.classId, exampleId)) ?? share
  }

  async findShare(classId: number, exampleId: number): Promise<Share | undefined> {
    const row = await this.#db
      .selectFrom('few_shot_shares')
      .selectAll()
      .where('class_id', '=', classId)
      .where('example_id', '=', exampleId)
      .executeTakeFirst()
    return (
      row && {
        shareId: row.share_id,
        classId: row.class_id,
        personId: row.person_id,
        isActive: row.is_active === 1,
        createdAt: row.created_at,
      }
    )
  }

  async endShare(classId: number, exampleId: number): Promise<void> {
    await this.#db
      .updateTable('few_shot_shares')
      .set({ is_active: 0 })
      .where('class_id', '=', classId)
      .where('example_id', '=', exampleId)
      .execute()
  }

  #shared(classId: number) {
    return this.#db
      .selectFrom('few_shot_shares as share')
      .innerJoin('few_shot_examples as example', (join) =>
        join.onRef('example.person_id', '=', 'share.person_id').onRef('example.example_id', '=', 'share.example_id'),
      )
      .where('share.class_id', '=', classId)
      .where('share.is_active', '=', 1)
  }

  async #withClassIds(personId: number, rows: ExampleRow[]): Promise<FewShotExample[]> {
    if (rows.length === 0) return []
    const shares = await this.#db
      .selectFrom('few_shot_shares')
      .select(['class_id', 'example_id'])
      .where('person_id', '=', personId)
      .where('is_active', '=', 1)
      .where(
        'example_id',
        'in',
        rows.map((row) => row.example_id),
      )
      .orderBy('class_id')
      .execute()
    return rows.map((row) =>
      toExample(
        row,
        shares.filter((share) => share.example_id === row.example_id).map((share) => share.class_id),
      ),
    )
  }
}

type ExampleRow = Selectable<Tables['few_shot_examples']>

function toExample(row: ExampleRow, classIds: number[]): FewShotExample {
  return {
    exampleId: row.example_id,
    personId: row.person_id,
    title: row.title,
    inputText: row.input_text,
    outputText: row.output_text,
    meta: row.meta,
    isActive: row.is_active === 1,
    source: row.source,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    classIds,
  }
}

function toRow(example: FewShotExample) {
  return {
    person_id: example.personId,
    example_id: example.exampleId,
    title: example.title,
    input_text: example.inputText,
    output_text: example.outputText,
    meta: JSON.stringify(example.meta),
    is_active: example.isActive ? 1 : 0,
    source: example.source,
    created_at: example.createdAt,
    updated_at: example.updatedAt,
  }
}
