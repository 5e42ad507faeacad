import type { Kysely } from 'kysely'
import { compileOnce } from '../../db/compile-once.ts'
import type { Tables } from '../../db/tables.ts'
import type { Class, ClassRole, Membership } from './class.ts'

const COLUMNS = [
  'classes.class_id',
  'classes.slug',
  'classes.name',
  'classes.status',
  'classes.allowed_models',
  'classes.primary_model',
] as const

export class ClassStore {
  readonly #db: Kysely<Tables>
  readonly #findFor
  readonly #memberships

  constructor(db: Kysely<Tables>) {
    this.#db = db
    this.#findFor = compileOnce((key: { classId: number; personId: number }) =>
      db
        .selectFrom('classes')
        .leftJoin('class_members', (join) =>
          join
            .onRef('class_members.class_id', '=', 'classes.class_id')
            .on('class_members.person_id', '=', key.personId),
        )
        .select([...COLUMNS, 'class_members.role'])
        .where('classes.class_id', '=', key.classId),
    )
    this.#memberships = compileOnce((key: { personId: number }) =>
      db
        .selectFrom('class_members')
        .innerJoin('classes', 'classes.class_id', 'class_members.class_id')
        .select([...COLUMNS, 'class_members.role'])
        .where('class_members.person_id', '=', key.personId)
        .orderBy('classes.class_id'),
    )
  }

  /** The class, and the person's role in it: null when they are not a member. */
  async findFor(personId: number, classId: number): Promise<(Class & { role: ClassRole | null }) | undefined> {
    const { rows } = await this.#db.executeQuery(this.#findFor({ classId, personId }))
    return rows[0] && { ...toClass(rows[0]), role: rows[0].role }
  }

  /** The classes that a person is a member of, oldest first. */
  async listMemberships(personId: number): Promise<Membership[]> {
    const { rows } = await this.#db.executeQuery(this.#memberships({ personId }))
    return rows.map((row) => ({ ...toClass(row), role: row.role }))
  }
}

type ClassRow = {
  class_id: number
  slug: string
  name: string
  status: Class['status']
  allowed_models: string[] | null
  primary_model: string | null
}

function toClass(row: ClassRow): Class {
  return {
    classId: row.class_id,
    slug: row.slug,
    name: row.name,
    status: row.status,
    allowedModels: row.allowed_models,
    primaryModel: row.primary_model,
  }
}
