import { type ExpressionBuilder, type Kysely, type Selectable, sql } from 'kysely'
import { compileOnce } from '../../db/compile-once.ts'
import { type JsonSql, jsonSql } from '../../db/json-sql.ts'
import type { Database } from '../../db/open.ts'
import type { Tables } from '../../db/tables.ts'
import type { ObjectFilter, ObjectOrder, ObjectVersion, Page, Scope, WantedVersion } from './object.ts'

/** A version that is to be stored: its number is found out by the store. */
export type NewVersion = Omit<ObjectVersion, 'versionIndex' | 'isLatest' | 'deletedAt'> & {
  projectId: number
  /** JSON text. */
  val: string
}

const COLUMNS = [
  'object_id',
  'digest',
  'kind',
  'version_index',
  'base_object_class',
  'leaf_object_class',
  'size_bytes',
  'wb_user_id',
  'created_at',
  'deleted_at',
] as const

/** Versions of named objects. Every query names the project, and whose they have to be when not everybody's may be seen. */
export class ObjectStore {
  readonly #db: Kysely<Tables>
  readonly #json: JsonSql

  constructor({ db, kind }: Pick<Database, 'db' | 'kind'>) {
    this.#db = db
    this.#json = jsonSql(kind)
  }

  async isStored(key: { projectId: number; objectId: string; digest: string }): Promise<boolean> {
    return (await this.#db.executeQuery(this.#isStored(key))).rows.length > 0
  }

  /**
   * Stores a version under the next number of its name; one with the same content keeps the number that it has, and
   * comes back if it was deleted.
   *
   * @returns the other classes that the name stands for; if there are any, nothing has been stored.
   */
  store(version: NewVersion): Promise<(string | null)[]> {
    const { projectId, objectId, kind, digest } = version
    const name = { project_id: projectId, object_id: objectId, kind }
    return this.#db.transaction().execute(async (tx) => {
      // Others who publish under this name wait here, so that no two versions get the same number.
      const { version_count } = await tx
        .insertInto('weave_object_names')
        .values({ ...name, version_count: 0 })
        .onConflict((conflict) =>
          conflict
            .columns(['project_id', 'object_id', 'kind'])
            .doUpdateSet({ version_count: sql`weave_object_names.version_count` }),
        )
        .returning('version_count')
        .executeTakeFirstOrThrow()
      const versions = tx.selectFrom('weave_objects').where((where) => where.and(name))
      const same = await versions.select('deleted_at').where('digest', '=', digest).executeTakeFirst()
      if (same?.deleted_at === null) return []
      const otherClasses = await versions
        .select('base_object_class')
        .distinct()
        .where('deleted_at', 'is', null)
        .where('base_object_class', 'is distinct from', version.baseObjectClass)
        .execute()
      if (otherClasses.length > 0) return otherClasses.map((row) => row.base_object_class)
      if (same) {
        await tx
          .updateTable('weave_objects')
          .set({ deleted_at: null })
          .where((where) => where.and({ project_id: projectId, object_id: objectId, digest }))
          .execute()
        return []
      }
      await tx
        .insertInto('weave_objects')
        .values({ ...toRow(version), version_index: version_count })
        .execute()
      await tx
        .updateTable('weave_object_names')
        .set({ version_count: version_count + 1 })
        .where((where) => where.and(name))
        .execute()
      return []
    })
  }

  /** A version, deleted ones too; of several kinds with the same name the newest. */
  async find(
    scope: Scope,
    objectId: string,
    version: WantedVersion,
    kind?: ObjectVersion['kind'],
  ): Promise<ObjectVersion | undefined> {
    let query = this.#visible(scope).where('object_id', '=', objectId)
    if (kind !== undefined) query = query.where('kind', '=', kind)
    if (version !== 'latest')
      query =
        'index' in version
          ? query.where('version_index', '=', version.index)
          : query.where('digest', '=', version.digest)
    const row = await query
      .orderBy(sql`case when deleted_at is null then 0 else 1 end`)
      .orderBy('created_at', 'desc')
      .orderBy('version_index', 'desc')
      .limit(1)
      .executeTakeFirst()
    return row && toVersion(row)
  }

  /** Versions that are not deleted, oldest first unless ordered otherwise. */
  async list(scope: Scope, filter: ObjectFilter, order: readonly ObjectOrder[], page: Page): Promise<ObjectVersion[]> {
    let query = this.#visible(scope).where('deleted_at', 'is', null)
    if (filter.objectIds) query = query.where('object_id', 'in', filter.objectIds)
    if (filter.isOp !== undefined) query = query.where('kind', filter.isOp ? '=' : '!=', 'op')
    if (filter.baseObjectClasses) query = query.where('base_object_class', 'in', filter.baseObjectClasses)
    if (filter.excludeBaseObjectClasses)
      query = query.where('base_object_class', 'not in', filter.excludeBaseObjectClasses)
    if (filter.leafObjectClasses) query = query.where('leaf_object_class', 'in', filter.leafObjectClasses)
    if (filter.latestOnly) query = query.where(isLatest(scope), '=', 1)
    const { tags, aliases } = filter
    if (tags) query = query.where((where) => where.exists(labelled(where, 'weave_object_tags', 'tag', tags)))
    if (aliases)
      query = query.where((where) =>
        where.or([
          where.exists(labelled(where, 'weave_object_aliases', 'alias', aliases)),
          ...(aliases.includes('latest') ? [where(isLatest(scope), '=', 1)] : []),
        ]),
      )
    for (const { field, direction } of order.length > 0 ? order : OLDEST_FIRST)
      query = query.orderBy(this.#json.byCodePoint(sql.ref(field)), direction)
    query = query.orderBy(this.#json.byCodePoint(sql.ref('object_id'))).orderBy('version_index')
    if (page.limit !== null || page.offset !== null) query = query.limit(page.limit ?? Number.MAX_SAFE_INTEGER)
    if (page.offset !== null) query = query.offset(page.offset)
    return (await query.execute()).map(toVersion)
  }

  /** The JSON text of a version. */
  async readValue(key: { projectId: number; objectId: string; digest: string }): Promise<string> {
    const { rows } = await this.#db.executeQuery(this.#readValue(key))
    return rows[0]?.val ?? 'null'
  }

  /** Marks versions as deleted. */
  async delete(projectId: number, objectId: string, digests: readonly string[], deletedAt: string): Promise<void> {
    await this.#db
      .updateTable('weave_objects')
      .set({ deleted_at: deletedAt })
      .where('project_id', '=', projectId)
      .where('object_id', '=', objectId)
      .where('digest', 'in', digests)
      .execute()
  }

  async storageBytes(projectId: number): Promise<number> {
    const { total } = await this.#db
      .selectFrom('weave_objects')
      .select((select) => select.fn.sum<number | null>('size_bytes').as('total'))
      .where('project_id', '=', projectId)
      .executeTakeFirstOrThrow()
    return Number(total ?? 0)
  }

  #visible(scope: Scope) {
    const query = this.#db
      .selectFrom('weave_objects')
      .select(COLUMNS)
      .select(isLatest(scope).as('is_latest'))
      .where('project_id', '=', scope.projectId)
    return scope.wbUserId === undefined ? query : query.where('wb_user_id', '=', scope.wbUserId)
  }

  readonly #isStored = compileOnce((key: { projectId: number; objectId: string; digest: string }) =>
    this.#version(key).select('version_index').where('deleted_at', 'is', null),
  )

  readonly #readValue = compileOnce((key: { projectId: number; objectId: string; digest: string }) =>
    this.#version(key).select('val'),
  )

  #version(key: { projectId: number; objectId: string; digest: string }) {
    return this.#db
      .selectFrom('weave_objects')
      .where('project_id', '=', key.projectId)
      .where('object_id', '=', key.objectId)
      .where('digest', '=', key.digest)
  }
}

