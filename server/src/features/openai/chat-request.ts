import type { ChatMessage, ContentPart, GenerationParameters, ModelRequest } from '../../models/language-model.ts'
import type { ChatBody } from './chat-schema.ts'
import { ParameterError } from './errors.ts'
import type { EtudeReport } from './window-switch.ts'

/**
 * A chat completion in our own words, and what of it is not passed on to any model.
 *
 * @throws {ParameterError} for what is known and cannot be honoured.
 */
export function toModelRequest(body: ChatBody): { request: ModelRequest; ignored: EtudeReport['dropped_params'] } {
  refuseUnsupported(body)
  const { tools, tool_choice, response_format } = body
  const request: ModelRequest = { messages: toMessages(body.messages), parameters: toParameters(body) }
  if (tools?.length) {
    request.tools = tools.map(({ function: { name, description, parameters, strict } }) => ({
      name,
      ...(description && { description }),
      ...(typeof strict === 'boolean' && { strict }),
      parameters: parameters ?? { type: 'object', properties: {} },
    }))
    if (body.parallel_tool_calls === false) request.parallelToolCalls = false
    if (tool_choice) request.toolChoice = typeof tool_choice === 'string' ? tool_choice : tool_choice.function
  }
  if (response_format?.type === 'json_object') request.responseFormat = { type: 'json' }
  if (response_format?.type === 'json_schema') {
    const { name, description, schema, strict } = response_format.json_schema
    request.responseFormat = {
      type: 'json',
      name,
      ...(description && { description }),
      ...(schema && { schema }),
      ...(typeof strict === 'boolean' && { strict }),
    }
  }
  return { request, ignored: ignoredBy(body) }
}

function refuseUnsupported(body: ChatBody): void {
  if ((body.n ?? 1) !== 1) throw new ParameterError('n', 'unsupported_value', 'Only one answer at a time: n can be 1.')
  if (body.logprobs || body.top_logprobs)
    throw new ParameterError('logprobs', 'unsupported_parameter', 'Log probabilities are not available.')
  if (body.functions !== undefined && body.functions !== null)
    throw new ParameterError('functions', 'unsupported_parameter', 'functions is not supported; use tools.')
  if (body.function_call !== undefined && body.function_call !== null)
    throw new ParameterError(
      'function_call',
      'unsupported_parameter',
      'function_call is not supported; use tool_choice.',
    )
  if (body.modalities?.some((modality) => modality !== 'text'))
    throw new ParameterError('modalities', 'unsupported_value', 'Models answer in text only.')
  const { tool_choice } = body
  const names = new Set(body.tools?.map((tool) => tool.function.name))
  if (tool_choice && tool_choice !== 'none' && tool_choice !== 'auto' && names.size === 0)
    throw new ParameterError('tool_choice', 'invalid_value', 'tool_choice needs tools.')
  if (typeof tool_choice === 'object' && tool_choice && !names.has(tool_choice.function.name))
    throw new ParameterError(
      'tool_choice',
      'invalid_value',
      `There is no tool named ${JSON.stringify(tool_choice.function.name)} among the tools.`,
    )
}

/** What changes little and is not worth a refusal, but a word. */
function ignoredBy(body: ChatBody): EtudeReport['dropped_params'] {
  const ignored: EtudeReport['dropped_params'] = []
  for (const name of ['logit_bias', 'verbosity'] as const) {
    const value = body[name]
    const isGiven = value !== undefined && value !== null && JSON.stringify(value) !== '{}'
    if (isGiven) ignored.push({ name, reason: 'not passed on to models' })
  }
  return ignored
}

function toParameters(body: ChatBody): GenerationParameters {
  const stop = typeof body.stop === 'string' ? [body.stop] : body.stop
  const given: { [Key in keyof GenerationParameters]: GenerationParameters[Key] | null | undefined } = {
    temperature: body.temperature,
    topP: body.top_p,
    topK: body.top_k,
    maxOutputTokens: body.max_completion_tokens ?? body.max_tokens,
    frequencyPenalty: body.frequency_penalty,
    presencePenalty: body.presence_penalty,
    repetitionPenalty: body.repetition_penalty ?? body.repeat_penalty,
    stop: stop?.some((word) => word !== '') ? stop.filter((word) => word !== '') : null,
    seed: body.seed,
    reasoningEffort: body.reasoning_effort,
  }
  return Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== null && value !== undefined),
  ) as GenerationParameters
}

function toMessages(messages: ChatBody['messages']): ChatMessage[] {
  const calls = new Set<string>()
  return messages.map((message, index) => {
    if (message.role === 'assistant') for (const { id } of message.tool_calls ?? []) calls.add(id)
    if (message.role === 'tool' && !calls.has(message.tool_call_id))
      throw new ParameterError(
        `messages[${index}].tool_call_id`,
        'invalid_value',
        'A message of the role tool must answer a call that an assistant message before it makes.',
      )
    return toMessage(message)
  })
}

function toMessage(message: ChatBody['messages'][number]): ChatMessage {
  switch (message.role) {
    case 'system':
    case 'developer':
      return { role: 'system', content: joined(message.content) }
    case 'user':
      return {
        role: 'user',
        content: typeof message.content === 'string' ? message.content : message.content.map(toPart),
      }
    case 'assistant': {
      const said = message.content ?? message.refusal ?? ''
      const content =
        typeof said === 'string' ? said : said.map((part) => ('text' in part ? part.text : part.refusal)).join('')
      if (!message.tool_calls?.length) return { role: 'assistant', content }
      const toolCalls = message.tool_calls.map((call) => ({
        id: call.id,
        name: call.function.name,
        argumentsJson: call.function.arguments,
      }))
      return { role: 'assistant', content, toolCalls }
    }
    case 'tool':
      return { role: 'tool', toolCallId: message.tool_call_id, content: joined(message.content) }
  }
}

type UserContent = Exclude<Extract<ChatBody['messages'][number], { role: 'user' }>['content'], string>

function toPart(part: UserContent[number]): ContentPart {
  return part.type === 'text' ? { type: 'text', text: part.text } : { type: 'image', url: part.image_url.url }
}

function joined(content: string | { text: string }[]): string {
  return typeof content === 'string' ? content : content.map(({ text }) => text).join('\n')
}
