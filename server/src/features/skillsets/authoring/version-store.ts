import type { Kysely } from 'kysely'
import { compileOnce } from '../../../db/compile-once.ts'
import type { Tables } from '../../../db/tables.ts'
import type { Demonstration, SkillContent, SkillsetVersion } from '../skill.ts'
import { BY_HAND, contentOf, type VersionSummary } from './skillset.ts'

/** Versions of skillsets, which never change, and who needs them. */
export class VersionStore {
  readonly #db: Kysely<Tables>

  constructor(database: { db: Kysely<Tables> }) {
    this.#db = database.db
  }

  /** Whose a skillset is and how far its versions go. */
  async findHead(skillsetId: string): Promise<{ ownerId: number; latestVersion: number } | undefined> {
    const { rows } = await this.#db.executeQuery(this.#selectHead({ skillsetId }))
    return rows[0] && { ownerId: rows[0].person_id, latestVersion: rows[0].latest_version }
  }

  /** Whether one of the classes may use a skillset. */
  async isShared(skillsetId: string, classIds: readonly number[]): Promise<boolean> {
    const { rows } = await this.#db.executeQuery(this.#selectShares({ skillsetId }))
    return rows.some((row) => classIds.includes(row.class_id))
  }

  async find(skillsetId: string, version: number): Promise<SkillsetVersion | undefined> {
    const row = await this.#db
      .selectFrom('skillset_versions as version')
      .innerJoin('skillsets as skillset', 'skillset.skillset_id', 'version.skillset_id')
      .selectAll('version')
      .select('skillset.person_id')
      .where('version.skillset_id', '=', skillsetId)
      .where('version.version', '=', version)
      .executeTakeFirst()
    if (!row) return undefined
    const skills = await this.#db
      .selectFrom('skillset_version_skills as kept')
      .innerJoin('skillset_skill_contents as content', (join) =>
        join.onRef('content.skillset_id', '=', 'kept.skillset_id').onRef('content.digest', '=', 'kept.digest'),
      )
      .select(['kept.skill_id', 'content.content'])
      .where('kept.skillset_id', '=', skillsetId)
      .where('kept.version', '=', version)
      .orderBy('kept.position')
      .execute()
    return {
      skillsetId,
      version,
      ownerId: row.person_id,
      name: row.name,
      description: row.description,
      instructions: row.instructions,
      answerFormat: row.answer_format,
      modelName: row.model_name,
      skills: skills.map((skill) => ({
        ...contentOf(JSON.parse(skill.content) as SkillContent),
        skillId: skill.skill_id,
      })),
      demonstrations: JSON.parse(row.demonstrations) as Demonstration[],
      createdAt: row.created_at,
    }
  }

  async exists(skillsetId: string, version: number): Promise<boolean> {
    const { rows } = await this.#db.executeQuery(this.#selectVersion({ skillsetId, version }))
    return rows.length > 0
  }

  /** A page of a skillset's versions, newest first. */
  async list(
    skillsetId: string,
    { limit, offset }: { limit: number; offset: number },
  ): Promise<{ total: number; versions: VersionSummary[] }> {
    const { total } = await this.#db
      .selectFrom('skillset_versions')
      .select((select) => select.fn.countAll<number>().as('total'))
      .where('skillset_id', '=', skillsetId)
      .executeTakeFirstOrThrow()
    const rows = await this.#db
      .selectFrom('skillset_versions as version')
      .select((select) => [
        'version.version',
        'version.name',
        'version.created_at',
        select
          .selectFrom('skillset_version_skills as kept')
          .select((count) => count.fn.countAll<number>().as('count'))
          .whereRef('kept.skillset_id', '=', 'version.skillset_id')
          .whereRef('kept.version', '=', 'version.version')
          .as('skill_count'),
      ])
      .where('version.skillset_id', '=', skillsetId)
      .orderBy('version.version', 'desc')
      .limit(limit)
      .offset(offset)
      .execute()
    const pins = await this.#db
      .selectFrom('skillset_pins')
      .select(['version', 'holder'])
      .where('skillset_id', '=', skillsetId)
      .execute()
    const versions = rows.map((row) => {
      const own = pins.filter((pin) => pin.version === row.version)
      return {
        version: row.version,
        name: row.name,
        skillCount: Number(row.skill_count),
        isInUse: own.length > 0,
        isPinned: own.some((pin) => pin.holder === BY_HAND),
        createdAt: row.created_at,
      }
    })
    return { total: Number(total), versions }
  }