const OLDEST_FIRST: readonly ObjectOrder[] = [{ field: 'created_at', direction: 'asc' }]

type Row = Omit<Selectable<Tables['weave_objects']>, 'project_id' | 'val'> & { is_latest: number }

/** 1 for the newest version, among those that may be seen, which is not deleted. */
function isLatest({ wbUserId }: Scope) {
  const own = wbUserId === undefined ? sql`` : sql`and newer.wb_user_id = ${wbUserId}`
  return sql<number>`case when weave_objects.deleted_at is null and weave_objects.version_index = (
    select max(newer.version_index) from weave_objects as newer
    where newer.project_id = weave_objects.project_id and newer.object_id = weave_objects.object_id
      and newer.kind = weave_objects.kind and newer.deleted_at is null ${own}
  ) then 1 else 0 end`
}

function labelled<Table extends 'weave_object_tags' | 'weave_object_aliases'>(
  where: ExpressionBuilder<Tables, 'weave_objects'>,
  table: Table,
  column: 'tag' | 'alias',
  names: readonly string[],
) {
  return where
    .selectFrom(`${table} as label` as 'weave_object_tags as label')
    .select('label.digest')
    .whereRef('label.project_id', '=', 'weave_objects.project_id')
    .whereRef('label.object_id', '=', 'weave_objects.object_id')
    .whereRef('label.digest', '=', 'weave_objects.digest')
    .where(sql.ref<string>(`label.${column}`), 'in', names)
}

function toVersion(row: Row): ObjectVersion {
  return {
    objectId: row.object_id,
    digest: row.digest,
    kind: row.kind,
    versionIndex: row.version_index,
    isLatest: row.is_latest === 1,
    baseObjectClass: row.base_object_class,
    leafObjectClass: row.leaf_object_class,
    sizeBytes: row.size_bytes,
    wbUserId: row.wb_user_id,
    createdAt: row.created_at,
    deletedAt: row.deleted_at,
  }
}

function toRow(version: NewVersion) {
  return {
    project_id: version.projectId,
    object_id: version.objectId,
    digest: version.digest,
    kind: version.kind,
    base_object_class: version.baseObjectClass,
    leaf_object_class: version.leafObjectClass,
    val: version.val,
    size_bytes: version.sizeBytes,
    wb_user_id: version.wbUserId,
    created_at: version.createdAt,
    deleted_at: null,
  }
}
