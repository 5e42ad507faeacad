import type { Kysely } from 'kysely'
import { compileOnce } from '../../../db/compile-once.ts'
import type { Tables } from '../../../db/tables.ts'
import type { CredentialHolder, StoredCredential } from './skillset.ts'

type SealedCredential = StoredCredential & { sealedSecret: string }

/** Sealed secrets that sign calls of skills in, of people and of classes. */
export class CredentialStore {
  readonly #db: Kysely<Tables>

  constructor(database: { db: Kysely<Tables> }) {
    this.#db = database.db
  }

  /** Sets a secret or replaces it. */
  async put(holder: CredentialHolder, skillId: number, credential: SealedCredential): Promise<void> {
    const row = {
      skill_id: skillId,
      scheme: credential.scheme,
      sealed_secret: credential.sealedSecret,
      hint: credential.hint,
      origins: JSON.stringify(credential.origins),
      set_by: credential.setBy,
      set_at: credential.setAt,
    }
    const { skill_id: _, scheme: __, ...change } = row
    if ('personId' in holder)
      await this.#db
        .insertInto('skill_person_credentials')
        .values({ person_id: holder.personId, ...row })
        .onConflict((conflict) => conflict.columns(['person_id', 'skill_id', 'scheme']).doUpdateSet(change))
        .execute()
    else
      await this.#db
        .insertInto('skill_class_credentials')
        .values({ class_id: holder.classId, ...row })
        .onConflict((conflict) => conflict.columns(['class_id', 'skill_id', 'scheme']).doUpdateSet(change))
        .execute()
  }

  /** What a person or a class has for a skill, by the names of the schemes. */
  async list(holder: CredentialHolder, skillId: number): Promise<SealedCredential[]> {
    const { rows } =
      'personId' in holder
        ? await this.#db.executeQuery(this.#selectOfPerson({ personId: holder.personId, skillId }))
        : await this.#db.executeQuery(this.#selectOfClass({ classId: holder.classId, skillId }))
    return rows.map((row) => ({
      scheme: row.scheme,
      sealedSecret: row.sealed_secret,
      hint: row.hint,
      origins: row.origins,
      setBy: row.set_by,
      setAt: row.set_at,
    }))
  }

  /** @returns whether there was one. */
  async delete(holder: CredentialHolder, skillId: number, scheme: string): Promise<boolean> {
    const { numDeletedRows } =
      'personId' in holder
        ? await this.#db
            .deleteFrom('skill_person_credentials')
            .where('person_id', '=', holder.personId)
            .where('skill_id', '=', skillId)
            .where('scheme', '=', scheme)
            .executeTakeFirst()
        : await this.#db
            .deleteFrom('skill_class_credentials')
            .where('class_id', '=', holder.classId)
            .where('skill_id', '=', skillId)
            .where('scheme', '=', scheme)
            .executeTakeFirst()
    return numDeletedRows > 0n
  }

  readonly #selectOfPerson = compileOnce((v: { personId: number; skillId: number }) =>
    this.#db
      .selectFrom('skill_person_credentials')
      .selectAll()
      .where('person_id', '=', v.personId)
      .where('skill_id', '=', v.skillId)
      .orderBy('scheme'),
  )

  readonly #selectOfClass = compileOnce((v: { classId: number; skillId: number }) =>
    this.#db
      .selectFrom('skill_class_credentials')
      .selectAll()
      .where('class_id', '=', v.classId)
      .where('skill_id', '=', v.skillId)
      .orderBy('scheme'),
  )
}
