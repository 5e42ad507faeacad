import type { FinishReason, ModelUsage } from '../../models/language-model.ts'
import type { GatewayEvent } from '../gateway/gateway-call.ts'
import { ToolCalls } from './tool-calls.ts'
import type { EtudeReport } from './window-switch.ts'

/** What a reply says of itself. */
export type ReplyHead = { id: string; created: number; model: string; etude: EtudeReport | undefined }

const FINISH_REASONS = {
  stop: 'stop',
  length: 'length',
  'tool-calls': 'tool_calls',
  'content-filter': 'content_filter',
} as const satisfies Record<FinishReason, string>

/** Collects an answer into the JSON reply. */
export async function chatCompletion(events: AsyncIterable<GatewayEvent>, { etude, ...head }: ReplyHead) {
  const calls = new ToolCalls()
  let text = ''
  let reasoning = ''
  let usage: ModelUsage = { inputTokens: 0, outputTokens: 0 }
  let finishReason: FinishReason = 'stop'
  for await (const event of events) {
    if (event.type === 'text-delta') text += event.text
    else if (event.type === 'reasoning-delta') reasoning += event.text
    else if (event.type === 'tool-call-delta') calls.add(event)
    else if (event.type === 'usage') usage = event.usage
    else finishReason = event.finishReason
  }
  const tool_calls = calls.list().map(({ id, name, argumentsJson }) => ({
    id,
    type: 'function' as const,
    function: { name, arguments: argumentsJson },
  }))
  return {
    ...head,
    object: 'chat.completion' as const,
    choices: [
      {
        index: 0 as const,
        message: {
          role: 'assistant' as const,
          content: text === '' && tool_calls.length > 0 ? null : text,
          refusal: null,
          ...(reasoning && { reasoning_content: reasoning }),
          ...(tool_calls.length > 0 && { tool_calls }),
        },
        logprobs: null,
        finish_reason: FINISH_REASONS[finishReason],
      },
    ],
    usage: toWireUsage(usage),
    ...(etude && { etude }),
  }
}

/** The frames of a streamed answer: chunks and `[DONE]`, as `data:` lines. */
export async function* chatChunks(
  events: AsyncIterable<GatewayEvent>,
  head: ReplyHead,
  includeUsage: boolean,
): AsyncGenerator<string> {
  const { id, created, model, etude } = head
  const usageField = includeUsage ? ',"usage":null' : ''
  // Put together once: between them nearly every chunk differs only in its text.
  const before = `data: {"id":${JSON.stringify(id)},"object":"chat.completion.chunk","created":${created},"model":${JSON.stringify(model)}`
  const beforeDelta = `${before},"choices":[{"index":0,"delta":`
  const afterDelta = `,"logprobs":null,"finish_reason":null}]${usageField}}\n\n`
  const chunk = (delta: object) => beforeDelta + JSON.stringify(delta) + afterDelta

  const calls = new ToolCalls()
  let usage: ModelUsage | undefined
  let opening = chunk({ role: 'assistant', content: '' })
  for await (const event of events) {
    switch (event.type) {
      case 'text-delta':
        yield `${opening}${beforeDelta}{"content":${JSON.stringify(event.text)}}${afterDelta}`
        break
      case 'reasoning-delta':
        yield `${opening}${beforeDelta}{"reasoning_content":${JSON.stringify(event.text)}}${afterDelta}`
        break
      case 'tool-call-delta': {
        const { call, place, isNew } = calls.add(event)
        const described = isNew ? { id: call.id, type: 'function', function: { name: call.name } } : {}
        const piece = {
          index: place,
          ...described,
          function: { ...described.function, arguments: event.argumentsJson },
        }
        yield opening + chunk({ tool_calls: [piece] })
        break
      }
      case 'usage':
        usage = event.usage
        continue
      case 'end': {
        for (const index of calls.withoutArguments())
          opening += chunk({ tool_calls: [{ index, function: { arguments: '{}' } }] })
        const report = etude ? `,"etude":${JSON.stringify(etude)}` : ''
        const finish = JSON.stringify(FINISH_REASONS[event.finishReason])
        yield `${opening}${beforeDelta}{},"logprobs":null,"finish_reason":${finish}}]${usageField}${report}}\n\n`
        break
      }
    }
    opening = ''
  }
  if (includeUsage && usage) yield `${before},"choices":[],"usage":${JSON.stringify(toWireUsage(usage))}}\n\n`
  yield 'data: [DONE]\n\n'
}

function toWireUsage({ inputTokens, outputTokens, reasoningTokens, cachedInputTokens }: ModelUsage) {
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    prompt_tokens_details: { cached_tokens: cachedInputTokens ?? 0 },
    completion_tokens_details: { reasoning_tokens: reasoningTokens ?? 0 },
  }
}
