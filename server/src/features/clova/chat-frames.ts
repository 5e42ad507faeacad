import { randomUUID } from 'node:crypto'
import type { GatewayEvent } from '../gateway/gateway-call.ts'
import type { ChatAnswer } from './chat-answer.ts'
import { toStatus } from './clova-error.ts'

/** What a model says as server-sent events: `token` for each piece, then `result` with all of it, then `signal`. */
export async function* chatFrames(events: AsyncIterable<GatewayEvent>, answer: ChatAnswer): AsyncGenerator<string> {
  for await (const event of events) {
    const token = answer.take(event)
    if (token) yield frame('token', token)
  }
  yield frame('result', answer.result()) + frame('signal', { data: '[DONE]' })
}

/** The last event of a stream that breaks. */
export function errorFrame(error: unknown): string {
  return frame('error', { status: toStatus(error) })
}

/** Every event has an id of its own, and all data is JSON: some clients parse whatever comes. */
export function frame(event: string, data: object): string {
  return `id: ${randomUUID()}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`
}
