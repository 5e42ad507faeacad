import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { sendJoinedEvents } from '../../http/send-events.ts'
import type { RunService } from '../../runs/run-service.ts'
import {
  AskAgainBody,
  CancelBody,
  CancelledSchema,
  ChatBody,
  EventsQuery,
  IdempotencyHeaders,
  ResponsePath,
  RunBody,
  RunQuery,
  SessionPath,
  TurnPath,
  TurnResultSchema,
  WindowBody,
  WindowSchema,
} from './schema.ts'
import type { PracticeService } from './service.ts'
import { toFrames, toWindowLane } from './to-wire.ts'
import { answerTurn, idempotencyOf, turnResult } from './turn-reply.ts'

const EITHER_WAY =
  'Answers with JSON when all models have ended, or with server-sent events when the client accepts text/event-stream.'

/** Asking, reading along, stopping, asking again. */
export const turnRoutes =
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
          description: EITHER_WAY,
          querystring: RunQuery,
          headers: IdempotencyHeaders,
          body: RunBody,
          response: { 201: TurnResultSchema },
        },
      },
      async (request, reply) => {
        const { body } = request
        const turn = await practice.run(request.person, request.query.class_id, {
          promptText: body.prompt_text,
          modelNames: body.model_names ?? undefined,
          projectId: body.project_id ?? undefined,
          idempotency: idempotencyOf(request),
          // Null asks for nothing here, so that the class's defaults stay.
          settings: {
            stylePreset: body.style_preset ?? undefined,
            summaryModel: body.summary_model ?? undefined,
            styleParams: body.style_params ?? undefined,
            generationParams: body.generation_params ?? undefined,
            fewShotExampleIds: body.few_shot_example_ids ?? undefined,
            agentId: body.agent_id ?? undefined,
          },
        })
        return answerTurn(request, reply, runs, turn)
      },
    )

    app.post(
      '/user/practice/sessions/:session_id/chat',
      {
        schema: {
          tags,
          operationId: 'chat',
          summary: 'Ask the lanes of a session the next prompt',
          description: EITHER_WAY,
          params: SessionPath,
          headers: IdempotencyHeaders,
          body: ChatBody,
          response: { 201: TurnResultSchema },
        },
      },
      async (request, reply) => {
        const { body } = request
        const turn = await practice.chat(request.person, request.params.session_id, {
          promptText: body.prompt_text,
          modelNames: body.model_names ?? undefined,
          laneIds: body.session_model_ids ?? undefined,
          params: body.generation_params ?? undefined,
          afterTurnId: body.after_turn_id ?? undefined,
          idempotency: idempotencyOf(request),
        })
        return answerTurn(request, reply, runs, turn)
      },
    )

    app.post(
      '/user/practice/turns/:turn_id/ask-again',
      {
        schema: {
          tags,
          operationId: 'askAgain',
          summary: 'Ask a prompt again, edited or not, as a sibling of its turn',
          description: EITHER_WAY,
          params: TurnPath,
          body: AskAgainBody,
          response: { 201: TurnResultSchema },
        },
      },
      async (request, reply) => {
        const { body } = request
        const turn = await practice.askAgain(request.person, request.params.turn_id, {
          promptText: body.prompt_text ?? undefined,
          modelNames: body.model_names ?? undefined,
          laneIds: body.session_model_ids ?? undefined,
          params: body.generation_params ?? undefined,
        })
        return answerTurn(request, reply, runs, turn)
      },
    )

    app.post(
      '/user/practice/responses/:response_id/retry',
      {
        schema: {
          tags,
          operationId: 'retryResponse',
          summary: 'Ask one lane once more in the same turn',
          description: EITHER_WAY,
          params: ResponsePath,
          response: { 201: TurnResultSchema },
        },
      },
      async (request, reply) =>
        answerTurn(request, reply, runs, await practice.retry(request.person, request.params.response_id)),
    )

    app.post(
      '/user/practice/sessions/:session_id/window',
      {
        schema: {
          tags,
          operationId: 'previewWindow',
          summary: 'What would be sent to each lane for a draft of the next prompt',
          params: SessionPath,
          body: WindowBody,
          response: { 200: WindowSchema },
        },
      },
      async (request) => {
        const { prompt_text, after_turn_id } = request.body
        const lanes = await practice.previewWindow(request.person, request.params.session_id, {
          promptText: prompt_text,
          afterTurnId: after_turn_id ?? undefined,
        })
        return { lanes: lanes.map(toWindowLane) }
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
      async (request) => turnResult(runs, await practice.getTurn(request.person, request.params.turn_id)),
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
        await sendJoinedEvents(reply, (signal) => toFrames(runs.follow(turn, after, signal)))
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
        const { status } = await turnResult(runs, turn)
        return reply.code(202).send({ turn_id: turn.turnId, status })
      },
    )
  }
