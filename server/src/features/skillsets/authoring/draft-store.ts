import { type Kysely, type Selectable, sql } from 'kysely'
import { isForeignKeyViolation } from '../../../db/sql-dialect.ts'
import type { Tables } from '../../../db/tables.ts'
import type { Demonstration } from '../skill.ts'
import { BY_HAND, type ChosenSkill, type DraftFields, type SkillsetDraft, type SkillsetSummary } from './skillset.ts'

type Page = { limit: number; offset: number }

/** What a change of a draft says: fields that are left out stay; skills are the whole list, in order. */
export type DraftChange = Partial<DraftFields> & { skillIds?: readonly number[] }

/** Drafts of skillsets. Every query names the owner. */
export class DraftStore {
  readonly #db: Kysely<Tables>

  constructor(database: { db: Kysely<Tables> }) {
    this.#db = database.db
  }

  /**
   * @returns `taken` when another skillset has the id, `too_many` when the person would then have more than `most`,
   * `changed` when one of its skills has gone.
   */
  insert(draft: SkillsetDraft, most: number): Promise<'stored' | 'taken' | 'too_many' | 'changed'> {
    return this.#db
      .transaction()
      .execute((tx) => insertDraft(tx, draft, most))
      .catch(unlessSkillIsGone('changed' as const))
  }

  async find(personId: number, skillsetId: string): Promise<SkillsetDraft | undefined> {
    const row = await this.#db
      .selectFrom('skillsets')
      .selectAll()
      .where('person_id', '=', personId)
      .where('skillset_id', '=', skillsetId)
      .executeTakeFirst()
    if (!row) return undefined
    const skills = await this.#db
      .selectFrom('skillset_skills as chosen')
      .innerJoin('skills as skill', (join) =>
        join.onRef('skill.person_id', '=', 'chosen.person_id').onRef('skill.skill_id', '=', 'chosen.skill_id'),
      )
      .select(SKILL_COLUMNS)
      .where('chosen.person_id', '=', personId)
      .where('chosen.skillset_id', '=', skillsetId)
      .orderBy('chosen.position')
      .execute()
    const shares = await this.#db
      .selectFrom('skillset_shares')
      .select('class_id')
      .where('skillset_id', '=', skillsetId)
      .where('is_active', '=', 1)
      .orderBy('class_id')
      .execute()
    return {
      ...toSummary(row),
      revision: row.revision,
      instructions: row.instructions,
      answerFormat: row.answer_format,
      modelName: row.model_name,
      demonstrations: JSON.parse(row.demonstrations) as Demonstration[],
      skills: skills.map(toChosenSkill),
      classIds: shares.map((share) => share.class_id),
    }
  }

  /** A page of a person's skillsets, newest first. */
  async list(
    personId: number,
    query: Page & { search?: string | undefined },
  ): Promise<{ total: number; skillsets: SkillsetSummary[] }> {
    let matching = this.#db.selectFrom('skillsets').where('person_id', '=', personId)
    if (query.search) {
      const pattern = `%${query.search.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`
      matching = matching.where((where) =>
        where.or(
          (['name', 'description'] as const).map(
            (column) => sql<boolean>`lower(${sql.ref(column)}) like ${pattern} escape '\\'`,
          ),
        ),
      )
    }
    const { total } = await matching
      .select((select) => select.fn.countAll<number>().as('total'))
      .executeTakeFirstOrThrow()
    const rows = await matching
      .select(SUMMARY_COLUMNS)
      .orderBy('created_at', 'desc')
      .orderBy('skillset_id')
      .limit(query.limit)
      .offset(query.offset)
      .execute()
    return { total: Number(total), skillsets: rows.map(toSummary) }
  }

  /** Changes a draft whose revision is still `after`. @returns false, having changed nothing, when it is not. */
  update(
    draft: { personId: number; skillsetId: string },
    change: DraftChange,
    options: { after: number; now: string },
  ): Promise<boolean> {
    return this.#db
      .transaction()
      .execute((tx) => updateDraft(tx, draft, change, options))
      .catch(unlessSkillIsGone(false as const))
  }

  /** Of the person's skills, those of the ids that there are, in no order. */
  async findSkills(personId: number, skillIds: readonly number[]): Promise<ChosenSkill[]> {
    if (skillIds.length === 0) return []
    const rows = await this.#db
      .selectFrom('skills as skill')
      .select(SKILL_COLUMNS)
      .where('person_id', '=', personId)
      .where('skill_id', 'in', skillIds)
      .execute()
    return rows.map(toChosenSkill)
  }

  /** The skills that are together with this one in some draft. */
  async findNeighbours(personId: number, skillId: number): Promise<ChosenSkill[]> {
    const drafts = await this.#db
      .selectFrom('skillset_skills')
      .select('skillset_id')
      .where('person_id', '=', personId)
      .where('skill_id', '=', skillId)
      .execute()
    if (drafts.length === 0) return []
    const rows = await this.#db
      .selectFrom('skillset_skills')
      .select('skill_id')
      .distinct()
      .where('person_id', '=', personId)
      .where(
        'skillset_id',
        'in',
        drafts.map((draft) => draft.skillset_id),
      )
      .where('skill_id', '!=', skillId)
      .execute()
    return this.findSkills(
      personId,
      rows.map((row) => row.skill_id),
    )
  }

