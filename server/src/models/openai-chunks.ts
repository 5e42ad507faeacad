import type { FinishReason, ModelUsage } from './language-model.ts'
import type { ModelEventQueue } from './model-event-queue.ts'

/** Something in the stream that the protocol does not allow. */
export class ChunkError extends Error {
  /** What the provider sent, when that helps. */
  readonly said: string | undefined

  constructor(message: string, said?: string, options?: ErrorOptions) {
    super(message, options)
    this.said = said?.slice(0, 500)
  }
}

/** The provider said in the stream that it failed. */
export class ReportedError extends Error {
  readonly report: unknown

  constructor(report: unknown) {
    super('the provider reported an error')
    this.report = report
  }
}

/** Turns the chunks of one chat completion into events. */
export class ChatChunkReader {
  readonly #queue: ModelEventQueue
  readonly #mostCharacters: number
  #characters = 0
  #finishReason: FinishReason | undefined
  #usage: ModelUsage | undefined
  /** By the wire's index: whether its id and name have been told. */
  readonly #toolCalls = new Set<number>()
  #lastToolIndex = -1
  readonly #template = new TextChunkTemplate()

  /** @param mostCharacters how much text, reasoning and arguments together may come. */
  constructor(queue: ModelEventQueue, mostCharacters: number) {
    this.#queue = queue
    this.#mostCharacters = mostCharacters
  }

  /** Whether the model has said why it stopped. */
  get hasFinished(): boolean {
    return this.#finishReason !== undefined
  }

  /**
   * Takes the data of one SSE event.
   *
   * @throws {ChunkError} when it is not a chunk.
   * @throws {ReportedError} when it is an error of the provider's.
   */
  read(data: string): void {
    const text = this.#template.textOf(data)
    if (text !== undefined) {
      this.#say('text-delta', text)
      return
    }

    const chunk = parseObject(data)
    if (chunk.error !== undefined && chunk.error !== null) throw new ReportedError(chunk)
    if (isRecord(chunk.usage)) this.#usage = toUsage(chunk.usage) ?? this.#usage
    const choice = Array.isArray(chunk.choices) ? firstChoice(chunk.choices) : undefined
    if (!isRecord(choice)) return
    // `message` where others send `delta`: a server that answers at once although a stream was asked for.
    const delta = choice.delta ?? choice.message
    if (isRecord(delta)) this.#readDelta(delta)
    if (typeof choice.finish_reason === 'string' && choice.finish_reason !== '')
      this.#finishReason = toFinishReason(choice.finish_reason)
    else if (isRecord(delta) && typeof delta.content === 'string') this.#template.learn(data, delta.content)
  }

  /** Adds the last events: usage, if the provider told it, and the end. */
  finish(): void {
    if (this.#usage) this.#queue.push({ type: 'usage', usage: this.#usage })
    const reason = this.#finishReason ?? 'stop'
    // Some servers say "stop" after tool calls.
    const finishReason = reason === 'stop' && this.#toolCalls.size > 0 ? 'tool-calls' : reason
    this.#queue.push({ type: 'end', finishReason })
  }

  #readDelta(delta: JsonRecord): void {
    const reasoning = delta.reasoning_content ?? delta.reasoning
    if (typeof reasoning === 'string') this.#say('reasoning-delta', reasoning)
    const { content } = delta
    if (typeof content === 'string') this.#say('text-delta', content)
    else if (Array.isArray(content)) this.#readParts(content)
    if (typeof delta.refusal === 'string' && delta.refusal !== '') {
      this.#say('text-delta', delta.refusal)
      this.#finishReason = 'content-filter'
    }
    if (Array.isArray(delta.tool_calls))
      for (const call of delta.tool_calls) if (isRecord(call)) this.#readToolCall(call)
  }

  /** Mistral sends content as a list of parts, its reasoning among them. */
  #readParts(parts: readonly unknown[]): void {
    for (const part of parts) {
      if (!isRecord(part)) continue
      if (typeof part.text === 'string') this.#say('text-delta', part.text)
      if (!Array.isArray(part.thinking)) continue
      for (const thought of part.thinking)
        if (isRecord(thought) && typeof thought.text === 'string') this.#say('reasoning-delta', thought.text)
    }
  }

  #readToolCall(call: JsonRecord): void {
    const described = isRecord(call.function) ? call.function : {}
    const isNew = typeof call.id === 'string' && call.id !== '' && typeof described.name === 'string'
    // Without an index a piece belongs to the call before, unless it names a new one.
    const index =
      typeof call.index === 'number' ? call.index : isNew ? this.#lastToolIndex + 1 : Math.max(0, this.#lastToolIndex)
    this.#lastToolIndex = index
    const given = described.arguments ?? ''
    const argumentsJson = typeof given === 'string' ? given : JSON.stringify(given)
    this.#count(argumentsJson.length)
    if (this.#toolCalls.has(index)) {
      if (argumentsJson !== '') this.#queue.push({ type: 'tool-call-delta', index, argumentsJson })
      return
    }
    if (typeof described.name !== 'string' || described.name === '')
      throw new ChunkError('began a tool call without a name', JSON.stringify(call))
    this.#toolCalls.add(index)
    const id = typeof call.id === 'string' && call.id !== '' ? call.id : `call_${index}`
    this.#queue.push({ type: 'tool-call-delta', index, id, name: described.name, argumentsJson })
  }

  #say(type: 'text-delta' | 'reasoning-delta', text: string): void {
    if (text === '') return
    this.#count(text.length)
    this.#queue.pushText(type, text)
  }

  #count(characters: number): void {
    this.#characters += characters
    if (this.#characters > this.#mostCharacters) throw new ChunkError('sent much more than was asked for')
  }
}

