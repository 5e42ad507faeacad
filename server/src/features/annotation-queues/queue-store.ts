import type { Kysely, Selectable } from 'kysely'
import type { Tables } from '../../db/tables.ts'
import { restoreText, storeText } from '../weave/stored-json.ts'
import type { AnnotationQueue } from './queue.ts'

type QueueChange = Partial<Pick<AnnotationQueue, 'name' | 'description' | 'scorerRefs'>>

/** Annotation queues of projects; deleted ones are kept, for what was said in them. */
export class QueueStore {
  readonly #db: Kysely<Tables>

  constructor(database: { db: Kysely<Tables> }) {
    this.#db = database.db
  }

  async insert(projectId: number, queue: AnnotationQueue): Promise<void> {
    await this.#db
      .insertInto('annotation_queues')
      .values({
        project_id: projectId,
        queue_id: queue.queueId,
        name: storeText(queue.name),
        description: storeText(queue.description),
        scorer_refs: storeText(JSON.stringify(queue.scorerRefs)),
        created_by: queue.createdBy,
        created_at: queue.createdAt,
        updated_at: queue.updatedAt,
        deleted_at: null,
      })
      .execute()
  }

  /** A queue that is not deleted. */
  async find(projectId: number, queueId: string): Promise<AnnotationQueue | undefined> {
    const row = await this.#existing(projectId).where('queue_id', '=', storeText(queueId)).executeTakeFirst()
    return row && toQueue(row)
  }

  /** Every queue of a project that is not deleted, newest first. */
  async list(projectId: number): Promise<AnnotationQueue[]> {
    const rows = await this.#existing(projectId).orderBy('created_at', 'desc').orderBy('queue_id').execute()
    return rows.map(toQueue)
  }

  /** What is not in the change stays. */
  async update(projectId: number, queueId: string, change: QueueChange, now: string): Promise<void> {
    await this.#db
      .updateTable('annotation_queues')
      .set({
        ...(change.name !== undefined && { name: storeText(change.name) }),
        ...(change.description !== undefined && { description: storeText(change.description) }),
        ...(change.scorerRefs !== undefined && { scorer_refs: storeText(JSON.stringify(change.scorerRefs)) }),
        updated_at: now,
      })
      .where('project_id', '=', projectId)
      .where('queue_id', '=', queueId)
      .execute()
  }

  async delete(projectId: number, queueId: string, now: string): Promise<void> {
    await this.#db
      .updateTable('annotation_queues')
      .set({ deleted_at: now, updated_at: now })
      .where('project_id', '=', projectId)
      .where('queue_id', '=', queueId)
      .execute()
  }

  #existing(projectId: number) {
    return this.#db
      .selectFrom('annotation_queues')
      .selectAll()
      .where('project_id', '=', projectId)
      .where('deleted_at', 'is', null)
  }
}

function toQueue(row: Selectable<Tables['annotation_queues']>): AnnotationQueue {
  return {
    queueId: row.queue_id,
    name: restoreText(row.name),
    description: restoreText(row.description),
    scorerRefs: JSON.parse(restoreText(row.scorer_refs)),
    createdBy: row.created_by,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    deletedAt: row.deleted_at,
  }
}
