import { type Kysely, sql } from 'kysely'
import type { Tables } from '../../db/tables.ts'
import type { ClassRole } from './class.ts'

export type Member = {
  personId: number
  handle: string
  name: string
  role: ClassRole
  joinedAt: string
}

type Outcome = 'done' | 'not_member' | 'last_teacher'

/** Who is in which class, and as what. */
export class MemberStore {
  readonly #db: Kysely<Tables>

  constructor(db: Kysely<Tables>) {
    this.#db = db
  }

  /** A page of members: teachers, assistants, students, each by handle. */
  async list(
    classId: number,
    query: { role?: ClassRole | undefined; search?: string | undefined; limit: number; offset: number },
  ): Promise<{ total: number; members: Member[] }> {
    let matching = this.#members().where('class_id', '=', classId)
    if (query.role) matching = matching.where('role', '=', query.role)
    if (query.search) {
      const pattern = `%${query.search.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`
      matching = matching.where((where) =>
        where.or(
          (['people.handle', 'people.name'] as const).map(
            (column) => sql<boolean>`lower(${sql.ref(column)}) like ${pattern} escape '\\'`,
          ),
        ),
      )
    }
    const { total } = await matching
      .clearSelect()
      .select((select) => select.fn.countAll<number>().as('total'))
      .executeTakeFirstOrThrow()
    const rows = await matching
      .orderBy(sql`case role when 'teacher' then 1 when 'assistant' then 2 else 3 end`)
      .orderBy('handle')
      .limit(query.limit)
      .offset(query.offset)
      .execute()
    return { total: Number(total), members: rows.map(toMember) }
  }

  async find(classId: number, personId: number): Promise<Member | undefined> {
    const row = await this.#members()
      .where('class_id', '=', classId)
      .where('class_members.person_id', '=', personId)
      .executeTakeFirst()
    return row && toMember(row)
  }

  /** The teachers of some classes. */
  async listTeachers(classIds: readonly number[]): Promise<(Member & { classId: number })[]> {
    if (classIds.length === 0) return []
    const rows = await this.#members()
      .select('class_id')
      .where('class_id', 'in', classIds)
      .where('role', '=', 'teacher')
      .orderBy('handle')
      .execute()
    return rows.map((row) => ({ ...toMember(row), classId: row.class_id }))
  }

  /** @returns false, having changed nothing, for somebody who is a member already. */
  async add(classId: number, personId: number, role: ClassRole, now: string): Promise<boolean> {
    const { numInsertedOrUpdatedRows } = await this.#db
      .insertInto('class_members')
      .values({ class_id: classId, person_id: personId, role, created_at: now })
      .onConflict((conflict) => conflict.columns(['class_id', 'person_id']).doNothing())
      .executeTakeFirst()
    return numInsertedOrUpdatedRows === 1n
  }

  changeRole(classId: number, personId: number, role: ClassRole): Promise<Outcome> {
    return this.#unlessLastTeacher(classId, personId, role, async (tx) => {
      await tx
        .updateTable('class_members')
        .set({ role })
        .where('class_id', '=', classId)
        .where('person_id', '=', personId)
        .execute()
    })
  }

  remove(classId: number, personId: number): Promise<Outcome> {
    return this.#unlessLastTeacher(classId, personId, null, async (tx) => {
      await tx.deleteFrom('class_members').where('class_id', '=', classId).where('person_id', '=', personId).execute()
    })
  }

  #unlessLastTeacher(
    classId: number,
    personId: number,
    newRole: ClassRole | null,
    change: (tx: Kysely<Tables>) => Promise<void>,
  ): Promise<Outcome> {
    return this.#db.transaction().execute(async (tx) => {
      // Others who change members of this class wait here, so that two teachers cannot both remove the other.
      await tx
        .updateTable('classes')
        .set((set) => ({ name: set.ref('name') }))
        .where('class_id', '=', classId)
        .execute()
      const teachers = await tx
        .selectFrom('class_members')
        .select(['person_id', 'role'])
        .where('class_id', '=', classId)
        .where((where) => where.or([where('role', '=', 'teacher'), where('person_id', '=', personId)]))
        .execute()
      const member = teachers.find((one) => one.person_id === personId)
      if (!member) return 'not_member'
      const othersTeach = teachers.some((one) => one.role === 'teacher' && one.person_id !== personId)
      if (member.role === 'teacher' && newRole !== 'teacher' && !othersTeach) return 'last_teacher'
      await change(tx)
      return 'done'
    })
  }

  #members() {
    return this.#db
      .selectFrom('class_members')
      .innerJoin('people', 'people.person_id', 'class_members.person_id')
      .select([
        'people.person_id',
        'people.handle',
        'people.name',
        'class_members.role',
        'class_members.created_at as joined_at',
      ])
  }
}

function toMember(row: {
  person_id: number
  handle: string
  name: string
  role: ClassRole
  joined_at: string
}): Member {
  return { personId: row.person_id, handle: row.handle, name: row.name, role: row.role, joinedAt: row.joined_at }
}
