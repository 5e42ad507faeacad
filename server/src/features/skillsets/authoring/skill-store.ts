import { createHash } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import { isForeignKeyViolation } from '../../../db/sql-dialect.ts'
import type { Tables } from '../../../db/tables.ts'
import { contentOf, type EditedSkill, type SkillSummary } from './skillset.ts'
import type { TunedContent } from './tuning.ts'

/** People's skills. Every query names the owner. */
export class SkillStore {
  readonly #db: Kysely<Tables>

  constructor(database: { db: Kysely<Tables> }) {
    this.#db = database.db
  }

  /** @returns false, having stored nothing, when the person would then have more than `most`. */
  insert(skill: EditedSkill, most: number): Promise<boolean> {
    return this.#db.transaction().execute((tx) => insertSkill(tx, skill, most))
  }

  async find(personId: number, skillId: number): Promise<EditedSkill | undefined> {
    const row = await this.#db
      .selectFrom('skills')
      .select(['skill_id', 'person_id', 'revision', 'content', 'created_at', 'updated_at'])
      .where('person_id', '=', personId)
      .where('skill_id', '=', skillId)
      .executeTakeFirst()
    return (
      row && {
        ...(JSON.parse(row.content) as TunedContent),
        skillId: row.skill_id,
        personId: row.person_id,
        revision: row.revision,
        createdAt: row.created_at,
        updatedAt: row.updated_at,
      }
    )
  }

  async findOwner(skillId: number): Promise<number | undefined> {
    const row = await this.#db
      .selectFrom('skills')
      .select('person_id')
      .where('skill_id', '=', skillId)
      .executeTakeFirst()
    return row?.person_id
  }

  /** A page of a person's skills, newest first. */
  async list(
    personId: number,
    query: { search?: string | undefined; limit: number; offset: number },
  ): Promise<{ total: number; skills: SkillSummary[] }> {
    let matching = this.#db.selectFrom('skills').where('person_id', '=', personId)
    if (query.search) {
      const pattern = `%${query.search.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`
      matching = matching.where((where) =>
        where.or(
          (['name_for_human', 'name_for_model', 'description_for_human'] as const).map(
            (column) => sql<boolean>`lower(${sql.ref(column)}) like ${pattern} escape '\\'`,
          ),
        ),
      )
    }
    const { total } = await matching
      .select((select) => select.fn.countAll<number>().as('total'))
      .executeTakeFirstOrThrow()
    const rows = await matching
      .select([
        'skill_id',
        'revision',
        'name_for_human',
        'name_for_model',
        'description_for_human',
        'source',
        'operation_count',
        'enabled_count',
        'created_at',
        'updated_at',
      ])
      .orderBy('created_at', 'desc')
      .orderBy('skill_id', 'desc')
      .limit(query.limit)
      .offset(query.offset)
      .execute()
    const skills = rows.map((row) => ({
      skillId: row.skill_id,
      revision: row.revision,
      nameForHuman: row.name_for_human,
      nameForModel: row.name_for_model,
      descriptionForHuman: row.description_for_human,
      source: row.source,
      operationCount: row.operation_count,
      enabledCount: row.enabled_count,
      createdAt: row.created_at,
      updatedAt: row.updated_at,
    }))
    return { total: Number(total), skills }
  }

