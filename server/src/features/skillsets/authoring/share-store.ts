import type { Kysely } from 'kysely'
import type { Tables } from '../../../db/tables.ts'
import { toSummary } from './draft-store.ts'
import type { SharedSkillset, SkillsetShare } from './skillset.ts'

/** Which classes may use what is published of a skillset. */
export class ShareStore {
  readonly #db: Kysely<Tables>

  constructor(database: { db: Kysely<Tables> }) {
    this.#db = database.db
  }

  /** A page of the published skillsets that a class may use, as their latest versions call themselves; newest first. */
  async listShared(
    classId: number,
    query: { limit: number; offset: number },
  ): Promise<{ total: number; skillsets: SharedSkillset[] }> {
    const matching = this.#db
      .selectFrom('skillset_shares as share')
      .innerJoin('skillsets as skillset', (join) =>
        join
          .onRef('skillset.person_id', '=', 'share.person_id')
          .onRef('skillset.skillset_id', '=', 'share.skillset_id'),
      )
      .innerJoin('skillset_versions as latest', (join) =>
        join
          .onRef('latest.skillset_id', '=', 'skillset.skillset_id')
          .onRef('latest.version', '=', 'skillset.latest_version'),
      )
      .where('share.class_id', '=', classId)
      .where('share.is_active', '=', 1)
    const { total } = await matching
      .select((select) => select.fn.countAll<number>().as('total'))
      .executeTakeFirstOrThrow()
    const rows = await matching
      .select([
        'skillset.skillset_id',
        'skillset.person_id',
        'skillset.latest_version',
        'latest.name',
        'latest.description',
        'skillset.created_at',
        'latest.created_at as updated_at',
      ])
      .orderBy('share.created_at', 'desc')
      .orderBy('share.share_id', 'desc')
      .limit(query.limit)
      .offset(query.offset)
      .execute()
    const skills = await this.#skillsOf(rows)
    const skillsets = rows.map((row) => ({
      ...toSummary(row),
      skills: skills
        .filter((skill) => skill.skillset_id === row.skillset_id)
        .map((skill) => ({ skillId: skill.skill_id, nameForHuman: skill.name_for_human })),
    }))
    return { total: Number(total), skillsets }
  }

  /** Shares a skillset, again if need be; a share that exists keeps its id and time. */
  async share(share: SkillsetShare): Promise<SkillsetShare> {
    await this.#db
      .insertInto('skillset_shares')
      .values({
        class_id: share.classId,
        skillset_id: share.skillsetId,
        share_id: share.shareId,
        person_id: share.personId,
        is_active: 1,
        created_at: share.createdAt,
      })
      .onConflict((conflict) => conflict.columns(['class_id', 'skillset_id']).doUpdateSet({ is_active: 1 }))
      .execute()
    return (await this.findShare(share.classId, share.skillsetId)) ?? share
  }

  async findShare(classId: number, skillsetId: string): Promise<SkillsetShare | undefined> {
    const row = await this.#db
      .selectFrom('skillset_shares')
      .selectAll()
      .where('class_id', '=', classId)
      .where('skillset_id', '=', skillsetId)
      .executeTakeFirst()
    return (
      row && {
        shareId: row.share_id,
        skillsetId: row.skillset_id,
        classId: row.class_id,
        personId: row.person_id,
        isActive: row.is_active === 1,
        createdAt: row.created_at,
      }
    )
  }

  async endShare(classId: number, skillsetId: string): Promise<void> {
    await this.#db
      .updateTable('skillset_shares')
      .set({ is_active: 0 })
      .where('class_id', '=', classId)
      .where('skillset_id', '=', skillsetId)
      .execute()
  }

  /** The skills in the latest versions, in their order. */
  async #skillsOf(skillsets: readonly { skillset_id: string; latest_version: number }[]) {
    if (skillsets.length === 0) return []
    return this.#db
      .selectFrom('skillsets as skillset')
      .innerJoin('skillset_version_skills as kept', (join) =>
        join
          .onRef('kept.skillset_id', '=', 'skillset.skillset_id')
          .onRef('kept.version', '=', 'skillset.latest_version'),
      )
      .innerJoin('skills as skill', (join) =>
        join.onRef('skill.person_id', '=', 'skillset.person_id').onRef('skill.skill_id', '=', 'kept.skill_id'),
      )
      .select(['kept.skillset_id', 'kept.skill_id', 'skill.name_for_human'])
      .where(
        'skillset.skillset_id',
        'in',
        skillsets.map((skillset) => skillset.skillset_id),
      )
      .orderBy('kept.position')
      .execute()
  }
}
