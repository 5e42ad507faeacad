import { type ExpressionBuilder, type Kysely, type Selectable, sql } from 'kysely'
import { type JsonSql, jsonSql } from '../../db/json-sql.ts'
import type { Database } from '../../db/open.ts'
import type { Tables } from '../../db/tables.ts'
import { restoreText, storeText } from '../weave/stored-json.ts'
import type { ItemFilter, ItemOrder, Progress, QueuedCall, QueueItem } from './queue.ts'

const ROWS_PER_INSERT = 500

/** Of which queue, and whose calls when it may only be one person's own. */
export type QueueScope = { projectId: number; queueId: string; callUserId?: string | undefined }

export type NewItem = { itemId: string; call: QueuedCall }

/** Calls in annotation queues, and how far everybody is with them. */
export class ItemStore {
  readonly #db: Kysely<Tables>
  readonly #json: JsonSql

  constructor({ db, kind }: Pick<Database, 'db' | 'kind'>) {
    this.#db = db
    this.#json = jsonSql(kind)
  }

  /** Those of the calls that are in the queue already. */
  async findCallIds({ projectId, queueId }: QueueScope, callIds: readonly string[]): Promise<Set<string>> {
    if (callIds.length === 0) return new Set()
    const rows = await this.#db
      .selectFrom('annotation_queue_items')
      .select('call_id')
      .where('project_id', '=', projectId)
      .where('queue_id', '=', queueId)
      .where('call_id', 'in', callIds.map(storeText))
      .execute()
    return new Set(rows.map(({ call_id }) => restoreText(call_id)))
  }

  /** @returns how many were added: another may have added some of them at the same moment. */
  async insert(
    { projectId, queueId }: QueueScope,
    items: readonly NewItem[],
    by: { displayFields: readonly string[]; addedBy: string; now: string },
  ): Promise<number> {
    // In one order, whoever adds them: else two who add the same calls could wait for each other on PostgreSQL.
    const ordered = items.toSorted((a, b) => (a.call.callId < b.call.callId ? -1 : 1))
    let added = 0
    for (let first = 0; first < ordered.length; first += ROWS_PER_INSERT) {
      const { numInsertedOrUpdatedRows } = await this.#db
        .insertInto('annotation_queue_items')
        .values(
          ordered.slice(first, first + ROWS_PER_INSERT).map(({ itemId, call }) => ({
            project_id: projectId,
            queue_id: queueId,
            item_id: itemId,
            call_id: storeText(call.callId),
            call_user_id: call.userId,
            call_started_at: call.startedAt,
            call_ended_at: call.endedAt,
            call_op_name: storeText(call.opName),
            call_trace_id: storeText(call.traceId),
            display_fields: storeText(JSON.stringify(by.displayFields)),
            added_by: by.addedBy,
            created_at: by.now,
            updated_at: by.now,
          })),
        )
        .onConflict((conflict) => conflict.columns(['project_id', 'queue_id', 'call_id']).doNothing())
        .executeTakeFirst()
      added += Number(numInsertedOrUpdatedRows ?? 0)
    }
    return added
  }

  /** Items in the order wanted, else in the order in which they were added. */
  async list(
    scope: QueueScope,
    filter: ItemFilter,
    order: readonly ItemOrder[],
    page: { limit: number | null; offset: number | null },
  ): Promise<QueueItem[]> {
    const wanted = order.length > 0 ? order : ([{ field: 'created_at', direction: 'asc' }] as const)
    const keys = [
      ...wanted.map(({ field, direction }) => sql`${this.#json.byCodePoint(sql.ref(field))} ${sql.raw(direction)}`),
      sql`item_id`,
    ]
    let query = this.#db
      .selectFrom(
        this.#items(scope)
          .select(sql<number>`row_number() over (order by ${sql.join(keys)})`.as('position'))
          .as('item'),
      )
      .selectAll()
    const { itemId, callId, opName, traceId, addedBy, states } = filter
    if (itemId !== null) query = query.where('item_id', '=', storeText(itemId))
    if (callId !== null) query = query.where('call_id', '=', storeText(callId))
    if (opName !== null) query = query.where('call_op_name', '=', storeText(opName))
    if (traceId !== null) query = query.where('call_trace_id', '=', storeText(traceId))
    if (addedBy !== null) query = query.where('added_by', '=', storeText(addedBy))
    if (states.length > 0) query = query.where('state', 'in', states)
    const rows = await query
      .orderBy('position')
      .limit(page.limit ?? Number.MAX_SAFE_INTEGER)
      .offset(page.offset ?? 0)
      .execute()
    return rows.map(toItem)
  }

