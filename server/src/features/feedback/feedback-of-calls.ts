import type { CompiledQuery, Kysely } from 'kysely'
import { compileOnce } from '../../db/compile-once.ts'
import type { Database } from '../../db/open.ts'
import type { Tables } from '../../db/tables.ts'
import { restoreJson, storeText } from '../weave/stored-json.ts'
import { leavesOf } from './leaves.ts'

/** Removes what was said about calls that are removed themselves. */
export class FeedbackOfCalls {
  readonly #database: Pick<Database, 'db' | 'batch'>
  readonly #db: Kysely<Tables>

  constructor(database: Pick<Database, 'db' | 'batch'>) {
    this.#database = database
    this.#db = database.db
  }

  /** @param callIds as they are stored. @returns how much feedback there was. */
  async removeOfCalls(projectId: number, callIds: readonly string[]): Promise<number> {
    const places = await this.#placesOf(projectId)
    const refs = places.flatMap((place) => callIds.map((id) => `${storeText(`weave:///${place}/call/`)}${id}`))
    if (refs.length === 0) return 0
    const rows = await this.#db
      .selectFrom('feedback')
      .select(['row_id', 'payload', 'has_leaves'])
      .where('project_id', '=', projectId)
      .where('weave_ref', 'in', refs)
      .execute()
    const queries: CompiledQuery[] = []
    for (const { row_id: rowId, payload, has_leaves } of rows) {
      if (has_leaves)
        for (const { path, value } of leavesOf(restoreJson(payload)) ?? [])
          queries.push(this.#deleteLeaf({ projectId, path, value, rowId }))
      queries.push(this.#deleteRow({ projectId, rowId }))
    }
    await this.#database.batch(queries)
    return rows.length
  }

  /** `entity/project` as refs have it: a class may have another slug than when the project appeared. */
  async #placesOf(projectId: number): Promise<string[]> {
    const project = await this.#db
      .selectFrom('weave_projects')
      .leftJoin('classes', 'classes.class_id', 'weave_projects.class_id')
      .select(['entity', 'project', 'slug'])
      .where('project_id', '=', projectId)
      .executeTakeFirst()
    if (!project) return []
    const entities = new Set([project.entity, project.slug ?? project.entity])
    return [...entities].map((entity) => `${entity}/${project.project}`)
  }

  readonly #deleteRow = compileOnce((v: { projectId: number; rowId: number }) =>
    this.#db.deleteFrom('feedback').where('project_id', '=', v.projectId).where('row_id', '=', v.rowId),
  )

  readonly #deleteLeaf = compileOnce((v: { projectId: number; path: string; value: string; rowId: number }) =>
    this.#db
      .deleteFrom('feedback_leaves')
      .where('project_id', '=', v.projectId)
      .where('path', '=', v.path)
      .where('value', '=', v.value)
      .where('row_id', '=', v.rowId),
  )
}