  /** Changes a skill whose revision is still `after`. @returns false, having changed nothing, when it is not. */
  update(
    skill: { personId: number; skillId: number },
    content: TunedContent,
    change: { after: number; now: string },
  ): Promise<boolean> {
    return updateSkill(this.#db, skill, content, change)
  }

  /** In how many drafts a skill is. */
  async countDrafts(personId: number, skillId: number): Promise<number> {
    const { total } = await this.#db
      .selectFrom('skillset_skills')
      .select((select) => select.fn.countAll<number>().as('total'))
      .where('person_id', '=', personId)
      .where('skill_id', '=', skillId)
      .executeTakeFirstOrThrow()
    return Number(total)
  }

  /**
   * Removes a skill with everybody's secrets for it, unless a skillset needs it: its draft, its latest version, or an
   * earlier one that is in use.
   *
   * @returns the names of the skillsets that need it: when there are any, nothing was removed. Undefined when the
   * person has no such skill.
   */
  async delete(personId: number, skillId: number): Promise<string[] | undefined> {
    try {
      return await this.#deleteUnneeded(personId, skillId)
    } catch (error) {
      // Somebody has put it into a draft meanwhile.
      if (isForeignKeyViolation(error)) return this.#deleteUnneeded(personId, skillId)
      throw error
    }
  }

  #deleteUnneeded(personId: number, skillId: number): Promise<string[] | undefined> {
    return this.#db.transaction().execute(async (tx) => {
      // Whoever publishes a skillset with it waits here, or has ended.
      const { numUpdatedRows } = await tx
        .updateTable('skills')
        .set((set) => ({ revision: set.ref('revision') }))
        .where('person_id', '=', personId)
        .where('skill_id', '=', skillId)
        .executeTakeFirst()
      if (numUpdatedRows !== 1n) return undefined
      const needing = await tx
        .selectFrom('skillsets as one')
        .select('one.name')
        .where('one.person_id', '=', personId)
        .where((where) =>
          where.or([
            where.exists(
              where
                .selectFrom('skillset_skills as draft')
                .select('draft.skill_id')
                .whereRef('draft.person_id', '=', 'one.person_id')
                .whereRef('draft.skillset_id', '=', 'one.skillset_id')
                .where('draft.skill_id', '=', skillId),
            ),
            where.exists(
              where
                .selectFrom('skillset_version_skills as kept')
                .select('kept.skill_id')
                .whereRef('kept.skillset_id', '=', 'one.skillset_id')
                .where('kept.skill_id', '=', skillId)
                .where((inner) =>
                  inner.or([
                    inner('kept.version', '=', inner.ref('one.latest_version')),
                    inner.exists(
                      inner
                        .selectFrom('skillset_pins as pin')
                        .select('pin.holder')
                        .whereRef('pin.skillset_id', '=', 'kept.skillset_id')
                        .whereRef('pin.version', '=', 'kept.version'),
                    ),
                  ]),
                ),
            ),
          ]),
        )
        .orderBy('one.created_at')
        .execute()
      if (needing.length > 0) return needing.map((row) => row.name)
      for (const table of ['skill_person_credentials', 'skill_class_credentials'] as const)
        await tx.deleteFrom(table).where('skill_id', '=', skillId).execute()
      await tx.deleteFrom('skills').where('person_id', '=', personId).where('skill_id', '=', skillId).execute()
      return []
    })
  }
}

/** See `SkillStore.insert`. */
export async function insertSkill(tx: Kysely<Tables>, skill: EditedSkill, most: number): Promise<boolean> {
  // Others who add skills for this person wait here, so that two cannot both take the last place.
  await tx
    .updateTable('people')
    .set((set) => ({ name: set.ref('name') }))
    .where('person_id', '=', skill.personId)
    .execute()
  const { total } = await tx
    .selectFrom('skills')
    .select((select) => select.fn.countAll<number>().as('total'))
    .where('person_id', '=', skill.personId)
    .executeTakeFirstOrThrow()
  if (Number(total) >= most) return false
  await tx
    .insertInto('skills')
    .values({
      person_id: skill.personId,
      skill_id: skill.skillId,
      revision: skill.revision,
      ...contentRow(skill),
      created_at: skill.createdAt,
      updated_at: skill.updatedAt,
    })
    .execute()
  return true
}

/** See `SkillStore.update`. */
export async function updateSkill(
  db: Kysely<Tables>,
  { personId, skillId }: { personId: number; skillId: number },
  content: TunedContent,
  { after, now }: { after: number; now: string },
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('skills')
    .set({ ...contentRow(content), revision: after + 1, updated_at: now })
    .where('person_id', '=', personId)
    .where('skill_id', '=', skillId)
    .where('revision', '=', after)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

function contentRow(content: TunedContent) {
  const json = JSON.stringify({ ...contentOf(content), tuned: content.tuned })
  return {
    name_for_human: content.nameForHuman,
    name_for_model: content.nameForModel,
    description_for_human: content.descriptionForHuman,
    source: JSON.stringify(content.source),
    operation_count: content.operations.length,
    enabled_count: content.operations.filter((operation) => operation.isEnabled).length,
    digest: createHash('sha256').update(json).digest('hex'),
    content: json,
  }
}
