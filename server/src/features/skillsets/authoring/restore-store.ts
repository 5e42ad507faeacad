import type { Kysely } from 'kysely'
import { isForeignKeyViolation, isUniqueViolation } from '../../../db/sql-dialect.ts'
import type { Tables } from '../../../db/tables.ts'
import { type DraftChange, updateDraft } from './draft-store.ts'
import { insertSkill, updateSkill } from './skill-store.ts'
import type { EditedSkill } from './skillset.ts'
import type { TunedContent } from './tuning.ts'

/** What has to happen to a skill so that it says again what a version has of it. */
export type SkillRestoration =
  | { kind: 'set back'; skill: Pick<EditedSkill, 'personId' | 'skillId' | 'revision'>; content: TunedContent }
  | { kind: 'made anew'; skill: EditedSkill }

/** Brings drafts back to what they were. */
export class RestoreStore {
  readonly #db: Kysely<Tables>

  constructor(database: { db: Kysely<Tables> }) {
    this.#db = database.db
  }

  /**
   * Changes a draft and its skills together, all or nothing.
   *
   * @param options.most skills that a person may have.
   * @returns `changed` when the draft or a skill is not as it was looked at, `too_many` when the person would have more
   * than `most` skills.
   */
  restore(
    draft: { personId: number; skillsetId: string; revision: number },
    change: DraftChange,
    skills: readonly SkillRestoration[],
    { most, now }: { most: number; now: string },
  ): Promise<'restored' | 'changed' | 'too_many'> {
    return this.#db
      .transaction()
      .execute(async (tx) => {
        for (const one of skills) {
          if (one.kind === 'made anew') {
            if (!(await insertSkill(tx, one.skill, most))) throw new Undone('too_many')
          } else if (!(await updateSkill(tx, one.skill, one.content, { after: one.skill.revision, now })))
            throw new Undone('changed')
        }
        if (!(await updateDraft(tx, draft, change, { after: draft.revision, now }))) throw new Undone('changed')
        return 'restored' as const
      })
      .catch((error: unknown) => {
        if (error instanceof Undone) return error.why
        if (isForeignKeyViolation(error) || isUniqueViolation(error)) return 'changed'
        throw error
      })
  }
}

/** Rolls back what had been done. */
class Undone extends Error {
  readonly why: 'changed' | 'too_many'

  constructor(why: 'changed' | 'too_many') {
    super(why)
    this.why = why
  }
}
