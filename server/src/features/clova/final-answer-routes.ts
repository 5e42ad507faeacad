import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { z } from 'zod'
import { AppError } from '../../errors.ts'
import { sendEvents, wantsEvents } from '../../http/send-events.ts'
import { ModelError, type ModelErrorCode } from '../../models/model-error.ts'
import type { FinalAnswerRequest, FinalAnswers } from '../skillsets/agent/final-answers.ts'
import type { AgentAnswer, AgentEvent } from '../skillsets/agent/skill-call.ts'
import { errorFrame } from './chat-frames.ts'
import { type ClovaCode, ClovaError } from './clova-error.ts'
import { readFinalAnswer } from './final-answer-request.ts'
import { FinalAnswerBody, FinalAnswerReply, SkillsetPath, SkillsetVersionPath } from './final-answer-schema.ts'
import { finalAnswerFrames, finalResult } from './final-answer-words.ts'
import { asking, type Describe, isAnotherPath } from './route-parts.ts'
import { ok } from './to-wire.ts'

/** Longest wait for the first event: a reader who waits longer wants to see that the server lives. */
const FIRST_EVENT_MS = 10_000

const EITHER_WAY =
  'Answers with JSON, or with the events planning, cot, token and finalAnswer when the client accepts text/event-stream.'

/** The answers of skillsets; the path without a version is older and means the latest one. */
export const finalAnswerRoutes =
  (answers: FinalAnswers, describe: Describe): FastifyPluginAsyncZod =>
  async (app) => {
    const response = { 200: FinalAnswerReply }
    app.post(
      '/skillsets/:skillset_id/versions/:version/final-answer',
      {
        schema: {
          ...describe('clovaFinalAnswer', 'Ask a version of a skillset', EITHER_WAY),
          params: SkillsetVersionPath,
          body: FinalAnswerBody,
          response,
        },
      },
      (request, reply) => answer(answers, { request, reply }, request.params.version),
    )
    app.post(
      '/skillsets/:skillset_id/final-answer',
      { schema: { ...isAnotherPath(), params: SkillsetPath, body: FinalAnswerBody, response } },
      (request, reply) => answer(answers, { request, reply }, 'latest'),
    )
  }

type AskedRequest = FastifyRequest<{ Params: { skillset_id: string }; Body: z.output<typeof FinalAnswerBody> }>

async function answer(
  answers: FinalAnswers,
  { request, reply }: { request: AskedRequest; reply: FastifyReply },
  version: FinalAnswerRequest['version'],
) {
  const { params, body } = request
  const asked = { skillsetId: params.skillset_id, version, ...readFinalAnswer(body) }
  try {
    const events = await begun(await answers.ask(asking(request, reply), asked))
    if (wantsEvents(request)) {
      const frames = () => finalAnswerFrames(events, { withTokens: body.tokenStream ?? false })
      return await sendEvents(reply, frames, (error) => errorFrame(inSkillsetCodes(error)))
    }
    return reply.send(ok(finalResult(await finalOf(events))))
  } catch (error) {
    throw inSkillsetCodes(error)
  }
}

/** Waits for the first event, but not for long, so that what fails at once still gets a status of its own. */
async function begun(events: AsyncGenerator<AgentEvent, void>): Promise<AsyncIterable<AgentEvent>> {
  const first = events.next()
  const waiting = new AbortController()
  const late = sleep(FIRST_EVENT_MS, undefined, { signal: waiting.signal, ref: false }).catch(() => {})
  try {
    await Promise.race([first, late])
  } finally {
    waiting.abort()
  }
  return rest(first, events)
}

async function* rest(
  first: Promise<IteratorResult<AgentEvent, void>>,
  events: AsyncGenerator<AgentEvent, void>,
): AsyncGenerator<AgentEvent, void> {
  const { value, done } = await first
  if (done) return
  yield value
  yield* events
}

async function finalOf(events: AsyncIterable<AgentEvent>): Promise<AgentAnswer> {
  for await (const event of events) if (event.type === 'final') return event
  throw new AppError('internal', 'internal', 'An answer has no end.')
}

/** Skillsets have their own codes for what a model cannot do. */
function inSkillsetCodes(error: unknown): unknown {
  if (!(error instanceof AppError)) return error
  const code = error instanceof ModelError ? OF_MODEL[error.code] : undefined
  const known = error.code === 'context_too_long' ? 64400 : code
  if (known === undefined) return error
  const { retryAfterSeconds } = error
  return new ClovaError(known, error.message, {
    cause: error,
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  })
}

const OF_MODEL: Record<ModelErrorCode, ClovaCode> = {
  context_too_long: 64400,
  rate_limited: 64429,
  model_unavailable: 64000,
  timeout: 64000,
  content_refused: 64424,
  protocol_error: 64424,
  invalid_credentials: 64500,
}
