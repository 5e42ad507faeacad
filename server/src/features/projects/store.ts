import type { Kysely } from 'kysely'
import type { Database } from '../../db/open.ts'
import { isUniqueViolation } from '../../db/sql-dialect.ts'
import type { Tables } from '../../db/tables.ts'
import type { Project } from './project.ts'

const COLUMNS = ['project_id', 'person_id', 'class_id', 'name', 'description', 'created_at', 'updated_at'] as const

/** Projects. Every query names the owner. */
export class ProjectStore {
  readonly #database: Pick<Database, 'db' | 'batch'>
  readonly #db: Kysely<Tables>

  constructor(database: Pick<Database, 'db' | 'batch'>) {
    this.#database = database
    this.#db = database.db
  }

  /** @returns false, having stored nothing, when the person has a project of that name in the class. */
  async insert(project: Omit<Project, 'sessionCount' | 'lastActivityAt'>): Promise<boolean> {
    const result = await this.#db
      .insertInto('projects')
      .values({
        project_id: project.projectId,
        person_id: project.personId,
        class_id: project.classId,
        name: project.name,
        description: project.description,
        created_at: project.createdAt,
        updated_at: project.updatedAt,
      })
      .onConflict((conflict) => conflict.columns(['person_id', 'class_id', 'name']).doNothing())
      .executeTakeFirst()
    return result.numInsertedOrUpdatedRows === 1n
  }

  async find(personId: number, projectId: number): Promise<Project | undefined> {
    const rows = await this.#db
      .selectFrom('projects')
      .select(COLUMNS)
      .where('person_id', '=', personId)
      .where('project_id', '=', projectId)
      .execute()
    return (await this.#withActivity(personId, rows))[0]
  }

  /** A page of a person's projects, newest first. */
  async list(
    personId: number,
    query: { classId?: number | undefined; limit: number; offset: number },
  ): Promise<{ total: number; projects: Project[] }> {
    let matching = this.#db.selectFrom('projects').where('person_id', '=', personId)
    if (query.classId !== undefined) matching = matching.where('class_id', '=', query.classId)
    const { total } = await matching
      .select((select) => select.fn.countAll<number>().as('total'))
      .executeTakeFirstOrThrow()
    const rows = await matching
      .select(COLUMNS)
      .orderBy('created_at', 'desc')
      .orderBy('project_id', 'desc')
      .limit(query.limit)
      .offset(query.offset)
      .execute()
    return { total: Number(total), projects: await this.#withActivity(personId, rows) }
  }

  async update(
    personId: number,
    projectId: number,
    change: { name?: string | undefined; description?: string | null | undefined },
    now: string,
  ): Promise<'updated' | 'not_found' | 'name_taken'> {
    try {
      const { numUpdatedRows } = await this.#db
        .updateTable('projects')
        .set({
          ...(change.name !== undefined && { name: change.name }),
          ...(change.description !== undefined && { description: change.description }),
          updated_at: now,
        })
        .where('person_id', '=', personId)
        .where('project_id', '=', projectId)
        .executeTakeFirst()
      return numUpdatedRows === 1n ? 'updated' : 'not_found'
    } catch (error) {
      if (isUniqueViolation(error)) return 'name_taken'
      throw error
    }
  }

  /** Removes a project, all or nothing; its sessions stay and are in none. */
  async delete(personId: number, projectId: number): Promise<void> {
    await this.#database.batch([
      this.#db
        .updateTable('practice_sessions')
        .set({ project_id: null })
        .where('person_id', '=', personId)
        .where('project_id', '=', projectId)
        .compile(),
      this.#db.deleteFrom('projects').where('person_id', '=', personId).where('project_id', '=', projectId).compile(),
    ])
  }

  async #withActivity(personId: number, rows: ProjectRow[]): Promise<Project[]> {
    if (rows.length === 0) return []
    const activity = await this.#db
      .selectFrom('practice_sessions')
      .select((select) => [
        'project_id',
        select.fn.countAll<number>().as('sessions'),
        select.fn.max('last_turn_at').as('last_turn_at'),
      ])
      .where('person_id', '=', personId)
      .where(
        'project_id',
        'in',
        rows.map((row) => row.project_id),
      )
      .groupBy('project_id')
      .execute()
    return rows.map((row) => {
      const ofProject = activity.find(({ project_id }) => project_id === row.project_id)
      return {
        projectId: row.project_id,
        personId: row.person_id,
        classId: row.class_id,
        name: row.name,
        description: row.description,
        sessionCount: Number(ofProject?.sessions ?? 0),
        lastActivityAt: ofProject?.last_turn_at ?? null,
        createdAt: row.created_at,
        updatedAt: row.updated_at,
      }
    })
  }
}

type ProjectRow = {
  project_id: number
  person_id: number
  class_id: number
  name: string
  description: string | null
  created_at: string
  updated_at: string
}
