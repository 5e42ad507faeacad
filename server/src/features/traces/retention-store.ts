import type { Kysely } from 'kysely'
import type { Database } from '../../db/open.ts'
import type { Tables } from '../../db/tables.ts'

/** For how many days projects keep their calls. */
export class RetentionStore {
  readonly #db: Kysely<Tables>

  constructor({ db }: Pick<Database, 'db'>) {
    this.#db = db
  }

  /** Undefined when calls are kept for ever. */
  async findDays(projectId: number): Promise<number | undefined> {
    const row = await this.#db
      .selectFrom('trace_retention')
      .select('days')
      .where('project_id', '=', projectId)
      .executeTakeFirst()
    return row?.days
  }
}