  /** A skill as the latest version of a skillset has it that one of the classes may use: of several, the newest. */
  async findSharedSkill(classIds: readonly number[], skillId: number): Promise<SkillContent | undefined> {
    if (classIds.length === 0) return undefined
    const row = await this.#db
      .selectFrom('skillset_shares as share')
      .innerJoin('skillsets as skillset', (join) =>
        join
          .onRef('skillset.person_id', '=', 'share.person_id')
          .onRef('skillset.skillset_id', '=', 'share.skillset_id'),
      )
      .innerJoin('skillset_version_skills as kept', (join) =>
        join
          .onRef('kept.skillset_id', '=', 'skillset.skillset_id')
          .onRef('kept.version', '=', 'skillset.latest_version'),
      )
      .innerJoin('skillset_versions as version', (join) =>
        join.onRef('version.skillset_id', '=', 'kept.skillset_id').onRef('version.version', '=', 'kept.version'),
      )
      .innerJoin('skillset_skill_contents as content', (join) =>
        join.onRef('content.skillset_id', '=', 'kept.skillset_id').onRef('content.digest', '=', 'kept.digest'),
      )
      .select('content.content')
      .where('share.class_id', 'in', classIds)
      .where('share.is_active', '=', 1)
      .where('kept.skill_id', '=', skillId)
      .orderBy('version.created_at', 'desc')
      .limit(1)
      .executeTakeFirst()
    return row && contentOf(JSON.parse(row.content) as SkillContent)
  }

  /** Keeps a version as long as the holder needs it. @returns false when there is no such version (any more). */
  pin(skillsetId: string, version: number, { holder = BY_HAND, now }: { holder?: string; now: string }) {
    return this.#db.transaction().execute(async (tx) => {
      // Publishing, which may delete a version, waits here or has ended.
      await tx
        .updateTable('skillsets')
        .set((set) => ({ latest_version: set.ref('latest_version') }))
        .where('skillset_id', '=', skillsetId)
        .execute()
      const found = await tx
        .selectFrom('skillset_versions')
        .select('version')
        .where('skillset_id', '=', skillsetId)
        .where('version', '=', version)
        .executeTakeFirst()
      if (!found) return false
      await tx
        .insertInto('skillset_pins')
        .values({ skillset_id: skillsetId, version, holder, created_at: now })
        .onConflict((conflict) => conflict.doNothing())
        .execute()
      return true
    })
  }

  async unpin(skillsetId: string, version: number): Promise<void> {
    await this.#db
      .deleteFrom('skillset_pins')
      .where('skillset_id', '=', skillsetId)
      .where('version', '=', version)
      .where('holder', '=', BY_HAND)
      .execute()
  }

  /** Lets go of every version that a holder needed. */
  async release(holder: string): Promise<void> {
    await this.#db.deleteFrom('skillset_pins').where('holder', '=', holder).execute()
  }

  readonly #selectHead = compileOnce((v: { skillsetId: string }) =>
    this.#db.selectFrom('skillsets').select(['person_id', 'latest_version']).where('skillset_id', '=', v.skillsetId),
  )

  readonly #selectVersion = compileOnce((v: { skillsetId: string; version: number }) =>
    this.#db
      .selectFrom('skillset_versions')
      .select('version')
      .where('skillset_id', '=', v.skillsetId)
      .where('version', '=', v.version),
  )

  readonly #selectShares = compileOnce((v: { skillsetId: string }) =>
    this.#db
      .selectFrom('skillset_shares')
      .select('class_id')
      .where('skillset_id', '=', v.skillsetId)
      .where('is_active', '=', 1),
  )
}
