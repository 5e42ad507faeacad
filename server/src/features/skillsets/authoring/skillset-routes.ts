import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { SkillsetDrafts } from './draft-service.ts'
import {
  ClassQuery,
  SharedQuery,
  SharedSkillsetPageSchema,
  SkillsetBody,
  SkillsetListQuery,
  SkillsetPageSchema,
  SkillsetPatch,
  SkillsetPath,
  SkillsetSchema,
  SkillsetShareSchema,
  toDraftChange,
  toDraftFields,
  toWireShare,
  toWireShared,
  toWireSkillset,
  toWireSummary,
} from './skillset-schema.ts'
import { IfRevision, limitsOf, withRevision } from './wire.ts'

/** Drafts of skillsets, and which classes may use what is published of them. */
export const skillsetRoutes =
  (drafts: SkillsetDrafts): FastifyPluginAsyncZod =>
  async (app) => {
    const tags = ['skillsets']

    app.get(
      '/v1/skillsets',
      {
        schema: {
          tags,
          operationId: 'listSkillsets',
          summary: 'My skillsets, newest first',
          querystring: SkillsetListQuery,
          response: { 200: SkillsetPageSchema },
        },
      },
      async ({ person, query }) => {
        const { total, skillsets } = await drafts.list(person, { ...limitsOf(query), search: query.q })
        return { items: skillsets.map(toWireSummary), total, page: query.page, size: query.size }
      },
    )

    app.get(
      '/v1/skillsets/shared',
      {
        schema: {
          tags,
          operationId: 'listSharedSkillsets',
          summary: 'The published skillsets that a class may use, newest first',
          querystring: SharedQuery,
          response: { 200: SharedSkillsetPageSchema },
        },
      },
      async ({ person, query }) => {
        const { total, skillsets } = await drafts.listShared(person, query.class_id, limitsOf(query))
        return { items: skillsets.map(toWireShared), total, page: query.page, size: query.size }
      },
    )

    app.post(
      '/v1/skillsets',
      {
        schema: {
          tags,
          operationId: 'createSkillset',
          summary: 'Make a skillset: a draft until it is published',
          body: SkillsetBody,
          response: { 201: SkillsetSchema },
        },
      },
      async ({ person, body }, reply) => {
        const made = await drafts.create(person, toDraftFields(body), body.skill_ids ?? [])
        return withRevision(reply.code(201), toWireSkillset(made))
      },
    )

    app.get(
      '/v1/skillsets/:skillset_id',
      {
        schema: {
          tags,
          operationId: 'getSkillset',
          summary: 'The draft of one of my skillsets',
          params: SkillsetPath,
          response: { 200: SkillsetSchema },
        },
      },
      async ({ person, params }, reply) =>
        withRevision(reply, toWireSkillset(await drafts.get(person, params.skillset_id))),
    )

    app.patch(
      '/v1/skillsets/:skillset_id',
      {
        schema: {
          tags,
          operationId: 'updateSkillset',
          summary: 'Change a draft; what is published stays as it is',
          description:
            'Lists replace the whole list. With If-Match and the number of a revision, 412 when that is no longer the latest.',
          params: SkillsetPath,
          headers: IfRevision,
          body: SkillsetPatch,
          response: { 200: SkillsetSchema },
        },
      },
      async ({ person, params, headers, body }, reply) => {
        const changed = await drafts.change(person, params.skillset_id, toDraftChange(body), headers['if-match'])
        return withRevision(reply, toWireSkillset(changed))
      },
    )

    app.delete(
      '/v1/skillsets/:skillset_id',
      {
        schema: {
          tags,
          operationId: 'deleteSkillset',
          summary: 'Remove a skillset with all its versions; 409 while an agent or a session uses one',
          params: SkillsetPath,
          response: { 204: z.null().describe('Removed') },
        },
      },
      async ({ person, params }, reply) => {
        await drafts.delete(person, params.skillset_id)
        return reply.code(204).send(null)
      },
    )

    app.post(
      '/v1/skillsets/:skillset_id/share',
      {
        schema: {
          tags,
          operationId: 'shareSkillset',
          summary: 'Let a class that I teach or assist use what I publish',
          params: SkillsetPath,
          querystring: ClassQuery,
          response: { 201: SkillsetShareSchema },
        },
      },
      async ({ person, params, query }, reply) =>
        reply.code(201).send(toWireShare(await drafts.share(person, params.skillset_id, query.class_id))),
    )

    app.delete(
      '/v1/skillsets/:skillset_id/share',
      {
        schema: {
          tags,
          operationId: 'unshareSkillset',
          summary: 'Take a skillset back from a class',
          params: SkillsetPath,
          querystring: ClassQuery,
          response: { 200: SkillsetShareSchema },
        },
      },
      async ({ person, params, query }) =>
        toWireShare(await drafts.unshare(person, params.skillset_id, query.class_id)),
    )
  }
