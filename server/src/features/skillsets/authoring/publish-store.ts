import { type Kysely, sql } from 'kysely'
import type { Tables } from '../../../db/tables.ts'
import type { ChosenSkill } from './skillset.ts'

/** Makes versions of drafts. */
export class PublishStore {
  readonly #db: Kysely<Tables>

  constructor(database: { db: Kysely<Tables> }) {
    this.#db = database.db
  }

  /**
   * Makes a draft the next version, with its skills as they are; beyond `most` versions the oldest that nobody needs
   * goes.
   *
   * Everything is copied inside the database: what a skill says may be long.
   *
   * @param draft as it was looked at.
   * @returns the number of the version; `changed`, with nothing done, when the draft or one of its skills is not as it
   * was; `full` when every version is needed.
   */
  publish(
    draft: { personId: number; skillsetId: string; revision: number; skills: readonly ChosenSkill[] },
    { most, now }: { most: number; now: string },
  ): Promise<number | 'changed' | 'full'> {
    const { skillsetId, personId } = draft
    return this.#db.transaction().execute(async (tx) => {
      // Others who publish it, or take hold of one of its versions, wait here.
      const row = await tx
        .updateTable('skillsets')
        .set((set) => ({ latest_version: set.ref('latest_version') }))
        .where('person_id', '=', personId)
        .where('skillset_id', '=', skillsetId)
        .where('revision', '=', draft.revision)
        .returning('latest_version')
        .executeTakeFirst()
      if (!row || !(await areUnchanged(tx, personId, draft.skills))) return 'changed'
      if (!(await makeRoom(tx, skillsetId, most))) return 'full'

      const version = row.latest_version + 1
      await tx
        .updateTable('skillsets')
        .set({ latest_version: version })
        .where('person_id', '=', personId)
        .where('skillset_id', '=', skillsetId)
        .execute()
      await tx
        .insertInto('skillset_versions')
        .columns([
          'skillset_id',
          'version',
          'name',
          'description',
          'instructions',
          'answer_format',
          'model_name',
          'demonstrations',
          'created_at',
        ])
        .expression(
          tx
            .selectFrom('skillsets')
            .select([
              'skillset_id',
              'latest_version',
              'name',
              'description',
              'instructions',
              'answer_format',
              'model_name',
              'demonstrations',
              sql.val(now).as('created_at'),
            ])
            .where('person_id', '=', personId)
            .where('skillset_id', '=', skillsetId),
        )
        .execute()
      await keepSkills(tx, draft)
      return version
    })
  }
}

async function areUnchanged(tx: Kysely<Tables>, personId: number, skills: readonly ChosenSkill[]): Promise<boolean> {
  for (const { skillId, revision } of skills) {
    // Whoever changes the skill waits until the version has its copy.
    const { numUpdatedRows } = await tx
      .updateTable('skills')
      .set((set) => ({ revision: set.ref('revision') }))
      .where('person_id', '=', personId)
      .where('skill_id', '=', skillId)
      .where('revision', '=', revision)
      .executeTakeFirst()
    if (numUpdatedRows !== 1n) return false
  }
  return true
}

/** @returns false when there is no room for another version. */
async function makeRoom(tx: Kysely<Tables>, skillsetId: string, most: number): Promise<boolean> {
  const versions = await tx
    .selectFrom('skillset_versions as version')
    .leftJoin('skillset_pins as pin', (join) =>
      join.onRef('pin.skillset_id', '=', 'version.skillset_id').onRef('pin.version', '=', 'version.version'),
    )
    .select(['version.version', (select) => select.fn.count<number>('pin.holder').as('holders')])
    .where('version.skillset_id', '=', skillsetId)
    .groupBy('version.version')
    .orderBy('version.version')
    .execute()
  if (versions.length < most) return true
  const oldest = versions.find(({ holders }) => Number(holders) === 0)
  if (!oldest) return false
  await tx
    .deleteFrom('skillset_versions')
    .where('skillset_id', '=', skillsetId)
    .where('version', '=', oldest.version)
    .execute()
  await tx
    .deleteFrom('skillset_skill_contents')
    .where('skillset_id', '=', skillsetId)
    .where('digest', 'not in', (select) =>
      select.selectFrom('skillset_version_skills').select('digest').where('skillset_id', '=', skillsetId),
    )
    .execute()
  return true
}

async function keepSkills(
  tx: Kysely<Tables>,
  { personId, skillsetId }: { personId: number; skillsetId: string },
): Promise<void> {
  const chosen = tx
    .selectFrom('skillset_skills as chosen')
    .innerJoin('skills as skill', (join) =>
      join.onRef('skill.person_id', '=', 'chosen.person_id').onRef('skill.skill_id', '=', 'chosen.skill_id'),
    )
    .where('chosen.person_id', '=', personId)
    .where('chosen.skillset_id', '=', skillsetId)
  await tx
    .insertInto('skillset_version_skills')
    .columns(['skillset_id', 'version', 'position', 'skill_id', 'digest'])
    .expression(
      chosen
        .innerJoin('skillsets as skillset', (join) =>
          join
            .onRef('skillset.person_id', '=', 'chosen.person_id')
            .onRef('skillset.skillset_id', '=', 'chosen.skillset_id'),
        )
        .select([
          'chosen.skillset_id',
          'skillset.latest_version',
          'chosen.position',
          'chosen.skill_id',
          'skill.digest',
        ]),
    )
    .execute()
  await tx
    .insertInto('skillset_skill_contents')
    .columns(['skillset_id', 'digest', 'content'])
    .expression(chosen.select(['chosen.skillset_id', 'skill.digest', 'skill.content']))
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}
