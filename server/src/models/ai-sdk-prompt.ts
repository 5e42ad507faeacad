import type { JSONSchema7, LanguageModelV3CallOptions, LanguageModelV3Message } from '@ai-sdk/provider'
import type { ChatMessage, ContentPart, ModelRequest } from './language-model.ts'

/** Our request in the terms of the AI SDK's providers. @param maxOutputTokens is used when the request names none. */
export function toCallOptions(request: ModelRequest, maxOutputTokens: number): LanguageModelV3CallOptions {
  const { parameters, tools, toolChoice, parallelToolCalls, responseFormat } = request
  return {
    prompt: toPrompt(request.messages),
    maxOutputTokens: parameters.maxOutputTokens ?? maxOutputTokens,
    ...(parameters.temperature !== undefined && { temperature: parameters.temperature }),
    ...(parameters.topP !== undefined && { topP: parameters.topP }),
    ...(parameters.topK !== undefined && { topK: parameters.topK }),
    ...(parameters.frequencyPenalty !== undefined && { frequencyPenalty: parameters.frequencyPenalty }),
    ...(parameters.presencePenalty !== undefined && { presencePenalty: parameters.presencePenalty }),
    ...(parameters.stop?.length && { stopSequences: parameters.stop }),
    ...(parameters.seed !== undefined && { seed: parameters.seed }),
    ...(tools?.length && {
      tools: tools.map(({ name, description, parameters: schema }) => ({
        type: 'function' as const,
        name,
        ...(description !== undefined && { description }),
        inputSchema: schema as JSONSchema7,
      })),
      toolChoice:
        typeof toolChoice === 'object'
          ? { type: 'tool' as const, toolName: toolChoice.name }
          : { type: toolChoice ?? ('auto' as const) },
      ...(parallelToolCalls === false && { providerOptions: { anthropic: { disableParallelToolUse: true } } }),
    }),
    ...(responseFormat && {
      responseFormat: {
        type: 'json' as const,
        ...(responseFormat.schema && { schema: responseFormat.schema as JSONSchema7 }),
        ...(responseFormat.name && { name: responseFormat.name }),
      },
    }),
  }
}

/** System messages come first: both vendors take them only there. */
function toPrompt(messages: readonly ChatMessage[]): LanguageModelV3Message[] {
  const toolNames = new Map<string, string>()
  const system: LanguageModelV3Message[] = []
  const rest: LanguageModelV3Message[] = []
  for (const message of messages) {
    if (message.role === 'system') system.push({ role: 'system', content: message.content })
    else if (message.role === 'user') {
      const parts: ContentPart[] =
        typeof message.content === 'string' ? [{ type: 'text', text: message.content }] : message.content
      rest.push({ role: 'user', content: parts.map(toPart) })
    } else if (message.role === 'assistant') {
      for (const call of message.toolCalls ?? []) toolNames.set(call.id, call.name)
      rest.push({
        role: 'assistant',
        content: [
          ...(message.content === '' ? [] : [{ type: 'text' as const, text: message.content }]),
          ...(message.toolCalls ?? []).map((call) => ({
            type: 'tool-call' as const,
            toolCallId: call.id,
            toolName: call.name,
            input: parseArguments(call.argumentsJson),
          })),
        ],
      })
    } else {
      const output = { type: 'text' as const, value: message.content }
      const toolName = toolNames.get(message.toolCallId) ?? 'unknown'
      rest.push({ role: 'tool', content: [{ type: 'tool-result', toolCallId: message.toolCallId, toolName, output }] })
    }
  }
  return [...system, ...rest]
}

function toPart(part: ContentPart) {
  if (part.type === 'text') return { type: 'text' as const, text: part.text }
  const inline = /^data:([\w.+/-]+);base64,(.*)$/s.exec(part.url)
  if (inline) return { type: 'file' as const, mediaType: inline[1] ?? 'image/*', data: inline[2] ?? '' }
  return { type: 'file' as const, mediaType: 'image/*', data: new URL(part.url) }
}

function parseArguments(json: string): unknown {
  try {
    return JSON.parse(json || '{}')
  } catch {
    // A model that wrote broken JSON shall see its own words again.
    return { arguments: json }
  }
}
