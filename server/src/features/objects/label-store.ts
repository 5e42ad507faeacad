import { type Kysely, sql } from 'kysely'
import type { Tables } from '../../db/tables.ts'
import type { Scope } from './object.ts'

export type VersionKey = { projectId: number; objectId: string; digest: string }
export type Labels = { tags: string[]; aliases: string[] }

/** Words that people put on versions of objects: any number of tags, and aliases that stand for one version at a time. */
export class LabelStore {
  readonly #db: Kysely<Tables>

  constructor(database: { db: Kysely<Tables> }) {
    this.#db = database.db
  }

  async addTags(version: VersionKey, tags: readonly string[]): Promise<void> {
    if (tags.length === 0) return
    await this.#db
      .insertInto('weave_object_tags')
      .values(tags.toSorted().map((tag) => ({ ...toRow(version), tag })))
      .onConflict((conflict) => conflict.doNothing())
      .execute()
  }

  async removeTags(version: VersionKey, tags: readonly string[]): Promise<void> {
    if (tags.length === 0) return
    await this.#db
      .deleteFrom('weave_object_tags')
      .where((where) => where.and(toRow(version)))
      .where('tag', 'in', tags)
      .execute()
  }

  /** From now on the aliases stand for this version. */
  async setAliases(version: VersionKey, aliases: readonly string[]): Promise<void> {
    if (aliases.length === 0) return
    await this.#db
      .insertInto('weave_object_aliases')
      .values(aliases.toSorted().map((alias) => ({ ...toRow(version), alias })))
      .onConflict((conflict) =>
        conflict
          .columns(['project_id', 'object_id', 'alias'])
          .doUpdateSet((update) => ({ digest: update.ref('excluded.digest') })),
      )
      .execute()
  }

  async removeAliases(projectId: number, objectId: string, aliases: readonly string[]): Promise<void> {
    if (aliases.length === 0) return
    await this.#db
      .deleteFrom('weave_object_aliases')
      .where('project_id', '=', projectId)
      .where('object_id', '=', objectId)
      .where('alias', 'in', aliases)
      .execute()
  }

  /** The digest that an alias of an object stands for. */
  async findAlias(projectId: number, objectId: string, alias: string): Promise<string | undefined> {
    const row = await this.#db
      .selectFrom('weave_object_aliases')
      .select('digest')
      .where('project_id', '=', projectId)
      .where('object_id', '=', objectId)
      .where('alias', '=', alias)
      .executeTakeFirst()
    return row?.digest
  }

  /** What is on one version, in alphabetical order. */
  async ofVersion(version: VersionKey): Promise<Labels> {
    const key = toRow(version)
    const tags = await this.#db
      .selectFrom('weave_object_tags')
      .select('tag')
      .where((where) => where.and(key))
      .execute()
    const aliases = await this.#db
      .selectFrom('weave_object_aliases')
      .select('alias')
      .where((where) => where.and(key))
      .execute()
    return { tags: tags.map(({ tag }) => tag).sort(), aliases: aliases.map(({ alias }) => alias).sort() }
  }

  /** Every tag and alias on versions that may be seen and are not deleted, in alphabetical order. */
  async ofProject(scope: Scope): Promise<Labels> {
    return {
      tags: await this.#onVisible('weave_object_tags', 'tag', scope),
      aliases: await this.#onVisible('weave_object_aliases', 'alias', scope),
    }
  }

  async #onVisible(table: 'weave_object_tags' | 'weave_object_aliases', column: 'tag' | 'alias', scope: Scope) {
    let query = this.#db
      .selectFrom(`${table} as label` as 'weave_object_tags as label')
      .select(sql.ref<string>(`label.${column}`).as('word'))
      .distinct()
      .innerJoin('weave_objects as object', (join) =>
        join
          .onRef('object.project_id', '=', 'label.project_id')
          .onRef('object.object_id', '=', 'label.object_id')
          .onRef('object.digest', '=', 'label.digest'),
      )
      .where('label.project_id', '=', scope.projectId)
      .where('object.deleted_at', 'is', null)
    if (scope.wbUserId !== undefined) query = query.where('object.wb_user_id', '=', scope.wbUserId)
    return (await query.execute()).map(({ word }) => word).sort()
  }
}

function toRow({ projectId, objectId, digest }: VersionKey) {
  return { project_id: projectId, object_id: objectId, digest }
}
