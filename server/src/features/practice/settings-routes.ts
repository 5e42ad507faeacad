import type { FastifyReply, FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { redact } from '../agents/agent.ts'
import { SessionListQuery, SessionPath } from './schema.ts'
import type { PracticeSession } from './session.ts'
import type { SessionService } from './session-service.ts'
import type { SettingsRevision } from './settings.ts'
import { differences } from './settings-diff.ts'
import {
  ComparisonQuery,
  ComparisonSchema,
  RevisionHeaders,
  RevisionPageSchema,
  RevisionPath,
  SettingsPatch,
  SettingsSchema,
  toWireRevision,
} from './settings-schema.ts'
import type { SettingsService } from './settings-service.ts'
import { showSettings } from './show-settings.ts'

/** The settings of a session and their revisions. */
export const settingsRoutes =
  (sessions: SessionService, settings: SettingsService): FastifyPluginAsyncZod =>
  async (app) => {
    const tags = ['settings']
    const PATH = '/user/practice/sessions/:session_id/settings'

    app.get(
      PATH,
      {
        schema: {
          tags,
          operationId: 'getSettings',
          summary: 'The settings of a session',
          params: SessionPath,
          response: { 200: SettingsSchema },
        },
      },
      async (request, reply) => {
        const session = await sessions.getReadable(request.person, request.params.session_id)
        return show(request, reply, session, await settings.get(session))
      },
    )

    app.patch(
      PATH,
      {
        schema: {
          tags,
          operationId: 'updateSettings',
          summary: 'Change the settings of a session',
          params: SessionPath,
          headers: RevisionHeaders,
          body: SettingsPatch,
          response: { 200: SettingsSchema },
        },
      },
      async (request, reply) => {
        const session = await sessions.getChangeable(request.person, request.params.session_id)
        const { body } = request
        const change = {
          stylePreset: body.style_preset,
          styleParams: body.style_params,
          generationParams: body.generation_params,
          fewShotExampleIds: body.few_shot_example_ids,
          summaryModel: body.summary_model,
        }
        const revision = await settings.change(request.person, session, change, expectedRevision(request))
        return show(request, reply, session, revision)
      },
    )

    app.post(
      `${PATH}/update-agent`,
      {
        schema: {
          tags,
          operationId: 'updateSessionAgent',
          summary: 'Bring the session’s agent to its latest version',
          params: SessionPath,
          response: { 200: SettingsSchema },
        },
      },
      async (request, reply) => {
        const session = await sessions.getChangeable(request.person, request.params.session_id)
        return show(request, reply, session, await settings.updateAgent(request.person, session))
      },
    )

    app.get(
      `${PATH}/revisions`,
      {
        schema: {
          tags,
          operationId: 'listSettingsRevisions',
          summary: 'Every revision of the settings, newest first',
          params: SessionPath,
          querystring: SessionListQuery.pick({ page: true, size: true }),
          response: { 200: RevisionPageSchema },
        },
      },
      async (request) => {
        const { page, size } = request.query
        const session = await sessions.getReadable(request.person, request.params.session_id)
        const { total, revisions } = await settings.list(session, { limit: size, offset: (page - 1) * size })
        return { items: revisions.map((revision) => wireRevision(request, revision)), total, page, size }
      },
    )

    app.get(
      `${PATH}/revisions/compare`,
      {
        schema: {
          tags,
          operationId: 'compareSettingsRevisions',
          summary: 'What differs between two revisions',
          params: SessionPath,
          querystring: ComparisonQuery,
          response: { 200: ComparisonSchema },
        },
      },
      async (request) => {
        const { from, to } = request.query
        const session = await sessions.getReadable(request.person, request.params.session_id)
        const [earlier, later] = await Promise.all([settings.get(session, from), settings.get(session, to)])
        const comparable = (revision: SettingsRevision) => {
          const { revision: _, created_at: __, user_id: ___, ...content } = wireRevision(request, revision)
          return content
        }
        return { from, to, differences: differences(comparable(earlier), comparable(later)) }
      },
    )

    app.post(
      `${PATH}/revisions/:revision/restore`,
      {
        schema: {
          tags,
          operationId: 'restoreSettingsRevision',
          summary: 'Make a new revision that equals an earlier one',
          params: RevisionPath,
          headers: RevisionHeaders,
          response: { 200: SettingsSchema },
        },
      },
      async (request, reply) => {
        const { session_id, revision } = request.params
        const session = await sessions.getChangeable(request.person, session_id)
        const restored = await settings.restore(request.person, session, revision, expectedRevision(request))
        return show(request, reply, session, restored)
      },
    )

    async function show(
      request: FastifyRequest,
      reply: FastifyReply,
      session: PracticeSession,
      revision: SettingsRevision,
    ) {
      reply.header('etag', `"${revision.revision}"`)
      return showSettings(settings, request.person, session, revision)
    }
  }

function wireRevision(request: FastifyRequest, revision: SettingsRevision) {
  return toWireRevision(revision, revision.agentSnapshot && redact(revision.agentSnapshot, request.person))
}

function expectedRevision(request: { headers: { 'if-match'?: string | undefined } }): number | undefined {
  const given = request.headers['if-match']
  return given === undefined ? undefined : Number(given.replace(/\D/g, ''))
}
