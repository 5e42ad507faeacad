import type { ChatMessage, JsonObject, ModelRequest } from './language-model.ts'

/** What differs between servers that all call themselves OpenAI-compatible; some of it is learnt from their refusals. */
export type OpenAiDialect = {
  /** What the limit of the answer is called: OpenAI's own newer models refuse `max_tokens`, most others know only it. */
  answerLimit: 'max_tokens' | 'max_completion_tokens'
  /** Whether to ask for usage with `stream_options`, which some servers refuse. */
  asksForUsage: boolean
}

/**
 * What to try first with a server.
 *
 * `max_completion_tokens` goes to OpenAI itself, to Azure, and to reasoning models by name (o1, gpt-5, HCX-007)
 * wherever they are served; `max_tokens` to everyone else.
 */
export function guessDialect(baseUrl: URL, model: string): OpenAiDialect {
  const isOpenAi =
    /(^|\.)(openai\.com|openai\.azure\.com|cognitiveservices\.azure\.com|services\.ai\.azure\.com)$/.test(
      baseUrl.hostname,
    )
  const isReasoning = /(^|\/)(o[1-9](-|$)|gpt-[5-9]|HCX-007)/i.test(model)
  return {
    answerLimit: isOpenAi || isReasoning ? 'max_completion_tokens' : 'max_tokens',
    // CLOVA Studio knows no stream_options and sends usage anyway.
    asksForUsage: !/(^|\.)clovastudio\./.test(baseUrl.hostname),
  }
}

/** The body of `POST /chat/completions`. Nothing that was not asked for is in it. */
export function chatCompletionBody(model: string, request: ModelRequest, dialect: OpenAiDialect): string {
  const { parameters, tools, toolChoice, parallelToolCalls, responseFormat } = request
  // JSON.stringify leaves out what is undefined.
  return JSON.stringify({
    model,
    messages: request.messages.map(toWireMessage),
    stream: true,
    stream_options: dialect.asksForUsage ? { include_usage: true } : undefined,
    [dialect.answerLimit]: parameters.maxOutputTokens,
    temperature: parameters.temperature,
    top_p: parameters.topP,
    top_k: parameters.topK,
    frequency_penalty: parameters.frequencyPenalty,
    presence_penalty: parameters.presencePenalty,
    repetition_penalty: parameters.repetitionPenalty,
    stop: parameters.stop?.length ? parameters.stop : undefined,
    seed: parameters.seed,
    reasoning_effort: parameters.reasoningEffort,
    tools: tools?.length ? tools.map((tool) => ({ type: 'function', function: tool })) : undefined,
    tool_choice: tools?.length ? toWireToolChoice(toolChoice) : undefined,
    parallel_tool_calls: tools?.length ? parallelToolCalls : undefined,
    response_format: responseFormat && toWireFormat(responseFormat),
  })
}

function toWireMessage(message: ChatMessage): JsonObject {
  switch (message.role) {
    case 'system':
      return { role: 'system', content: message.content }
    case 'user':
      return {
        role: 'user',
        content: typeof message.content === 'string' ? message.content : message.content.map(toWirePart),
      }
    case 'assistant':
      if (!message.toolCalls?.length) return { role: 'assistant', content: message.content }
      return {
        role: 'assistant',
        content: message.content || null,
        tool_calls: message.toolCalls.map(({ id, name, argumentsJson }) => ({
          id,
          type: 'function',
          function: { name, arguments: argumentsJson || '{}' },
        })),
      }
    case 'tool':
      return { role: 'tool', tool_call_id: message.toolCallId, content: message.content }
  }
}

function toWirePart(part: { type: 'text'; text: string } | { type: 'image'; url: string }): JsonObject {
  return part.type === 'text' ? { type: 'text', text: part.text } : { type: 'image_url', image_url: { url: part.url } }
}

function toWireToolChoice(choice: ModelRequest['toolChoice']): unknown {
  return typeof choice === 'object' ? { type: 'function', function: { name: choice.name } } : choice
}

function toWireFormat(format: NonNullable<ModelRequest['responseFormat']>): JsonObject {
  if (!format.schema) return { type: 'json_object' }
  const { name = 'answer', description, schema, strict } = format
  return { type: 'json_schema', json_schema: { name, description, schema, strict } }
}
