import { type Kysely, sql } from 'kysely'
import type { Database } from '../../db/open.ts'
import type { Tables } from '../../db/tables.ts'
import { storeText } from '../weave/stored-json.ts'
import type { CallSelection } from './call-reader.ts'

/** A turn of a conversation: a call that is its own turn. */
export type StoredTurn = { thread_id: string; call_id: string; started_at: string; ended_at: string | null }

export type TurnFilter = { after?: string; before?: string; threadIds?: readonly string[] }

const TURNS_PER_PAGE = 5000

export class ThreadStore {
  readonly #db: Kysely<Tables>

  constructor({ db }: Pick<Database, 'db'>) {
    this.#db = db
  }

  /** The turns of a project, those of one thread after the other, in pages. */
  async *turns(
    { projectId, onlyOf }: Pick<CallSelection, 'projectId' | 'onlyOf'>,
    filter: TurnFilter,
  ): AsyncGenerator<StoredTurn[]> {
    for (let last: StoredTurn | undefined; ; ) {
      let query = this.#db
        .selectFrom('calls')
        .select([
          sql<string>`thread_id`.as('thread_id'),
          'call_id',
          sql<string>`started_at`.as('started_at'),
          'ended_at',
        ])
        .where('project_id', '=', projectId)
        .where('thread_id', 'is not', null)
        .where('thread_id', '<>', '')
        .where('started_at', 'is not', null)
        .whereRef('turn_id', '=', 'call_id')
      if (onlyOf !== undefined) query = query.where('wb_user_id', '=', onlyOf)
      if (filter.after) query = query.where('started_at', '>', filter.after)
      if (filter.before) query = query.where('started_at', '<', filter.before)
      if (filter.threadIds?.length) query = query.where('thread_id', 'in', filter.threadIds.map(storeText))
      if (last) query = query.where(sql<boolean>`(thread_id, call_id) > (${last.thread_id}, ${last.call_id})`)
      const page = await query.orderBy('thread_id').orderBy('call_id').limit(TURNS_PER_PAGE).execute()
      if (page.length > 0) yield page
      if (page.length < TURNS_PER_PAGE) return
      last = page.at(-1)
    }
  }
}