/**
 * Reads the text of a chunk without parsing it, when it differs from an earlier one only in its text.
 *
 * Nearly all chunks of a stream do, and parsing JSON is most of what a chunk costs. It is exact: the bytes before and
 * after the text are those of a chunk that was parsed, and the text between has no quote or backslash, so
 * JSON.parse would have found the same.
 */
class TextChunkTemplate {
  #before = ''
  #after = ''
  #triesLeft = 32

  /** The text, or undefined when the chunk must be parsed. */
  textOf(data: string): string | undefined {
    const { length } = this.#before
    if (length === 0 || !data.startsWith(this.#before) || !data.endsWith(this.#after)) return undefined
    const end = data.length - this.#after.length
    if (end < length) return undefined
    const text = data.slice(length, end)
    return PLAIN_JSON_TEXT.test(text) ? text : undefined
  }

  /** Remembers a chunk that says nothing but `text`. */
  learn(data: string, text: string): void {
    if (text === '' || this.#triesLeft === 0 || !PLAIN_JSON_TEXT.test(text)) return
    this.#triesLeft--
    const key = '"content":'
    const at = data.indexOf(key)
    if (at < 0 || at !== data.lastIndexOf(key)) return
    const start = data.indexOf('"', at + key.length) + 1
    if (start === 0 || data.slice(at + key.length, start - 1).trim() !== '' || !data.startsWith(`${text}"`, start))
      return
    const before = data.slice(0, start)
    const after = data.slice(start + text.length)
    if (!saysOnlyText(before, after)) return
    this.#before = before
    this.#after = after
  }
}

/** Stands for itself inside a JSON string. */
const PLAIN_JSON_TEXT = /^[^"\\\p{Cc}]*$/u

/** Whether a chunk with this text means its text and nothing more. */
function saysOnlyText(before: string, after: string): boolean {
  const chunk = parseObject(`${before}·${after}`)
  const choice = Array.isArray(chunk.choices) && chunk.choices.length === 1 ? chunk.choices[0] : undefined
  if (!isRecord(choice) || !isRecord(choice.delta) || choice.delta.content !== '·') return false
  return (
    (choice.index ?? 0) === 0 &&
    !choice.finish_reason &&
    !chunk.usage &&
    !chunk.error &&
    Object.entries(choice.delta).every(
      ([key, value]) => key === 'content' || key === 'role' || value === null || value === '',
    )
  )
}

function parseObject(data: string): JsonRecord {
  let value: unknown
  try {
    value = JSON.parse(data)
  } catch (cause) {
    throw new ChunkError('sent a chunk that is not JSON', data, { cause })
  }
  if (!isRecord(value)) throw new ChunkError('sent a chunk that is not a JSON object', data)
  return value
}

/** We ask for one answer only; a server that numbers others is not listened to. */
function firstChoice(choices: readonly unknown[]): unknown {
  if (choices.length === 1) {
    const only = choices[0]
    return isRecord(only) && typeof only.index === 'number' && only.index !== 0 ? undefined : only
  }
  return choices.find((choice) => isRecord(choice) && (choice.index ?? 0) === 0)
}

function toFinishReason(reason: string): FinishReason {
  switch (reason) {
    case 'length':
    case 'max_tokens':
    case 'model_length':
      return 'length'
    case 'tool_calls':
    case 'function_call':
      return 'tool-calls'
    case 'content_filter':
      return 'content-filter'
    default:
      return 'stop'
  }
}

function toUsage(usage: JsonRecord): ModelUsage | undefined {
  const inputTokens = count(usage.prompt_tokens) ?? count(usage.input_tokens)
  const outputTokens =
    count(usage.completion_tokens) ?? count(usage.output_tokens) ?? (inputTokens === undefined ? undefined : 0)
  if (inputTokens === undefined || outputTokens === undefined) return undefined
  const prompt = isRecord(usage.prompt_tokens_details) ? usage.prompt_tokens_details : {}
  const completion = isRecord(usage.completion_tokens_details) ? usage.completion_tokens_details : {}
  const cachedInputTokens = count(prompt.cached_tokens) ?? count(usage.prompt_cache_hit_tokens)
  const reasoningTokens = count(completion.reasoning_tokens)
  return {
    inputTokens,
    outputTokens,
    ...(reasoningTokens !== undefined && { reasoningTokens }),
    ...(cachedInputTokens !== undefined && { cachedInputTokens }),
  }
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? Math.round(value) : undefined
}

type JsonRecord = Record<string, unknown>

function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
