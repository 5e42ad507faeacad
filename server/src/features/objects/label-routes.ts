import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { LabelService } from './label-service.ts'
import {
  AliasesBody,
  AliasesReply,
  Nothing,
  ObjectPath,
  ProjectQuery,
  SetAliasesBody,
  TagsBody,
  TagsReply,
  VersionPath,
} from './schema.ts'

const tags = ['weave objects']

/** Tags and aliases of versions. */
export const labelRoutes =
  (labels: LabelService): FastifyPluginAsyncZod =>
  async (app) => {
    app.put(
      '/objs/:object_id/versions/:digest/tags',
      {
        schema: {
          tags,
          operationId: 'addObjectTags',
          summary: 'Put tags on a version',
          params: VersionPath,
          body: TagsBody,
          response: { 200: Nothing },
        },
      },
      async ({ person, params, body }) => {
        await labels.addTags(person, body.project_id, toVersion(params), body.tags)
        return {}
      },
    )

    app.post(
      '/objs/:object_id/versions/:digest/tags/remove',
      {
        schema: {
          tags,
          operationId: 'removeObjectTags',
          summary: 'Take tags off a version',
          params: VersionPath,
          body: TagsBody,
          response: { 200: Nothing },
        },
      },
      async ({ person, params, body }) => {
        await labels.removeTags(person, body.project_id, toVersion(params), body.tags)
        return {}
      },
    )

    app.put(
      '/objs/:object_id/aliases',
      {
        schema: {
          tags,
          operationId: 'setObjectAliases',
          summary: 'Let aliases stand for a version',
          params: ObjectPath,
          body: SetAliasesBody,
          response: { 200: Nothing },
        },
      },
      async ({ person, params, body }) => {
        const version = { objectId: params.object_id, digest: body.digest }
        await labels.setAliases(person, body.project_id, version, body.aliases)
        return {}
      },
    )

    app.post(
      '/objs/:object_id/aliases/remove',
      {
        schema: {
          tags,
          operationId: 'removeObjectAliases',
          summary: 'Remove aliases of an object',
          params: ObjectPath,
          body: AliasesBody,
          response: { 200: Nothing },
        },
      },
      async ({ person, params, body }) => {
        await labels.removeAliases(person, body.project_id, params.object_id, body.aliases)
        return {}
      },
    )

    app.get(
      '/tags',
      {
        schema: {
          tags,
          operationId: 'listObjectTags',
          summary: 'The tags of a project',
          querystring: ProjectQuery,
          response: { 200: TagsReply },
        },
      },
      async ({ person, query }) => ({ tags: (await labels.list(person, query.project_id)).tags }),
    )

    app.get(
      '/aliases',
      {
        schema: {
          tags,
          operationId: 'listObjectAliases',
          summary: 'The aliases of a project',
          querystring: ProjectQuery,
          response: { 200: AliasesReply },
        },
      },
      async ({ person, query }) => ({ aliases: (await labels.list(person, query.project_id)).aliases }),
    )
  }

function toVersion({ object_id, digest }: { object_id: string; digest: string }) {
  return { objectId: object_id, digest }
}
