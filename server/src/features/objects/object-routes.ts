import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { ProjectAccess } from '../weave/project-access.ts'
import type { ObjectFilter, ObjectVersion } from './object.ts'
import type { ObjectService } from './object-service.ts'
import {
  ObjectCreated,
  ObjectCreateRequest,
  ObjectDeleteReply,
  ObjectDeleteRequest,
  ObjectReadReply,
  ObjectReadRequest,
  ObjectsQueryReply,
  ObjectsQueryRequest,
} from './schema.ts'
import { listReply, streamed } from './streamed-reply.ts'

const tags = ['weave objects']

/** Named objects and their versions, as Weave's SDKs publish and read them. */
export const objectRoutes =
  (objects: ObjectService): FastifyPluginAsyncZod =>
  async (app) => {
    app.post(
      '/obj/create',
      {
        schema: {
          tags,
          operationId: 'createObject',
          summary: 'Publish a version of an object',
          description: 'The same content again is the same version.',
          body: ObjectCreateRequest,
          response: { 200: ObjectCreated },
        },
      },
      async ({ person, body: { obj } }) => {
        const { digest } = await objects.publish(person, obj.project_id, {
          objectId: obj.object_id,
          value: obj.val,
          builtinClass: obj.builtin_object_class ?? obj.set_base_object_class,
          expectedDigest: obj.expected_digest,
        })
        return { digest, object_id: obj.object_id }
      },
    )

    app.post(
      '/obj/read',
      {
        schema: {
          tags,
          operationId: 'readObject',
          summary: 'Read a version of an object',
          body: ObjectReadRequest,
          response: { 200: ObjectReadReply },
        },
      },
      async ({ person, body }) => {
        const { access, object } = await objects.read(person, body.project_id, body.object_id, body.digest)
        return { obj: await complete(objects, access, object, { ...body, include_storage_size: false }) }
      },
    )

    app.post(
      '/objs/query',
      {
        schema: {
          tags,
          operationId: 'queryObjects',
          summary: 'List versions of objects',
          description: 'Oldest first unless sorted otherwise; deleted versions are left out.',
          body: ObjectsQueryRequest,
          response: { 200: streamed(ObjectsQueryReply) },
        },
      },
      async ({ person, body }, reply) => {
        const { access, objects: found } = await objects.list(person, body.project_id, {
          filter: toFilter(body.filter),
          order: (body.sort_by ?? []).flatMap(({ field, direction }) =>
            field === 'object_id' || field === 'created_at' ? [{ field, direction }] : [],
          ),
          page: { limit: body.limit, offset: body.offset },
        })
        return reply
          .type('application/json; charset=utf-8')
          .send(listReply('objs', completeAll(objects, access, found, body)))
      },
    )

    app.post(
      '/obj/delete',
      {
        schema: {
          tags,
          operationId: 'deleteObject',
          summary: 'Delete versions of an object',
          description: 'Whoever reads a deleted version is told when it was deleted.',
          body: ObjectDeleteRequest,
          response: { 200: ObjectDeleteReply },
        },
      },
      async ({ person, body }) => {
        const deleted = await objects.delete(person, body.project_id, body.object_id, body.digests)
        return {
          num_deleted: deleted.length,
          deleted_versions: deleted.map(({ digest, baseObjectClass, leafObjectClass }) => ({
            digest,
            base_object_class: baseObjectClass,
            leaf_object_class: leafObjectClass,
          })),
        }
      },
    )
  }

type Wanted = { metadata_only: boolean; include_storage_size: boolean; include_tags_and_aliases: boolean }

async function* completeAll(
  objects: ObjectService,
  access: ProjectAccess,
  versions: readonly ObjectVersion[],
  wanted: Wanted,
) {
  for (const version of versions) yield complete(objects, access, version, wanted)
}

async function complete(objects: ObjectService, access: ProjectAccess, version: ObjectVersion, wanted: Wanted) {
  const labels = wanted.include_tags_and_aliases ? await objects.labelsOf(access, version) : undefined
  return {
    project_id: `${access.entity}/${access.project}`,
    object_id: version.objectId,
    created_at: version.createdAt,
    deleted_at: version.deletedAt,
    digest: version.digest,
    version_index: version.versionIndex,
    is_latest: version.isLatest ? 1 : 0,
    kind: version.kind,
    base_object_class: version.baseObjectClass,
    leaf_object_class: version.leafObjectClass,
    val: wanted.metadata_only ? {} : await objects.readValue(access, version),
    wb_user_id: version.wbUserId,
    size_bytes: wanted.include_storage_size ? version.sizeBytes : null,
    tags: labels?.tags ?? null,
    aliases: labels?.aliases ?? null,
  }
}

/** An empty list is as good as none. */
function toFilter(filter: (typeof ObjectsQueryRequest)['_output']['filter']): ObjectFilter {
  if (!filter) return {}
  return {
    latestOnly: filter.latest_only,
    ...(filter.is_op !== null && { isOp: filter.is_op }),
    ...(filter.object_ids?.length && { objectIds: filter.object_ids }),
    ...(filter.base_object_classes?.length && { baseObjectClasses: filter.base_object_classes }),
    ...(filter.exclude_base_object_classes?.length && {
      excludeBaseObjectClasses: filter.exclude_base_object_classes,
    }),
    ...(filter.leaf_object_classes?.length && { leafObjectClasses: filter.leaf_object_classes }),
    ...(filter.tags?.length && { tags: filter.tags }),
    ...(filter.aliases?.length && { aliases: filter.aliases }),
  }
}
