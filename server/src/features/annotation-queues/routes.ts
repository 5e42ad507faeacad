import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { ItemOrder } from './queue.ts'
import type { QueueOrder, QueueService } from './queue-service.ts'
import {
  AddCallsReply,
  AddCallsRequest,
  ItemPath,
  ItemReply,
  ItemsQueryRequest,
  ItemsReply,
  ProgressRequest,
  ProjectQuery,
  printItem,
  printQueue,
  Queue,
  QueueCreated,
  QueueCreateRequest,
  QueuePath,
  QueueReply,
  QueuesQueryRequest,
  QueueUpdateRequest,
  StatsReply,
  StatsRequest,
} from './schema.ts'

const tags = ['weave annotation queues']
const JSONL = 'application/jsonl'
const QUEUE_FIELDS: readonly string[] = ['id', 'name', 'created_at', 'updated_at']
const ITEM_FIELDS: readonly string[] = ['call_started_at', 'call_op_name', 'created_at', 'updated_at']
/** One queue a line: described by what a line is. */
const QueueLines = z.any().meta({ description: 'One queue a line', ...z.toJSONSchema(Queue, { io: 'input' }) })

/** Queues of calls that people annotate. */
export const queueRoutes =
  (queues: QueueService): FastifyPluginAsyncZod =>
  async (app) => {
    app.post(
      '/annotation_queues',
      {
        schema: {
          tags,
          operationId: 'createAnnotationQueue',
          summary: 'Make an annotation queue',
          body: QueueCreateRequest,
          response: { 200: QueueCreated },
        },
      },
      async ({ person, body }) => ({
        id: await queues.create(person, body.project_id, {
          name: body.name,
          description: body.description,
          scorerRefs: body.scorer_refs,
        }),
      }),
    )

    app.post(
      '/annotation_queues/query',
      {
        schema: {
          tags,
          operationId: 'queryAnnotationQueues',
          summary: 'List annotation queues, one a line',
          body: QueuesQueryRequest,
          produces: [JSONL],
          response: { 200: QueueLines },
        },
      },
      async ({ person, body }, reply) => {
        const found = await queues.list(person, body.project_id, {
          name: body.name,
          order: (body.sort_by ?? []).filter(({ field }) => QUEUE_FIELDS.includes(field)) as QueueOrder[],
          limit: body.limit,
          offset: body.offset,
        })
        const lines = found.map((queue) => `${JSON.stringify(printQueue(body.project_id, queue))}\n`)
        return reply.type(JSONL).serializer(String).send(lines.join(''))
      },
    )

    app.get(
      '/annotation_queues/:queue_id',
      {
        schema: {
          tags,
          operationId: 'readAnnotationQueue',
          summary: 'Read an annotation queue',
          params: QueuePath,
          querystring: ProjectQuery,
          response: { 200: QueueReply },
        },
      },
      async ({ person, params, query: { project_id } }) => ({
        queue: printQueue(project_id, await queues.read(person, project_id, params.queue_id)),
      }),
    )

    app.put(
      '/annotation_queues/:queue_id',
      {
        schema: {
          tags,
          operationId: 'updateAnnotationQueue',
          summary: 'Change an annotation queue',
          description: 'What is left out or null stays.',
          params: QueuePath,
          body: QueueUpdateRequest,
          response: { 200: QueueReply },
        },
      },
      async ({ person, params, body }) => {
        const queue = await queues.update(person, body.project_id, params.queue_id, {
          ...(body.name !== null && { name: body.name }),
          ...(body.description !== null && { description: body.description }),
          ...(body.scorer_refs !== null && { scorerRefs: body.scorer_refs }),
        })
        return { queue: printQueue(body.project_id, queue) }
      },
    )

    app.delete(
      '/annotation_queues/:queue_id',
      {
        schema: {
          tags,
          operationId: 'deleteAnnotationQueue',
          summary: 'Delete an annotation queue',
          description: 'What was said in it stays.',
          params: QueuePath,
          querystring: ProjectQuery,
          response: { 200: QueueReply },
        },
      },
      async ({ person, params, query: { project_id } }) => ({
        queue: printQueue(project_id, await queues.delete(person, project_id, params.queue_id)),
      }),
    )

    app.post(
      '/annotation_queues/stats',
      {
        schema: {
          tags,
          operationId: 'getAnnotationQueuesStats',
          summary: 'How far annotation queues are',
          body: StatsRequest,
          response: { 200: StatsReply },
        },
      },
      async ({ person, body }) => ({
        stats: (await queues.stats(person, body.project_id, body.queue_ids)).map(({ queueId, total, done }) => ({
          queue_id: queueId,
          total_items: total,
          completed_items: done,
        })),
      }),
    )
  }

/** The calls in annotation queues. */
export const queueItemRoutes =
  (queues: QueueService): FastifyPluginAsyncZod =>
  async (app) => {
    app.post(
      '/annotation_queues/:queue_id/items',
      {
        schema: {
          tags,
          operationId: 'addCallsToAnnotationQueue',
          summary: 'Add calls to an annotation queue',
          description: 'Each is in it once; calls that are not there are left out.',
          params: QueuePath,
          body: AddCallsRequest,
          response: { 200: AddCallsReply },
        },
      },
      async ({ person, params, body }) => {
        const { added, duplicates } = await queues.addCalls(person, body.project_id, params.queue_id, {
          callIds: body.call_ids,
          displayFields: body.display_fields,
        })
        return { added_count: added, duplicates }
      },
    )

    app.post(
      '/annotation_queues/:queue_id/items/query',
      {
        schema: {
          tags,
          operationId: 'queryAnnotationQueueItems',
          summary: 'List the calls in an annotation queue',
          params: QueuePath,
          body: ItemsQueryRequest,
          response: { 200: ItemsReply },
        },
      },
      async ({ person, params, body }) => {
        const { filter } = body
        const items = await queues.listItems(person, body.project_id, params.queue_id, {
          filter: {
            itemId: filter?.id ?? null,
            callId: filter?.call_id ?? null,
            opName: filter?.call_op_name ?? null,
            traceId: filter?.call_trace_id ?? null,
            addedBy: filter?.added_by ?? null,
            states: filter?.annotation_states ?? [],
          },
          order: (body.sort_by ?? []).filter(({ field }) => ITEM_FIELDS.includes(field)) as ItemOrder[],
          limit: body.limit,
          offset: body.offset,
        })
        return { items: items.map((item) => printItem(body.project_id, item, body.include_position)) }
      },
    )

    app.post(
      '/annotation_queues/:queue_id/items/:item_id/progress',
      {
        schema: {
          tags,
          operationId: 'setAnnotationProgress',
          summary: 'Say how far I am with a call in an annotation queue',
          description:
            'From nothing to `in_progress`, and from both to `completed` or `skipped`; the same again changes nothing. Feedback with the queue’s `queue_id` makes it `in_progress` by itself.',
          params: ItemPath,
          body: ProgressRequest,
          response: { 200: ItemReply },
        },
      },
      async ({ person, params, body }) => {
        const item = await queues.setProgress(person, body.project_id, {
          queueId: params.queue_id,
          itemId: params.item_id,
          state: body.annotation_state,
        })
        return { item: printItem(body.project_id, item, false) }
      },
    )
  }
