import type { FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { InvalidRequestError } from '../../errors.ts'
import {
  AdoptBody,
  LaneBody,
  LanePatch,
  LanePath,
  LaneSchema,
  ModelResultSchema,
  NewSessionBody,
  ResponsePath,
  SessionListQuery,
  SessionPatch,
  SessionPath,
  TurnPath,
} from './schema.ts'
import type { PracticeService } from './service.ts'
import { SessionPageSchema, SessionSchema } from './session-schema.ts'
import type { SessionService } from './session-service.ts'
import type { SettingsService } from './settings-service.ts'
import { showSettings } from './show-settings.ts'
import { toModelResult, toSessionSummary, toWireLane } from './to-wire.ts'

const Removed = z.null().describe('Removed')

/** Sessions and their lanes. */
export const sessionRoutes =
  (practice: PracticeService, sessions: SessionService, settings: SettingsService): FastifyPluginAsyncZod =>
  async (app) => {
    const tags = ['practice']

    app.get(
      '/user/practice/sessions',
      {
        schema: {
          tags,
          operationId: 'listSessions',
          summary: 'The sessions of the signed-in person, newest first, without their transcripts',
          querystring: SessionListQuery,
          response: { 200: SessionPageSchema },
        },
      },
      async (request) => {
        const { page, size, q } = request.query
        const found = await sessions.list(request.person, { search: q, page, size })
        return { items: found.sessions.map(toSessionSummary), total: found.total, page, size }
      },
    )

    app.post(
      '/user/practice/sessions',
      {
        schema: {
          tags,
          operationId: 'createSession',
          summary: 'Open a session without asking anything yet, with a lane for every model of its class',
          body: NewSessionBody,
          response: { 201: SessionSchema },
        },
      },
      async (request, reply) => {
        const { class_id, project_id, agent_id, title, notes } = request.body
        if (!class_id)
          throw new InvalidRequestError('class_id_required', 'A session belongs to a class: send class_id.')
        const sessionId = await practice.open(request.person, class_id, {
          title: title ?? undefined,
          notes: notes ?? undefined,
          projectId: project_id ?? undefined,
          settings: { agentId: agent_id ?? undefined },
        })
        return reply.code(201).send(await readSession(request, sessionId))
      },
    )

    app.get(
      '/user/practice/sessions/:session_id',
      {
        schema: {
          tags,
          operationId: 'getSession',
          summary: 'One session with its lanes, turns and responses',
          params: SessionPath,
          response: { 200: SessionSchema },
        },
      },
      (request) => readSession(request, request.params.session_id),
    )

    app.patch(
      '/user/practice/sessions/:session_id',
      {
        schema: {
          tags,
          operationId: 'updateSession',
          summary: 'Change a session’s title, notes, project or agent',
          params: SessionPath,
          body: SessionPatch,
          response: { 200: SessionSchema },
        },
      },
      async (request) => {
        const { person, body } = request
        const { session_id } = request.params
        // All that can be refused comes first: a change is made as a whole or not at all.
        const session = await (body.agent_id === undefined
          ? sessions.getOwn(person, session_id)
          : sessions.getChangeable(person, session_id))
        if (body.project_id) await sessions.checkProject(person, session_id, body.project_id)
        if (body.agent_id !== undefined) await settings.change(person, session, { agentId: body.agent_id })
        await sessions.update(person, session_id, {
          ...(body.title !== undefined && { title: body.title }),
          ...(body.notes !== undefined && { notes: body.notes }),
          ...(body.project_id !== undefined && { projectId: body.project_id }),
        })
        return readSession(request, session_id)
      },
    )

    app.delete(
      '/user/practice/sessions/:session_id',
      {
        schema: {
          tags,
          operationId: 'deleteSession',
          summary: 'Stop what runs in a session and remove it',
          params: SessionPath,
          response: { 204: Removed },
        },
      },
      async (request, reply) => {
        await sessions.delete(request.person, request.params.session_id)
        return reply.code(204).send(null)
      },
    )

    app.get(
      '/user/practice/sessions/:session_id/models',
      {
        schema: {
          tags,
          operationId: 'listSessionModels',
          summary: 'The lanes of a session, the primary one first',
          params: SessionPath,
          response: { 200: z.array(LaneSchema) },
        },
      },
      async (request) => {
        const { session_id } = request.params
        const lanes = await sessions.listLanes(request.person, session_id)
        return lanes.map((lane) => toWireLane(session_id, lane))
      },
    )

    app.post(
      '/user/practice/sessions/:session_id/models',
      {
        schema: {
          tags,
          operationId: 'addSessionModel',
          summary: 'Add a lane; a model may have several, each with parameters of its own',
          params: SessionPath,
          body: LaneBody,
          response: { 201: LaneSchema },
        },
      },
      async (request, reply) => {
        const { session_id } = request.params
        const { model_name, is_primary, generation_params } = request.body
        const lane = await sessions.addLane(request.person, session_id, {
          modelName: model_name,
          isPrimary: is_primary ?? false,
          generationParams: generation_params ?? {},
        })
        return reply.code(201).send(toWireLane(session_id, lane))
      },
    )

    app.patch(
      '/user/practice/models/:session_model_id',
      {
        schema: {
          tags,
          operationId: 'updateSessionModel',
          summary: 'Change a lane’s parameters, make it primary, switch it on or off',
          params: LanePath,
          body: LanePatch,
          response: { 200: LaneSchema },
        },
      },
      async (request) => {
        const { is_primary, is_active, generation_params } = request.body
        const { sessionId, lane } = await sessions.updateLane(request.person, request.params.session_model_id, {
          ...(typeof is_primary === 'boolean' && { isPrimary: is_primary }),
          ...(typeof is_active === 'boolean' && { isActive: is_active }),
          ...(generation_params && { generationParams: generation_params }),
        })
        return toWireLane(sessionId, lane)
      },
    )

    app.delete(
      '/user/practice/models/:session_model_id',
      {
        schema: {
          tags,
          operationId: 'removeSessionModel',
          summary: 'Remove a lane with its responses',
          params: LanePath,
          response: { 204: Removed },
        },
      },
      async (request, reply) => {
        await sessions.removeLane(request.person, request.params.session_model_id)
        return reply.code(204).send(null)
      },
    )

    app.post(
      '/user/practice/models/:session_model_id/continue-only',
      {
        schema: {
          tags,
          operationId: 'continueOnlyWith',
          summary: 'Go on with one lane: every other one is switched off',
          params: LanePath,
          response: { 200: z.array(LaneSchema) },
        },
      },
      async (request) => {
        const { sessionId, lanes } = await sessions.continueOnlyWith(request.person, request.params.session_model_id)
        return lanes.map((lane) => toWireLane(sessionId, lane))
      },
    )

    app.get(
      '/user/practice/models/:session_model_id/responses',
      {
        schema: {
          tags,
          operationId: 'listSessionModelResponses',
          summary: 'The answers of one lane, oldest first',
          params: LanePath,
          response: { 200: z.array(ModelResultSchema) },
        },
      },
      async (request) => {
        const { turns, responses } = await sessions.listLaneResponses(request.person, request.params.session_model_id)
        const prompts = new Map(turns.map((turn) => [turn.turnId, turn.promptText]))
        return responses.map((response) => toModelResult(response, prompts.get(response.turnId) ?? ''))
      },
    )

    app.get(
      '/user/practice/responses/:response_id',
      {
        schema: {
          tags,
          operationId: 'getResponse',
          summary: 'One answer',
          params: ResponsePath,
          response: { 200: ModelResultSchema },
        },
      },
      async (request) => {
        const { response, promptText } = await sessions.getResponse(request.person, request.params.response_id)
        return toModelResult(response, promptText)
      },
    )

    app.delete(
      '/user/practice/responses/:response_id',
      {
        schema: {
          tags,
          operationId: 'deleteResponse',
          summary: 'Remove one answer',
          params: ResponsePath,
          response: { 204: Removed },
        },
      },
      async (request, reply) => {
        await sessions.removeResponse(request.person, request.params.response_id)
        return reply.code(204).send(null)
      },
    )

    app.post(
      '/user/practice/turns/:turn_id/adopt',
      {
        schema: {
          tags,
          operationId: 'adoptResponse',
          summary: 'Let a lane go on from another answer to this turn than its own latest',
          params: TurnPath,
          body: AdoptBody,
          response: { 204: z.null().describe('Adopted') },
        },
      },
      async (request, reply) => {
        const { session_model_id, response_id } = request.body
        await sessions.adopt(request.person, request.params.turn_id, session_model_id, response_id)
        return reply.code(204).send(null)
      },
    )

    async function readSession(request: FastifyRequest, sessionId: number) {
      const { session, lanes, turns, responses } = await sessions.read(request.person, sessionId)
      const revision = await settings.get(session)
      const prompts = new Map(turns.map((turn) => [turn.turnId, turn.promptText]))
      return {
        ...toSessionSummary(session),
        user_id: session.personId,
        notes: session.notes,
        knowledge_ids: [],
        agent_id: revision.agentSnapshot?.agent_id ?? null,
        settings: await showSettings(settings, request.person, session, revision),
        models: lanes.map((lane) => toWireLane(sessionId, lane)),
        turns: turns.map((turn) => ({
          turn_id: turn.turnId,
          parent_turn_id: turn.parentTurnId,
          prompt_text: turn.promptText,
          status: turn.status,
          created_at: turn.createdAt,
        })),
        responses: responses.map((response) => toModelResult(response, prompts.get(response.turnId) ?? '')),
      }
    }
  }
