import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { Id, optionalText, text } from '../../http/fields.ts'
import type { Response } from '../../runs/turn.ts'
import type { GivenVerdict, Verdicts } from '../feedback/verdicts.ts'
import { ResponsePath, SessionPath } from './schema.ts'
import type { SessionService } from './session-service.ts'

const MAX_NOTE_CHARACTERS = 1024

const verdictFields = {
  thumb: z.enum(['up', 'down']).nullable(),
  reasons: z.array(z.string()),
  note: z.string().nullable(),
}

const VerdictBody = z
  .strictObject({
    thumb: z.enum(['up', 'down']).nullish(),
    reasons: z.array(text(64)).max(16).nullish().describe('Short names, such as `wrong` or `too_long`'),
    note: optionalText(MAX_NOTE_CHARACTERS).optional().describe(`At most ${MAX_NOTE_CHARACTERS} characters`),
  })
  .meta({ id: 'VerdictRequest' })

const VerdictSchema = z
  .object({ response_id: Id, call_ref: z.string(), handle: z.string().describe('Whose it is'), ...verdictFields })
  .meta({ id: 'Verdict' })

/** What people say about answers: the short way; all of Weave's feedback is under `/feedback`. */
export const verdictRoutes =
  (sessions: SessionService, verdicts: Verdicts): FastifyPluginAsyncZod =>
  async (app) => {
    const tags = ['practice']

    app.post(
      '/user/practice/responses/:response_id/feedback',
      {
        schema: {
          tags,
          operationId: 'judgeResponse',
          summary: 'Say what was good or bad about an answer, in the place of what one has said before',
          description:
            'Kept as Weave feedback about the answer’s call: a reaction, `etude.reasons` and a note. Nothing of all takes it back.',
          params: ResponsePath,
          body: VerdictBody,
          response: { 200: z.array(VerdictSchema) },
        },
      },
      async (request) => {
        const { person, body } = request
        const response = await sessions.getReadableResponse(person, request.params.response_id)
        await verdicts.give(person, response.callRef, {
          thumb: body.thumb ?? null,
          reasons: [...new Set(body.reasons ?? [])],
          note: body.note ?? null,
        })
        return toWire([response], await verdicts.list(person, [response.callRef]))
      },
    )

    app.get(
      '/user/practice/sessions/:session_id/feedback',
      {
        schema: {
          tags,
          operationId: 'listVerdicts',
          summary: 'What was said about the answers of a session: by oneself, or by everybody to those who teach it',
          params: SessionPath,
          response: { 200: z.array(VerdictSchema) },
        },
      },
      async (request) => {
        const { person, params } = request
        const responses = await sessions.listReadableResponses(person, params.session_id)
        return toWire(
          responses,
          await verdicts.list(
            person,
            responses.map(({ callRef }) => callRef),
          ),
        )
      },
    )
  }

function toWire(responses: readonly Response[], verdicts: readonly GivenVerdict[]): z.input<typeof VerdictSchema>[] {
  return responses.flatMap((response) =>
    verdicts
      .filter(({ callRef }) => callRef === response.callRef)
      .map(({ callRef, handle, thumb, reasons, note }) => ({
        response_id: response.responseId,
        call_ref: callRef,
        handle,
        thumb,
        reasons,
        note,
      })),
  )
}
