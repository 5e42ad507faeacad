import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Kysely, sql } from 'kysely'
import type { Database } from '../../../db/open.ts'
import type { Tables } from '../../../db/tables.ts'
import type { ProjectAccess } from '../../weave/project-access.ts'
import { storeText } from '../../weave/stored-json.ts'

const COLUMNS = [
  'row_id',
  'created_at',
  'feedback_type',
  'weave_ref',
  'runnable_ref',
  'trigger_ref',
  'scorer_tags',
  'scorer_ratings',
  'span_agent_name',
  'span_agent_version',
  'span_status_code',
] as const

type Column = (typeof COLUMNS)[number]
type ScannedRow = Pick<Tables['feedback'], Column> & { payload: string | null }

/** Which feedback: stored times, the first inclusive and the second not; null bounds nothing. */
export type Window = {
  from: string | null
  until: string | null
  feedbackType?: string | null
  /** Exactly this ref, or all versions of an object when it ends with `:*`. */
  triggerRef?: string | null
}

const ROWS_PER_PAGE = 2_000

/** Reads all the feedback of a time, in pages, so that neither memory nor anybody's patience grows with it. */
export class FeedbackScan {
  readonly #db: Kysely<Tables>

  constructor(database: Pick<Database, 'db'>) {
    this.#db = database.db
  }

  /** @param reads.payload payloads are long: they are read only where they are needed. */
  async *rows(access: ProjectAccess, window: Window, reads: { payload: boolean }): AsyncGenerator<ScannedRow[]> {
    let last: { created_at: string; row_id: number } | undefined
    for (;;) {
      let query = this.#within(access, window)
        .select(COLUMNS)
        .select(reads.payload ? 'payload' : sql<string | null>`null`.as('payload'))
        .orderBy('created_at')
        .orderBy('row_id')
        .limit(ROWS_PER_PAGE)
      if (last) query = query.where(sql<boolean>`(created_at, row_id) > (${last.created_at}, ${last.row_id})`)
      const rows = await query.execute()
      if (rows.length > 0) yield rows
      last = rows.at(-1)
      if (rows.length < ROWS_PER_PAGE) return
      // Reads of SQLite are done when they are asked for: others get their turn here.
      await nextTurn()
    }
  }

  /** The latest payload for each thing that triggered feedback, as stored JSON. */
  async samplePayloads(access: ProjectAccess, window: Window, limit: number): Promise<string[]> {
    const latest = this.#within(access, window)
      .select((select) => select.fn.max('row_id').as('row_id'))
      .groupBy('trigger_ref')
      .limit(limit)
    const rows = await this.#db
      .selectFrom('feedback')
      .select('payload')
      .where('project_id', '=', access.projectId)
      .where('row_id', 'in', latest)
      .execute()
    return rows.map(({ payload }) => payload)
  }

  #within(access: ProjectAccess, { from, until, feedbackType, triggerRef }: Window) {
    let query = this.#db.selectFrom('feedback').where('project_id', '=', access.projectId)
    if (access.reads === 'own') query = query.where('wb_user_id', '=', access.person.handle)
    if (from !== null) query = query.where('created_at', '>=', from)
    if (until !== null) query = query.where('created_at', '<', until)
    if (feedbackType) query = query.where('feedback_type', '=', storeText(feedbackType))
    if (triggerRef?.endsWith(':*')) {
      const prefix = storeText(triggerRef.slice(0, -1))
      return query.where(sql`substr(trigger_ref, 1, ${[...prefix].length})`, '=', prefix)
    }
    return triggerRef ? query.where('trigger_ref', '=', storeText(triggerRef)) : query
  }
}
