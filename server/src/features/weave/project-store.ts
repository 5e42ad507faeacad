import { compileOnce } from '../../db/compile-once.ts'
import type { Database } from '../../db/open.ts'

/** Whose projects they are: a class's, or those of an entity that is no class. */
export type ProjectOwner = { entity: string; classId: number | null }

/** How many project ids a server remembers; they never change. */
const MAX_REMEMBERED = 10_000

/** Which projects there are. */
export class ProjectStore {
  readonly #database: Pick<Database, 'db' | 'ids'>
  readonly #known = new Map<string, number>()

  constructor(database: Pick<Database, 'db' | 'ids'>) {
    this.#database = database
  }

  /** The project's id, 0 when nothing was ever written to it. */
  async findId(owner: ProjectOwner, project: string): Promise<number> {
    const key = { owner: ownerKey(owner), project }
    const known = this.#known.get(memoryKey(key))
    if (known !== undefined) return known
    const { rows } = await this.#database.db.executeQuery(this.#find(key))
    const id = rows[0]?.project_id
    if (id === undefined) return 0
    this.#remember(key, id)
    return id
  }

  /** The project's id; the project is there afterwards. */
  async takeId(owner: ProjectOwner, project: string, now: string): Promise<number> {
    const found = await this.findId(owner, project)
    if (found !== 0) return found
    const { db, ids } = this.#database
    const values = { owner: ownerKey(owner), project, entity: owner.entity, class_id: owner.classId, created_at: now }
    await db
      .insertInto('weave_projects')
      .values({ ...values, project_id: await ids.take('weave_project') })
      .onConflict((conflict) => conflict.columns(['owner', 'project']).doNothing())
      .execute()
    return this.findId(owner, project)
  }

  /** Of a project of a class that had another slug when the project appeared: that class. */
  async findFormerClass(entity: string, project: string): Promise<number | undefined> {
    const { rows } = await this.#database.db.executeQuery(this.#findFormer({ entity, project }))
    return rows[0]?.class_id ?? undefined
  }

  #remember(key: { owner: string; project: string }, id: number): void {
    if (this.#known.size >= MAX_REMEMBERED) this.#known.clear()
    this.#known.set(memoryKey(key), id)
  }

  readonly #find = compileOnce((key: { owner: string; project: string }) =>
    this.#database.db
      .selectFrom('weave_projects')
      .select('project_id')
      .where('owner', '=', key.owner)
      .where('project', '=', key.project),
  )

  readonly #findFormer = compileOnce((key: { entity: string; project: string }) =>
    this.#database.db
      .selectFrom('weave_projects')
      .select('class_id')
      .where('entity', '=', key.entity)
      .where('project', '=', key.project)
      .where('class_id', 'is not', null)
      .orderBy('project_id')
      .limit(1),
  )
}

function ownerKey({ entity, classId }: ProjectOwner): string {
  return classId === null ? `entity ${entity}` : `class ${classId}`
}

function memoryKey({ owner, project }: { owner: string; project: string }): string {
  return `${owner}/${project}`
}