  /** Removes a skillset with its versions and shares, unless something else than a pin by hand needs one of them. */
  delete(personId: number, skillsetId: string): Promise<'deleted' | 'in_use' | 'not_found'> {
    return this.#db.transaction().execute(async (tx) => {
      // Nobody can take hold of a version from here on.
      const { numUpdatedRows } = await tx
        .updateTable('skillsets')
        .set((set) => ({ latest_version: set.ref('latest_version') }))
        .where('person_id', '=', personId)
        .where('skillset_id', '=', skillsetId)
        .executeTakeFirst()
      if (numUpdatedRows !== 1n) return 'not_found'
      const needed = await tx
        .selectFrom('skillset_pins')
        .select('holder')
        .where('skillset_id', '=', skillsetId)
        .where('holder', '!=', BY_HAND)
        .limit(1)
        .executeTakeFirst()
      if (needed) return 'in_use'
      await tx.deleteFrom('skillset_pins').where('skillset_id', '=', skillsetId).execute()
      await tx.deleteFrom('skillsets').where('person_id', '=', personId).where('skillset_id', '=', skillsetId).execute()
      return 'deleted'
    })
  }
}

async function insertDraft(
  tx: Kysely<Tables>,
  draft: SkillsetDraft,
  most: number,
): Promise<'stored' | 'taken' | 'too_many'> {
  // Others who add skillsets for this person wait here, so that two cannot both take the last place.
  await tx
    .updateTable('people')
    .set((set) => ({ name: set.ref('name') }))
    .where('person_id', '=', draft.personId)
    .execute()
  const { total } = await tx
    .selectFrom('skillsets')
    .select((select) => select.fn.countAll<number>().as('total'))
    .where('person_id', '=', draft.personId)
    .executeTakeFirstOrThrow()
  if (Number(total) >= most) return 'too_many'
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('skillsets')
    .values({
      person_id: draft.personId,
      skillset_id: draft.skillsetId,
      revision: draft.revision,
      latest_version: draft.latestVersion,
      ...fieldColumns(draft),
      created_at: draft.createdAt,
      updated_at: draft.updatedAt,
    } as Selectable<Tables['skillsets']>)
    .onConflict((conflict) => conflict.column('skillset_id').doNothing())
    .executeTakeFirst()
  if (numInsertedOrUpdatedRows !== 1n) return 'taken'
  await replaceSkills(
    tx,
    draft,
    draft.skills.map(({ skillId }) => skillId),
  )
  return 'stored'
}

/** The tables themselves refuse a skill that has gone meanwhile. */
function unlessSkillIsGone<Outcome>(outcome: Outcome): (error: unknown) => Outcome {
  return (error) => {
    if (isForeignKeyViolation(error)) return outcome
    throw error
  }
}

/** See `DraftStore.update`. */
export async function updateDraft(
  tx: Kysely<Tables>,
  draft: { personId: number; skillsetId: string },
  change: DraftChange,
  { after, now }: { after: number; now: string },
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('skillsets')
    .set({ ...fieldColumns(change), revision: after + 1, updated_at: now })
    .where('person_id', '=', draft.personId)
    .where('skillset_id', '=', draft.skillsetId)
    .where('revision', '=', after)
    .executeTakeFirst()
  if (numUpdatedRows !== 1n) return false
  if (change.skillIds) await replaceSkills(tx, draft, change.skillIds)
  return true
}

const SUMMARY_COLUMNS = [
  'skillset_id',
  'person_id',
  'latest_version',
  'name',
  'description',
  'created_at',
  'updated_at',
] as const

const SKILL_COLUMNS = [
  'skill.skill_id',
  'skill.revision',
  'skill.name_for_human',
  'skill.name_for_model',
  'skill.enabled_count',
] as const

function toChosenSkill(
  row: Pick<
    Selectable<Tables['skills']>,
    'skill_id' | 'revision' | 'name_for_human' | 'name_for_model' | 'enabled_count'
  >,
): ChosenSkill {
  return {
    skillId: row.skill_id,
    revision: row.revision,
    nameForHuman: row.name_for_human,
    nameForModel: row.name_for_model,
    enabledCount: row.enabled_count,
  }
}

export function toSummary(
  row: Pick<Selectable<Tables['skillsets']>, (typeof SUMMARY_COLUMNS)[number]>,
): SkillsetSummary {
  return {
    skillsetId: row.skillset_id,
    personId: row.person_id,
    latestVersion: row.latest_version,
    name: row.name,
    description: row.description,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}

/** Replaces the skills of a draft; that they are the owner's is held by the table itself. */
async function replaceSkills(
  tx: Kysely<Tables>,
  { personId, skillsetId }: { personId: number; skillsetId: string },
  skillIds: readonly number[],
): Promise<void> {
  await tx
    .deleteFrom('skillset_skills')
    .where('person_id', '=', personId)
    .where('skillset_id', '=', skillsetId)
    .execute()
  if (skillIds.length === 0) return
  await tx
    .insertInto('skillset_skills')
    .values(
      skillIds.map((skillId, position) => ({
        person_id: personId,
        skillset_id: skillsetId,
        skill_id: skillId,
        position,
      })),
    )
    .execute()
}

function fieldColumns(fields: Partial<DraftFields>) {
  return {
    ...(fields.name !== undefined && { name: fields.name }),
    ...(fields.description !== undefined && { description: fields.description }),
    ...(fields.instructions !== undefined && { instructions: fields.instructions }),
    ...(fields.answerFormat !== undefined && { answer_format: fields.answerFormat }),
    ...(fields.modelName !== undefined && { model_name: fields.modelName }),
    ...(fields.demonstrations !== undefined && { demonstrations: JSON.stringify(fields.demonstrations) }),
  }
}
