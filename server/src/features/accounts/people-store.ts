import type { Kysely } from 'kysely'
import type { Tables } from '../../db/tables.ts'
import type { ClassRole } from '../classes/class.ts'
import type { Person } from './person.ts'

const COLUMNS = ['person_id', 'handle', 'name', 'is_admin'] as const

/** Rows of one statement: SQLite takes at most 32,766 parameters. */
const STEP = 1_000

/** What became of the people of a list, each in one of three groups. */
export type Enrolled = {
  /** Did not exist before. */
  created: Person[]
  /** Existed, and are now in the class. */
  added: Person[]
  /** Were in the class already. */
  unchanged: Person[]
}

export class PeopleStore {
  readonly #db: Kysely<Tables>

  constructor(db: Kysely<Tables>) {
    this.#db = db
  }

  /**
   * Adds a person, and makes them a member of a class if that class exists.
   *
   * @returns false, having changed nothing, when somebody has the handle already, or a class has it as its slug.
   */
  insert(person: Person, member: { classId: number; role: ClassRole }, createdAt: string): Promise<boolean> {
    return this.#db.transaction().execute(async (tx) => {
      if ((await slugsAmong(tx, [person.handle])).length > 0) return false
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

  /** Those of the handles that somebody has. */
  async findHandles(handles: readonly string[]): Promise<Set<string>> {
    return new Set((await peopleWith(this.#db, handles)).map(({ handle }) => handle))
  }

  /**
   * Adds people and makes everybody with one of the handles a member of a class, all or nothing.
   *
   * @param missing who did not exist a moment ago; who exists by now is not added.
   */
  enrol(
    classId: number,
    roles: ReadonlyMap<string, ClassRole>,
    missing: readonly Person[],
    now: string,
  ): Promise<Enrolled> {
    return this.#db.transaction().execute(async (tx) => {
      // In one order, so that two lists with the same people do not wait for each other.
      const toAdd = missing.toSorted((a, b) => (a.handle < b.handle ? -1 : 1))
      for (const people of inSteps(toAdd))
        await tx
          .insertInto('people')
          .values(
            people.map(({ personId, handle, name }) => ({
              person_id: personId,
              handle,
              name,
              is_admin: 0,
              created_at: now,
            })),
          )
          .onConflict((conflict) => conflict.column('handle').doNothing())
          .execute()
      const everybody = await peopleWith(tx, [...roles.keys()])
      const added = new Set<number>()
      for (const people of inSteps(everybody)) {
        const rows = await tx
          .insertInto('class_members')
          .values(
            people.map(({ personId, handle }) => ({
              class_id: classId,
              person_id: personId,
              role: roles.get(handle)!,
              created_at: now,
            })),
          )
          .onConflict((conflict) => conflict.columns(['class_id', 'person_id']).doNothing())
          .returning('person_id')
          .execute()
        for (const { person_id } of rows) added.add(person_id)
      }
      const ids = new Set(missing.map(({ personId }) => personId))
      return {
        created: everybody.filter(({ personId }) => ids.has(personId)),
        added: everybody.filter(({ personId }) => added.has(personId) && !ids.has(personId)),
        unchanged: everybody.filter(({ personId }) => !added.has(personId)),
      }
    })
  }

  /** Those of the handles that are slugs of classes. */
  findSlugs(handles: readonly string[]): Promise<string[]> {
    return slugsAmong(this.#db, handles)
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

/** In the order of their handles. */
async function peopleWith(db: Kysely<Tables>, handles: readonly string[]): Promise<Person[]> {
  const people: Person[] = []
  for (const some of inSteps(handles.toSorted())) {
    const rows = await db.selectFrom('people').select(COLUMNS).where('handle', 'in', some).orderBy('handle').execute()
    people.push(...rows.map(toPerson))
  }
  return people
}

/** Weave calls people by their handle and classes by their slug: no name may mean both. */
async function slugsAmong(db: Kysely<Tables>, handles: readonly string[]): Promise<string[]> {
  const slugs: string[] = []
  for (const some of inSteps(handles)) {
    const rows = await db.selectFrom('classes').select('slug').where('slug', 'in', some).execute()
    slugs.push(...rows.map(({ slug }) => slug))
  }
  return slugs
}

function* inSteps<Item>(items: readonly Item[]): Generator<readonly Item[]> {
  for (let first = 0; first < items.length; first += STEP) yield items.slice(first, first + STEP)
}

/** @param row `is_admin` is 0 or 1, as both engines store it. */
export function toPerson(row: { person_id: number; handle: string; name: string; is_admin: number }): Person {
  return { personId: row.person_id, handle: row.handle, name: row.name, isAdmin: row.is_admin === 1 }
}
