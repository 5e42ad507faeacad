import { type ExpressionBuilder, type Kysely, type Selectable, sql } from 'kysely'
import { compileOnce } from '../../db/compile-once.ts'
import { isUniqueViolation } from '../../db/sql-dialect.ts'
import type { Tables } from '../../db/tables.ts'
import type { ClassDefaultSettings, ClassFields, ClassRole, ClassStatus, StoredClass } from './class.ts'

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
  readonly #findBySlug
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
    this.#findBySlug = compileOnce((key: { slug: string; personId: number }) =>
      db
        .selectFrom('classes')
        .leftJoin('class_members', (join) =>
          join
            .onRef('class_members.class_id', '=', 'classes.class_id')
            .on('class_members.person_id', '=', key.personId),
        )
        .select([...COLUMNS, 'class_members.role'])
        .where('classes.slug', '=', key.slug),
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
    return rows[0] && { role: rows[0].role, ...toClass(rows[0]) }
  }

  /** Like {@link findFor}, by the class's slug. */
  async findBySlug(personId: number, slug: string): Promise<(StoredClass & { role: ClassRole | null }) | undefined> {
    const { rows } = await this.#db.executeQuery(this.#findBySlug({ slug, personId }))
    return rows[0] && { ...toClass(rows[0]), role: rows[0].role }
  }

  /** A page of classes, oldest first: a person's own, or all there are. */
  async list(query: {
    personId: number
    all: boolean
    status?: ClassStatus | undefined
    search?: string | undefined
    now: string
    limit: number
    offset: number
  }): Promise<{ total: number; classes: (StoredClass & { role: ClassRole | null; memberCount: number })[] }> {
    let matching = this.#db
      .selectFrom('classes')
      .leftJoin('class_members', (join) =>
        join
          .onRef('class_members.class_id', '=', 'classes.class_id')
          .on('class_members.person_id', '=', query.personId),
      )
    if (!query.all) matching = matching.where('class_members.role', 'is not', null)
    if (query.status) matching = matching.where(statusIs(query.status, query.now))
    if (query.search) {
      const pattern = `%${query.search.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`
      matching = matching.where((where) =>
        where.or(
          (['classes.name', 'classes.slug'] as const).map(
            (column) => sql<boolean>`lower(${sql.ref(column)}) like ${pattern} escape '\\'`,
          ),
        ),
      )
    }
    const { total } = await matching
      .select((select) => select.fn.countAll<number>().as('total'))
      .executeTakeFirstOrThrow()
    const rows = await matching
      .select((select) => [
        ...COLUMNS,
        'class_members.role',
        select
          .selectFrom('class_members as everybody')
          .select((count) => count.fn.countAll<number>().as('count'))
          .whereRef('everybody.class_id', '=', 'classes.class_id')
          .as('member_count'),
      ])
      .orderBy('classes.class_id')
      .limit(query.limit)
      .offset(query.offset)
      .execute()
    return {
      total: Number(total),
      classes: rows.map((row) => ({ ...toClass(row), role: row.role, memberCount: Number(row.member_count) })),
    }
  }

  async countMembers(classId: number): Promise<number> {
    const { count } = await this.#db
      .selectFrom('class_members')
      .select((select) => select.fn.countAll<number>().as('count'))
      .where('class_id', '=', classId)
      .executeTakeFirstOrThrow()
    return Number(count)
  }

  /**
   * Stores a class with its first teacher.
   *
   * @returns false, having stored nothing, when another class has the slug or a person has it as their handle.
   */
  insert(stored: StoredClass, teacherId: number): Promise<boolean> {
    return this.#db.transaction().execute(async (tx) => {
      if (await isHandle(tx, stored.slug)) return false
      const { numInsertedOrUpdatedRows } = await tx
        .insertInto('classes')
        .values({
          ...toRow(stored),
          class_id: stored.classId,
          slug: stored.slug,
          name: stored.name,
          status: stored.status,
          created_at: stored.createdAt,
        })
        .onConflict((conflict) => conflict.column('slug').doNothing())
        .executeTakeFirst()
      if (numInsertedOrUpdatedRows !== 1n) return false
      await tx
        .insertInto('class_members')
        .values({ class_id: stored.classId, person_id: teacherId, role: 'teacher', created_at: stored.createdAt })
        .execute()
      return true
    })
  }

  /** @returns false, having changed nothing, when the new slug is taken. */
  async update(classId: number, change: Partial<ClassFields>): Promise<boolean> {
    const row = toRow(change)
    if (Object.keys(row).length === 0) return true
    if (change.slug !== undefined && (await isHandle(this.#db, change.slug))) return false
    try {
      await this.#db.updateTable('classes').set(row).where('class_id', '=', classId).execute()
      return true
    } catch (error) {
      if (isUniqueViolation(error)) return false
      throw error
    }
  }

  /** Removes a class with all that hangs on it. @returns false, having removed nothing, while it has sessions. */
  async delete(classId: number): Promise<boolean> {
    const { numDeletedRows } = await this.#db
      .deleteFrom('classes')
      .where('class_id', '=', classId)
      .where((where) =>
        where.not(
          where.exists(
            where
              .selectFrom('practice_sessions')
              .select('session_id')
              .where('practice_sessions.class_id', '=', classId),
          ),
        ),
      )
      .executeTakeFirst()
    return numDeletedRows === 1n
  }

  /** The classes that a person is a member of, oldest first. */
  async listMemberships(personId: number): Promise<(StoredClass & { role: ClassRole; joinedAt: string })[]> {
    const { rows } = await this.#db.executeQuery(this.#memberships({ personId }))
    return rows.map((row) => ({ ...toClass(row), role: row.role, joinedAt: row.joined_at }))
  }
}

/** What counts as a status at a moment, in SQL; `asOf` says the same. */
function statusIs(status: ClassStatus, now: string) {
  return (where: ExpressionBuilder<Tables, 'classes'>) => {
    const isSet = where('classes.status', '=', status)
    const isActive = where('classes.status', '=', 'active')
    const isOver = where('classes.ends_at', '<=', now)
    const waits = where('classes.starts_at', '>', now)
    const goesOn = where.or([where('classes.ends_at', 'is', null), where('classes.ends_at', '>', now)])
    const hasBegun = where.or([where('classes.starts_at', 'is', null), where('classes.starts_at', '<=', now)])
    switch (status) {
      case 'active':
        return where.and([isActive, goesOn, hasBegun])
      case 'ended':
        return where.or([isSet, where.and([isActive, isOver])])
      case 'planned':
        return where.or([isSet, where.and([isActive, waits, goesOn])])
    }
  }
}

function toRow(given: Partial<ClassFields>) {
  return {
    ...(given.slug !== undefined && { slug: given.slug }),
    ...(given.name !== undefined && { name: given.name }),
    ...(given.description !== undefined && { description: given.description }),
    ...(given.status !== undefined && { status: given.status }),
    ...(given.startsAt !== undefined && { starts_at: given.startsAt }),
    ...(given.endsAt !== undefined && { ends_at: given.endsAt }),
    ...(given.timezone !== undefined && { timezone: given.timezone }),
    ...(given.allowedModels !== undefined && {
      allowed_models: given.allowedModels && JSON.stringify(given.allowedModels),
    }),
    ...(given.primaryModel !== undefined && { primary_model: given.primaryModel }),
    ...(given.defaultSettings !== undefined && { default_settings: JSON.stringify(given.defaultSettings) }),
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

/** Weave calls people by their handle and classes by their slug: no name may mean both. */
async function isHandle(db: Kysely<Tables>, slug: string): Promise<boolean> {
  return (await db.selectFrom('people').select('person_id').where('handle', '=', slug).executeTakeFirst()) !== undefined
}
