import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { z } from 'zod'
import {
  TableCreated,
  TableCreateRequest,
  TableFromDigestsCreated,
  TableFromDigestsRequest,
  TableQueryReply,
  TableQueryRequest,
  TableStatsReply,
  TableStatsRequest,
  TablesStatsReply,
  TablesStatsRequest,
  TableUpdated,
  TableUpdateRequest,
} from './schema.ts'
import { linesReply, listReply, streamed } from './streamed-reply.ts'
import type { TableChange, TableQuery, TableService } from './table-service.ts'

const tags = ['weave tables']

/** Tables of rows, which datasets are made of. */
export const tableRoutes =
  (tables: TableService): FastifyPluginAsyncZod =>
  async (app) => {
    app.post(
      '/table/create',
      {
        schema: {
          tags,
          operationId: 'createTable',
          summary: 'Store a table',
          body: TableCreateRequest,
          response: { 200: TableCreated },
        },
      },
      async ({ person, body: { table } }) => {
        const { digest, rowDigests } = await tables.create(person, table.project_id, table.rows, table.expected_digest)
        return { digest, row_digests: rowDigests }
      },
    )

    app.post(
      '/table/create_from_digests',
      {
        schema: {
          tags,
          operationId: 'createTableFromDigests',
          summary: 'Store a table of rows that are there already',
          body: TableFromDigestsRequest,
          response: { 200: TableFromDigestsCreated },
        },
      },
      ({ person, body }) => tables.createFromDigests(person, body.project_id, body.row_digests, body.expected_digest),
    )

    app.post(
      '/table/update',
      {
        schema: {
          tags,
          operationId: 'updateTable',
          summary: 'Make a table of another one',
          description: 'Rows are appended, inserted or taken away one change after the other; the old table stays.',
          body: TableUpdateRequest,
          response: { 200: TableUpdated },
        },
      },
      async ({ person, body }) => {
        const changes = body.updates.map(toChange)
        const { digest, changedDigests } = await tables.update(person, body.project_id, body.base_digest, changes)
        return { digest, updated_row_digests: changedDigests }
      },
    )

    app.post(
      '/table/query',
      {
        schema: {
          tags,
          operationId: 'queryTable',
          summary: 'Read rows of a table',
          description:
            'In the order of the table unless sorted. Rows without the field that is sorted by come last; of texts, 500 characters are compared.',
          body: TableQueryRequest,
          response: { 200: streamed(TableQueryReply) },
        },
      },
      async ({ person, body }, reply) => {
        const rows = await tables.query(person, body.project_id, toQuery(body))
        return reply.type('application/json; charset=utf-8').send(listReply('rows', rows))
      },
    )

    app.post(
      '/table/query_stream',
      {
        schema: {
          tags,
          operationId: 'streamTable',
          summary: 'Read rows of a table, one a line',
          body: TableQueryRequest,
          produces: ['application/jsonl'],
          response: { 200: streamed(TableQueryReply.shape.rows.element) },
        },
      },
      async ({ person, body }, reply) => {
        const rows = await tables.query(person, body.project_id, toQuery(body))
        return reply.type('application/jsonl').send(linesReply(rows))
      },
    )

    app.post(
      '/table/query_stats',
      {
        schema: {
          tags,
          operationId: 'getTableStats',
          summary: 'Count the rows of a table',
          body: TableStatsRequest,
          response: { 200: TableStatsReply },
        },
      },
      async ({ person, body }) => ({ count: (await tables.getStats(person, body.project_id, body.digest)).rowCount }),
    )

    app.post(
      '/table/query_stats_batch',
      {
        schema: {
          tags,
          operationId: 'getTablesStats',
          summary: 'Count the rows of several tables',
          description: 'Tables that are not there are left out.',
          body: TablesStatsRequest,
          response: { 200: TablesStatsReply },
        },
      },
      async ({ person, body }) => {
        const stats = await tables.stats(person, body.project_id, body.digests, body.include_storage_size)
        return {
          tables: stats.map(({ digest, rowCount, storageBytes }) => ({
            count: rowCount,
            digest,
            storage_size_bytes: storageBytes,
          })),
        }
      },
    )
  }

function toQuery(body: z.output<typeof TableQueryRequest>): TableQuery {
  return {
    digest: body.digest,
    rowDigests: body.filter?.row_digests?.length ? body.filter.row_digests : null,
    order: body.sort_by ?? [],
    limit: body.limit,
    offset: body.offset,
  }
}

function toChange(update: z.output<typeof TableUpdateRequest>['updates'][number]): TableChange {
  if ('append' in update) return { append: update.append.row }
  return 'pop' in update ? { pop: update.pop.index } : { insert: update.insert.row, index: update.insert.index }
}
