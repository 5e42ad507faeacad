import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { ModelCatalog } from '../catalog/catalog.ts'
import {
  ProjectBody,
  ProjectListQuery,
  ProjectPageSchema,
  ProjectPatch,
  ProjectPath,
  ProjectSchema,
  ProjectSessionListSchema,
  ProjectSessionsQuery,
  toWireProject,
  toWireProjectSession,
} from './schema.ts'
import type { ProjectService } from './service.ts'

/** Folders of sessions. A session is put into one by changing the session. */
export const projectRoutes =
  (projects: ProjectService, catalog: Pick<ModelCatalog, 'find'>): FastifyPluginAsyncZod =>
  async (app) => {
    const tags = ['projects']

    app.get(
      '/projects',
      {
        schema: {
          tags,
          operationId: 'listProjects',
          summary: 'My projects, newest first',
          querystring: ProjectListQuery,
          response: { 200: ProjectPageSchema },
        },
      },
      async ({ person, query }) => {
        const { class_id, page, size } = query
        const { total, projects: found } = await projects.list(person, { classId: class_id, page, size })
        return { items: found.map(toWireProject), total, page, size }
      },
    )

    app.post(
      '/projects',
      {
        schema: {
          tags,
          operationId: 'createProject',
          summary: 'Make a project in a class',
          body: ProjectBody,
          response: { 201: ProjectSchema },
        },
      },
      async ({ person, body }, reply) => {
        const { class_id, name, description = null } = body
        return reply
          .code(201)
          .send(toWireProject(await projects.create(person, { classId: class_id, name, description })))
      },
    )

    app.get(
      '/projects/:project_id',
      {
        schema: {
          tags,
          operationId: 'getProject',
          summary: 'One of my projects',
          params: ProjectPath,
          response: { 200: ProjectSchema },
        },
      },
      async ({ person, params }) => toWireProject(await projects.getOwn(person, params.project_id)),
    )

    app.patch(
      '/projects/:project_id',
      {
        schema: {
          tags,
          operationId: 'updateProject',
          summary: 'Rename or describe a project',
          params: ProjectPath,
          body: ProjectPatch,
          response: { 200: ProjectSchema },
        },
      },
      async ({ person, params, body }) => toWireProject(await projects.update(person, params.project_id, body)),
    )

    app.delete(
      '/projects/:project_id',
      {
        schema: {
          tags,
          operationId: 'deleteProject',
          summary: 'Remove a project; its sessions stay',
          params: ProjectPath,
          response: { 204: z.null().describe('Removed') },
        },
      },
      async ({ person, params }, reply) => {
        await projects.delete(person, params.project_id)
        return reply.code(204).send(null)
      },
    )

    app.get(
      '/projects/:project_id/sessions',
      {
        schema: {
          tags,
          operationId: 'listProjectSessions',
          summary: 'The sessions of a project, newest first',
          params: ProjectPath,
          querystring: ProjectSessionsQuery,
          response: { 200: ProjectSessionListSchema },
        },
      },
      async ({ person, params, query }) => {
        const { project, sessions, nextCursor } = await projects.listSessions(person, params.project_id, query)
        return {
          items: sessions.map((session) =>
            toWireProjectSession(session, project.projectId, (name) => catalog.find(name)?.displayName),
          ),
          total: project.sessionCount,
          next_cursor: nextCursor,
        }
      },
    )
  }
