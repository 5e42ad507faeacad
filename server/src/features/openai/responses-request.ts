import type { ChatMessage, ContentPart, ModelRequest, ToolCall } from '../../models/language-model.ts'
import { ParameterError } from './errors.ts'
import type { InputItem, ResponsesBody } from './responses-schema.ts'

/**
 * A request for a response in our own words.
 *
 * @throws {ParameterError} for what is known and cannot be honoured.
 */
export function toModelRequest(body: ResponsesBody): ModelRequest {
  refuseState(body)
  const { tools, tool_choice, text, instructions } = body
  const asked: ChatMessage[] =
    typeof body.input === 'string' ? [{ role: 'user', content: body.input }] : toMessages(body.input)
  const request: ModelRequest = {
    messages: instructions ? [{ role: 'system', content: instructions }, ...asked] : asked,
    parameters: {
      ...(body.max_output_tokens && { maxOutputTokens: body.max_output_tokens }),
      ...(typeof body.temperature === 'number' && { temperature: body.temperature }),
      ...(body.reasoning?.effort && { reasoningEffort: body.reasoning.effort }),
      ...(typeof body.top_p === 'number' && { topP: body.top_p }),
    },
  }
  if (tools?.length) {
    request.tools = tools.map(({ name, description, parameters, strict }) => ({
      name,
      ...(description && { description }),
      ...(typeof strict === 'boolean' && { strict }),
      parameters: parameters ?? { type: 'object', properties: {} },
    }))
    if (body.parallel_tool_calls === false) request.parallelToolCalls = false
    if (tool_choice) request.toolChoice = typeof tool_choice === 'string' ? tool_choice : { name: tool_choice.name }
  }
  if (typeof tool_choice === 'object' && tool_choice && !tools?.some(({ name }) => name === tool_choice.name))
    throw new ParameterError(
      'tool_choice',
      'invalid_value',
      `There is no tool named ${JSON.stringify(tool_choice.name)} among the tools.`,
    )
  const format = text?.format
  if (format?.type === 'json_object') request.responseFormat = { type: 'json' }
  if (format?.type === 'json_schema')
    request.responseFormat = {
      type: 'json',
      name: format.name,
      ...(format.description && { description: format.description }),
      schema: format.schema,
      ...(typeof format.strict === 'boolean' && { strict: format.strict }),
    }
  return request
}

/** Nothing is stored here, so nothing can be continued: clients send the whole conversation, as they do with `store: false`. */
function refuseState(body: ResponsesBody): void {
  for (const name of ['previous_response_id', 'conversation'] as const) {
    if (body[name] === undefined || body[name] === null) continue
    throw new ParameterError(
      name,
      'unsupported_parameter',
      `${name} is not supported: responses are not stored. Send the whole conversation as input.`,
    )
  }
  if (body.background)
    throw new ParameterError('background', 'unsupported_value', 'Responses cannot be made in the background.')
}

/** Calls that stand side by side, and the text before them, are one assistant message. */
function toMessages(items: readonly InputItem[]): ChatMessage[] {
  const messages: ChatMessage[] = []
  const calls = new Set<string>()
  for (const [index, item] of items.entries()) {
    if ('role' in item) messages.push(toMessage(item))
    else if (item.type === 'function_call') {
      calls.add(item.call_id)
      const call: ToolCall = { id: item.call_id, name: item.name, argumentsJson: item.arguments }
      const last = messages.at(-1)
      if (last?.role === 'assistant') last.toolCalls = [...(last.toolCalls ?? []), call]
      else messages.push({ role: 'assistant', content: '', toolCalls: [call] })
    } else if (item.type === 'function_call_output') {
      if (!calls.has(item.call_id))
        throw new ParameterError(
          `input[${index}].call_id`,
          'invalid_value',
          `No function call with the call_id ${JSON.stringify(item.call_id)} stands before its output.`,
        )
      const { output } = item
      const content = typeof output === 'string' ? output : output.map(({ text }) => text).join('\n')
      messages.push({ role: 'tool', toolCallId: item.call_id, content })
    }
  }
  return messages
}

function toMessage({ role, content }: Extract<InputItem, { role: string }>): ChatMessage {
  if (role === 'user') return { role, content: typeof content === 'string' ? content : content.map(toPart) }
  const text = typeof content === 'string' ? content : content.map(textOf).join('\n')
  return role === 'assistant' ? { role, content: text } : { role: 'system', content: text }
}

type Part = Exclude<Extract<InputItem, { role: string }>['content'], string>[number]

function toPart(part: Part): ContentPart {
  return part.type === 'input_image' ? { type: 'image', url: part.image_url } : { type: 'text', text: textOf(part) }
}

function textOf(part: Part): string {
  if (part.type === 'refusal') return part.refusal
  return part.type === 'input_image' ? '' : part.text
}
