import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Kysely } from 'kysely'
import type { Database } from '../../db/open.ts'
import type { Tables } from '../../db/tables.ts'
import type { Person } from '../accounts/person.ts'
import { printJson } from '../weave/exact-json.ts'
import type { ProjectAccess, WeaveProjects } from '../weave/project-access.ts'
import type { RefAccess } from '../weave/ref-access.ts'
import { rowPrinter } from './reply-rows.ts'

const ROWS_PER_PAGE = 200

/** All feedback of a project, however much there is. */
export class FeedbackExport {
  readonly #db: Kysely<Tables>
  readonly #projects: WeaveProjects
  readonly #refs: RefAccess

  constructor(deps: { database: Pick<Database, 'db'>; projects: WeaveProjects; refs: RefAccess }) {
    this.#db = deps.database.db
    this.#projects = deps.projects
    this.#refs = deps.refs
  }

  /**
   * Lines of JSON with every column, in the order in which it was stored.
   *
   * @throws {ProjectNotFoundError} before the first line.
   */
  async stream(person: Person, projectName: string): Promise<AsyncIterable<readonly string[]>> {
    return this.#pages(await this.#projects.forReading(person, projectName), projectName)
  }

  async *#pages(access: ProjectAccess, projectName: string): AsyncGenerator<readonly string[]> {
    const print = rowPrinter(null, projectName)
    for (let last = 0; ; ) {
      const rows = await this.#db
        .selectFrom('feedback')
        .selectAll()
        .where('project_id', '=', access.projectId)
        .where('row_id', '>', last)
        .$if(access.reads === 'own', (query) => query.where('wb_user_id', '=', access.person.handle))
        .orderBy('row_id')
        .limit(ROWS_PER_PAGE)
        .execute()
      const lines = rows.map((row) => printJson(print(row)))
      if (lines.length > 0) yield await this.#refs.mask(access, lines)
      if (rows.length < ROWS_PER_PAGE) return
      last = rows.at(-1)?.row_id ?? last
      // Reads of SQLite are done when they are asked for: others get their turn here.
      await nextTurn()
    }
  }
}
