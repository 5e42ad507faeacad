import type { FastifyReply, FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { NotFoundError } from '../../errors.ts'
import { sendEvents, wantsEvents } from '../../http/send-events.ts'
import type { RunService } from '../../runs/run-service.ts'
import type { TurnKey } from '../../runs/run-store.ts'
import {
  CancelBody,
  CancelledSchema,
  ChatBody,
  EventsQuery,
  RunBody,
  RunQuery,
  SessionListQuery,
  SessionPageSchema,
  SessionPatch,
  SessionPath,
  SessionSchema,
  TurnPath,
  TurnResultSchema,
} from './schema.ts'
import type { PracticeService } from './service.ts'
import { toFrames, toModelResult, toSessionSummary, toTurnResult } from './to-wire.ts'

/** The core of the Practice API: sessions, turns, and reading along. */
export const practiceRoutes =
  (practice: PracticeService, runs: RunService): FastifyPluginAsyncZod =>
  async (app) => {
    const tags = ['practice']

    app.post(
      '/user/practice/sessions/run',
      {
        schema: {
          tags,
          operationId: 'runSession',
          summary: 'Open a session and ask several models one prompt',
          description:
            'Answers with JSON when all models have ended, or with server-sent events when the client accepts text/event-stream.',
          querystring: RunQuery,
          body: RunBody,
          response: { 201: TurnResultSchema },
        },
      },
      async (request, reply) => {
        const { prompt_text, model_names, generation_params } = request.body
        const turn = await practice.run(request.person, request.query.class_id, {
          promptText: prompt_text,
          modelNames: model_names ?? undefined,
          generationParams: generation_params ?? {},
        })
        return answer(request, reply, turn)
      },
    )

    app.post(
      '/user/practice/sessions/:session_id/chat',
      {
        schema: {
          tags,
          operationId: 'chat',
          summary: 'Ask the lanes of a session the next prompt',
          description: 'Answers like /run.',
          params: SessionPath,
          body: ChatBody,
          response: { 201: TurnResultSchema },
        },
      },
      async (request, reply) => {
        const { prompt_text, model_names } = request.body
        const turn = await practice.chat(request.person, request.params.session_id, {
          promptText: prompt_text,
          modelNames: model_names ?? undefined,
        })
        return answer(request, reply, turn)
      },
    )

    app.get(
      '/user/practice/sessions',
      {
        schema: {
          tags,
          operationId: 'listSessions',
          summary: 'The sessions of the signed-in person, newest first',
          querystring: SessionListQuery,
          response: { 200: SessionPageSchema },
        },
      },
      async (request) => {
        const { page, size, q } = request.query
        const { total, sessions } = await practice.list(request.person, { search: q, page, size })
        return { items: sessions.map(toSessionSummary), total, page, size }
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
          operationId: 'renameSession',
          summary: 'Give a session a title of its own',
          params: SessionPath,
          body: SessionPatch,
          response: { 200: SessionSchema },
        },
      },
      async (request) => {
        await practice.rename(request.person, request.params.session_id, request.body.title)
        return readSession(request, request.params.session_id)
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
          response: { 204: z.null().describe('Removed') },
        },
      },
      async (request, reply) => {
        await practice.delete(request.person, request.params.session_id)
        return reply.code(204).send(null)
      },
    )

    app.get(
      '/user/practice/turns/:turn_id',
      {
        schema: {
          tags,
          operationId: 'getTurn',
          summary: 'One turn as it is now, with the text that has come so far',
          params: TurnPath,
          response: { 200: TurnResultSchema },
        },
      },
      async (request) => turnResult(await practice.getTurn(request.person, request.params.turn_id)),
    )

    app.get(
      '/user/practice/turns/:turn_id/events',
      {
        schema: {
          tags,
          operationId: 'followTurn',
          summary: 'The events of a turn: replayed after Last-Event-ID, then as they happen',
          params: TurnPath,
          querystring: EventsQuery,
          headers: z.object({ 'last-event-id': z.coerce.number().int().min(0).optional() }),
          produces: ['text/event-stream'],
        },
      },
      async (request, reply) => {
        const turn = await practice.getTurn(request.person, request.params.turn_id)
        const after = request.headers['last-event-id'] ?? request.query.after ?? 0
        await sendEvents(reply, (signal) => toFrames(runs.follow(turn, after, signal)))
      },
    )

    app.post(
      '/user/practice/turns/:turn_id/cancel',
      {
        schema: {
          tags,
          operationId: 'cancelTurn',
          summary: 'Stop a turn, or some of its lanes; what they have said is kept',
          params: TurnPath,
          body: CancelBody,
          response: { 202: CancelledSchema },
        },
      },
      async (request, reply) => {
        const turn = await practice.getTurn(request.person, request.params.turn_id)
        await runs.stop(turn.turnId, request.body?.response_ids ?? undefined)
        const { status } = await turnResult(turn)
        return reply.code(202).send({ turn_id: turn.turnId, status })
      },
    )

    /** The same events either way: streamed as they come, or waited for and collected. */
    async function answer(request: FastifyRequest, reply: FastifyReply, turn: TurnKey) {
      if (wantsEvents(request)) return sendEvents(reply, (signal) => toFrames(runs.follow(turn, 0, signal)))
      await runs.waitForEnd(turn)
      return reply.code(201).send(await turnResult(turn))
    }

    async function turnResult(key: TurnKey) {
      const found = await runs.find(key)
      if (!found) throw new NotFoundError('turn', key.turnId)
      return toTurnResult(found.turn, found.responses)
    }

    async function readSession(request: FastifyRequest, sessionId: number) {
      const { session, lanes, turns, responses } = await practice.read(request.person, sessionId)
      const prompts = new Map(turns.map((turn) => [turn.turnId, turn.promptText]))
      return {
        ...toSessionSummary(session),
        models: lanes.map((lane) => ({
          session_model_id: lane.laneId,
          model_name: lane.modelName,
          is_primary: lane.isPrimary,
          generation_params: lane.generationParams,
        })),
        turns: turns.map((turn) => ({
          turn_id: turn.turnId,
          prompt_text: turn.promptText,
          status: turn.status,
          created_at: turn.createdAt,
        })),
        responses: responses.map((response) => toModelResult(response, prompts.get(response.turnId) ?? '')),
      }
    }
  }
