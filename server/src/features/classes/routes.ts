import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { SessionList } from '../practice/session-list.ts'
import type { ClassAdministration } from './administration.ts'
import {
  ClassBody,
  ClassListQuery,
  ClassPageSchema,
  ClassPatch,
  ClassPath,
  ClassSchema,
  ClassSessionListSchema,
  ClassSessionsQuery,
  fromWire,
  newClass,
  toWireClass,
} from './schema.ts'
import type { ClassService } from './service.ts'

/** Classes, and what is practised in them. */
export const classRoutes =
  (administration: ClassAdministration, classes: ClassService, sessions: SessionList): FastifyPluginAsyncZod =>
  async (app) => {
    const tags = ['classes']

    app.get(
      '/classes',
      {
        schema: {
          tags,
          operationId: 'listClasses',
          summary: 'My classes, oldest first; all classes for an administrator',
          querystring: ClassListQuery,
          response: { 200: ClassPageSchema },
        },
      },
      async ({ person, query }) => {
        const { page, size, status, q } = query
        const { total, classes } = await administration.list(person, { status, search: q, page, size })
        return { items: classes.map(toWireClass), total, page, size }
      },
    )

    app.post(
      '/classes',
      {
        schema: {
          tags,
          operationId: 'createClass',
          summary: 'Make a class, as an administrator, who is its first teacher',
          body: ClassBody,
          response: { 201: ClassSchema },
        },
      },
      async ({ person, body }, reply) =>
        reply.code(201).send(toWireClass(await administration.create(person, newClass(body)))),
    )

    app.get(
      '/classes/:class_id',
      {
        schema: {
          tags,
          operationId: 'getClass',
          summary: 'One class',
          params: ClassPath,
          response: { 200: ClassSchema },
        },
      },
      async ({ person, params }) => toWireClass(await administration.get(person, params.class_id)),
    )

    app.patch(
      '/classes/:class_id',
      {
        schema: {
          tags,
          operationId: 'updateClass',
          summary: 'Change a class, as its teacher',
          description: 'What is left out stays. Ending a class keeps its history readable.',
          params: ClassPath,
          body: ClassPatch,
          response: { 200: ClassSchema },
        },
      },
      async ({ person, params, body }) =>
        toWireClass(await administration.update(person, params.class_id, fromWire(body))),
    )

    app.delete(
      '/classes/:class_id',
      {
        schema: {
          tags,
          operationId: 'deleteClass',
          summary: 'Remove a class in which nobody has practised, as an administrator',
          params: ClassPath,
          response: { 204: z.null().describe('Removed') },
        },
      },
      async ({ person, params }, reply) => {
        await administration.delete(person, params.class_id)
        return reply.code(204).send(null)
      },
    )

    app.get(
      '/classes/:class_id/sessions',
      {
        schema: {
          tags,
          operationId: 'listClassSessions',
          summary: 'The sessions of everybody in a class, newest first, for its teachers and assistants',
          params: ClassPath,
          querystring: ClassSessionsQuery,
          response: { 200: ClassSessionListSchema },
        },
      },
      async ({ person, params, query }) => {
        await classes.getStaffed(person, params.class_id)
        const { limit, cursor, q, handle } = query
        const { sessions: found, nextCursor } = await sessions.list(
          { classId: params.class_id },
          { limit, cursor, search: q, handle },
        )
        return {
          items: found.map((session) => ({
            session_id: session.sessionId,
            class_id: session.classId,
            person: { user_id: session.personId, handle: session.handle, name: session.personName },
            title: session.title,
            preview: session.preview,
            last_message_preview: session.answerPreview,
            model_names: session.modelNames,
            turn_count: session.turnCount,
            created_at: session.createdAt,
            updated_at: session.updatedAt,
            last_activity_at: session.lastTurnAt,
          })),
          next_cursor: nextCursor,
        }
      },
    )
  }
