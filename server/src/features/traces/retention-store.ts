import type { Kysely } from 'kysely'
import type { Database } from '../../db/open.ts'
import type { Tables } from '../../db/tables.ts'

export type Retention = { projectId: number; days: number }

/** For how many days projects keep their calls, and which calls are older. */
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

  async set(projectId: number, days: number, setBy: string, setAt: string): Promise<void> {
    const values = { days, set_by: setBy, set_at: setAt }
    await this.#db
      .insertInto('trace_retention')
      .values({ project_id: projectId, ...values })
      .onConflict((conflict) => conflict.column('project_id').doUpdateSet(values))
      .execute()
  }

  async clear(projectId: number): Promise<void> {
    await this.#db.deleteFrom('trace_retention').where('project_id', '=', projectId).execute()
  }

  async list(): Promise<Retention[]> {
    const rows = await this.#db
      .selectFrom('trace_retention')
      .select(['project_id', 'days'])
      .orderBy('project_id')
      .execute()
    return rows.map((row) => ({ projectId: row.project_id, days: row.days }))
  }

  /** Calls that began before a time, and ends from before it whose beginning never came. */
  async findOld(projectId: number, before: string, limit: number): Promise<string[]> {
    const begun = await this.#db
      .selectFrom('calls')
      .select('call_id')
      .where('project_id', '=', projectId)
      .where('started_at', '<', before)
      .orderBy('started_at')
      .limit(limit)
      .execute()
    if (begun.length > 0) return begun.map((row) => row.call_id)
    const onlyEnded = await this.#db
      .selectFrom('calls')
      .select('call_id')
      .where('project_id', '=', projectId)
      .where('started_at', 'is', null)
      .where('ended_at', '<', before)
      .limit(limit)
      .execute()
    return onlyEnded.map((row) => row.call_id)
  }

  async removeCalls(projectId: number, callIds: readonly string[]): Promise<void> {
    await this.#db.deleteFrom('calls').where('project_id', '=', projectId).where('call_id', 'in', callIds).execute()
  }
}