  /** How far somebody is with an item; undefined when they have not begun. */
  async findProgress(
    { projectId, queueId }: QueueScope,
    itemId: string,
    annotator: string,
  ): Promise<Progress | undefined> {
    const row = await this.#db
      .selectFrom('annotation_progress')
      .select('state')
      .where('project_id', '=', projectId)
      .where('queue_id', '=', queueId)
      .where('item_id', '=', itemId)
      .where('annotator', '=', annotator)
      .executeTakeFirst()
    return row?.state
  }

  /** @param options.onlyIfNone what somebody has made of the item already stays. */
  async setProgress(
    { projectId, queueId }: QueueScope,
    progress: { itemId: string; annotator: string; state: Progress; now: string },
    options: { onlyIfNone: boolean },
  ): Promise<void> {
    await this.#db
      .insertInto('annotation_progress')
      .values({
        project_id: projectId,
        queue_id: queueId,
        item_id: progress.itemId,
        annotator: progress.annotator,
        state: progress.state,
        updated_at: progress.now,
      })
      .onConflict((conflict) => {
        const same = conflict.columns(['project_id', 'queue_id', 'item_id', 'annotator'])
        return options.onlyIfNone
          ? same.doNothing()
          : same.doUpdateSet({ state: progress.state, updated_at: progress.now })
      })
      .execute()
  }

  /** Of each queue: its items, and those that somebody has completed or skipped. */
  async count(
    projectId: number,
    queueIds: readonly string[],
    callUserId: string | undefined,
  ): Promise<Map<string, { total: number; done: number }>> {
    if (queueIds.length === 0) return new Map()
    let query = this.#db
      .selectFrom('annotation_queue_items as item')
      .select((select) => [
        'item.queue_id',
        select.fn.countAll<number>().as('total'),
        sql<number>`sum(case when exists ${doneBySomebody(select)} then 1 else 0 end)`.as('done'),
      ])
      .where('item.project_id', '=', projectId)
      .where('item.queue_id', 'in', queueIds.map(storeText))
      .groupBy('item.queue_id')
    if (callUserId !== undefined) query = query.where('item.call_user_id', '=', callUserId)
    const rows = await query.execute()
    return new Map(rows.map((row) => [row.queue_id, { total: Number(row.total), done: Number(row.done) }]))
  }

  #items({ projectId, queueId, callUserId }: QueueScope) {
    const latest = (column: 'state' | 'annotator') => sql<string | null>`(
      select ${sql.ref(column)} from annotation_progress as progress
      where progress.project_id = annotation_queue_items.project_id
        and progress.queue_id = annotation_queue_items.queue_id
        and progress.item_id = annotation_queue_items.item_id
      order by progress.updated_at desc, progress.annotator limit 1
    )`
    const query = this.#db
      .selectFrom('annotation_queue_items')
      .selectAll()
      .select([
        sql<QueueItem['state']>`coalesce(${latest('state')}, 'unstarted')`.as('state'),
        latest('annotator').as('annotator'),
      ])
      .where('project_id', '=', projectId)
      .where('queue_id', '=', queueId)
    return callUserId === undefined ? query : query.where('call_user_id', '=', callUserId)
  }
}

function doneBySomebody(select: ExpressionBuilder<Tables & { item: Tables['annotation_queue_items'] }, 'item'>) {
  return select
    .selectFrom('annotation_progress as progress')
    .select('progress.state')
    .whereRef('progress.project_id', '=', 'item.project_id')
    .whereRef('progress.queue_id', '=', 'item.queue_id')
    .whereRef('progress.item_id', '=', 'item.item_id')
    .where('progress.state', 'in', ['completed', 'skipped'])
}

type Row = Selectable<Tables['annotation_queue_items']> & {
  state: QueueItem['state']
  annotator: string | null
  position: number
}

function toItem(row: Row): QueueItem {
  return {
    itemId: row.item_id,
    queueId: row.queue_id,
    call: {
      callId: restoreText(row.call_id),
      userId: row.call_user_id,
      startedAt: row.call_started_at,
      endedAt: row.call_ended_at,
      opName: restoreText(row.call_op_name),
      traceId: restoreText(row.call_trace_id),
    },
    displayFields: JSON.parse(restoreText(row.display_fields)),
    addedBy: row.added_by,
    state: row.state,
    annotator: row.annotator,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    position: Number(row.position),
  }
}
