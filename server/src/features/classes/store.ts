import type { Kysely, Selectable } from 'kysely'
import { compileOnce } from '../../db/compile-once.ts'
import type { Tables } from '../../db/tables.ts'
import type { ClassDefaultSettings, ClassRole, StoredClass } from './class.ts'

const COLUMNS = [
  'classes.class_id',
  'classes.slug',
  'classes.name',
  'classes.status',
  'classes.allowed_models',
  'classes.primary_model',
  'classes.description',
  'classes.starts_at',
  'classes.ends_at',
  'classes.timezone',
  'classes.default_settings',
  'classes.created_at',
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
        .select([...COLUMNS, 'class_members.role', 'class_members.created_at as joined_at'])
        .where('class_members.person_id', '=', key.personId)
        .orderBy('classes.class_id'),
    )
  }

  /** The class, and the person's role in it: null when they are not a member. */
  async findFor(personId: number, classId: number): Promise<(StoredClass & { role: ClassRole | null }) | undefined> {
    const { rows } = await this.#db.executeQuery(this.#findFor({ classId, personId }))
    return rows[0] && { ...toClass(rows[0]), role: rows[0].role }
  }

  /** The classes that a person is a member of, oldest first. */
  async listMemberships(personId: number): Promise<(StoredClass & { role: ClassRole; joinedAt: string })[]> {
    const { rows } = await this.#db.executeQuery(this.#memberships({ personId }))
    return rows.map((row) => ({ ...toClass(row), role: row.role, joinedAt: row.joined_at }))
  }
}

type ClassRow = Pick<
  Selectable<Tables['classes']>,
  | 'class_id'
  | 'slug'
  | 'name'
  | 'description'
  | 'status'
  | 'starts_at'
  | 'ends_at'
  | 'timezone'
  | 'allowed_models'
  | 'primary_model'
  | 'default_settings'
  | 'created_at'
>

function toClass(row: ClassRow): StoredClass {
  return {
    classId: row.class_id,
    slug: row.slug,
    name: row.name,
    description: row.description,
    status: row.status,
    startsAt: row.starts_at,
    endsAt: row.ends_at,
    timezone: row.timezone,
    allowedModels: row.allowed_models,
    primaryModel: row.primary_model,
    defaultSettings: row.default_settings as ClassDefaultSettings,
    createdAt: row.created_at,
  }
}
