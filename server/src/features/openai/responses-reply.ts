import { frame } from '../../http/send-events.ts'
import type { GatewayEvent } from '../gateway/gateway-call.ts'
import type { ResponseBuilder, ResponseEvent } from './response-builder.ts'
import type { ResponseObject } from './responses-schema.ts'

/** Collects an answer into the JSON reply. */
export async function collectResponse(
  events: AsyncIterable<GatewayEvent>,
  builder: ResponseBuilder,
): Promise<ResponseObject> {
  for await (const event of events) builder.take(event)
  return builder.response
}

/**
 * The frames of a streamed response.
 *
 * @param onFailure told of a failure in the middle, which the stream reports as `response.failed`.
 */
export async function* responseFrames(
  events: AsyncIterable<GatewayEvent>,
  builder: ResponseBuilder,
  onFailure: (error: unknown) => void,
): AsyncGenerator<string> {
  let sequence_number = 0
  const frames = (list: readonly ResponseEvent[]) =>
    list.map((event) => frame(event.type, { ...event, sequence_number: sequence_number++ })).join('')
  let opening = frames(builder.begin())
  try {
    for await (const event of events) {
      const sent = opening + frames(builder.take(event))
      opening = ''
      if (sent !== '') yield sent
    }
  } catch (error) {
    onFailure(error)
    yield opening + frames(builder.fail(error))
  }
}
