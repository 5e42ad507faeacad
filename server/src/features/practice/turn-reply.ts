import type { FastifyReply, FastifyRequest } from 'fastify'
import { NotFoundError } from '../../errors.ts'
import { sendJoinedEvents, wantsEvents } from '../../http/send-events.ts'
import type { RunService } from '../../runs/run-service.ts'
import type { TurnKey } from '../../runs/run-store.ts'
import type { Idempotency } from './idempotency-store.ts'
import type { TurnResult } from './schema.ts'
import { toFrames, toTurnResult } from './to-wire.ts'

/** Answers a request that has started a turn: the same events either streamed as they come, or waited for and collected. */
export async function answerTurn(request: FastifyRequest, reply: FastifyReply, runs: RunService, turn: TurnKey) {
  if (wantsEvents(request)) return sendJoinedEvents(reply, (signal) => toFrames(runs.follow(turn, 0, signal)))
  await runs.waitForEnd(turn)
  return reply.code(201).send(await turnResult(runs, turn))
}

/** A turn as it is now. @throws {NotFoundError} if it has been deleted meanwhile. */
export async function turnResult(runs: RunService, turn: TurnKey): Promise<TurnResult> {
  const found = await runs.find(turn)
  if (!found) throw new NotFoundError('turn', turn.turnId)
  return toTurnResult(found.turn, found.responses)
}

/** What makes a retry of this request harmless, if its client wants that. */
export function idempotencyOf(request: {
  url: string
  body: unknown
  headers: { 'idempotency-key'?: string | undefined }
}): Idempotency | undefined {
  const key = request.headers['idempotency-key']
  return key === undefined ? undefined : { key, request: [request.url, request.body] }
}
