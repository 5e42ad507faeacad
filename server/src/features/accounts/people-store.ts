import type { Kysely } from 'kysely'
import type { Tables } from '../../db/tables.ts'
import type { ClassRole } from '../classes/class.ts'
import type { Person } from './person.ts'

const COLUMNS = ['person_id', 'handle', 'name', 'is_admin'] as const

export class PeopleStore {
  readonly #db: Kysely<Tables>

  constructor(db: Kysely<Tables>) {
    this.#db = db
  }

  /**
   * Adds a person, and makes them a member of a class if that class exists.
   *
   * @returns false, having changed nothing, when somebody has the handle already.
   */
  insert(person: Person, member: { classId: number; role: ClassRole }, createdAt: string): Promise<boolean> {
    return this.#db.transaction().execute(async (tx) => {
      const inserted = await tx
        .insertInto('people')
        .values({
          person_id: person.personId,
          handle: person.handle,
          name: person.name,
          is_admin: person.isAdmin ? 1 : 0,
          created_at: createdAt,
        })
        .onConflict((conflict) => conflict.column('handle').doNothing())
        .executeTakeFirst()
      if (inserted.numInsertedOrUpdatedRows !== 1n) return false
      const found = await tx
        .selectFrom('classes')
        .select('class_id')
        .where('class_id', '=', member.classId)
        .executeTakeFirst()
      if (found)
        await tx
          .insertInto('class_members')
          .values({ class_id: member.classId, person_id: person.personId, role: member.role, created_at: createdAt })
          .execute()
      return true
    })
  }

  async findByHandle(handle: string): Promise<Person | undefined> {
    const row = await this.#db.selectFrom('people').select(COLUMNS).where('handle', '=', handle).executeTakeFirst()
    return row && toPerson(row)
  }

  async find(personId: number): Promise<Person | undefined> {
    const row = await this.#db.selectFrom('people').select(COLUMNS).where('person_id', '=', personId).executeTakeFirst()
    return row && toPerson(row)
  }

  /** The admin who has been here longest. */
  async findFirstAdmin(): Promise<Person | undefined> {
    const row = await this.#db
      .selectFrom('people')
      .select(COLUMNS)
      .where('is_admin', '=', 1)
      .orderBy('created_at')
      .orderBy('person_id')
      .executeTakeFirst()
    return row && toPerson(row)
  }

  async list(): Promise<(Person & { createdAt: string })[]> {
    const rows = await this.#db
      .selectFrom('people')
      .select([...COLUMNS, 'created_at'])
      .orderBy('handle')
      .execute()
    return rows.map((row) => ({ ...toPerson(row), createdAt: row.created_at }))
  }

  /** Better Auth's user for the person, once there is one. */
  async findAuthUserId(personId: number): Promise<string | undefined> {
    const row = await this.#db
      .selectFrom('people')
      .select('auth_user_id')
      .where('person_id', '=', personId)
      .executeTakeFirst()
    return row?.auth_user_id ?? undefined
  }

  async setAuthUserId(personId: number, authUserId: string): Promise<void> {
    await this.#db.updateTable('people').set({ auth_user_id: authUserId }).where('person_id', '=', personId).execute()
  }
}

/** @param row `is_admin` is 0 or 1, as both engines store it. */
export function toPerson(row: { person_id: number; handle: string; name: string; is_admin: number }): Person {
  return { personId: row.person_id, handle: row.handle, name: row.name, isAdmin: row.is_admin === 1 }
}
