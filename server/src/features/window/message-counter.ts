import type { ChatMessage, ModelRequest, ToolDefinition } from '../../models/language-model.ts'
import { type MessageOverhead, overheadFor } from './message-overhead.ts'
import type { Pacer } from './pacer.ts'
import { SLICE_LENGTH, textSlices } from './text-slices.ts'
import { TokenMemory } from './token-memory.ts'
import type { Tokenizer } from './tokenizer.ts'

/** Counts messages with one tokenizer, each text once: counts are remembered by text, so a message may come as a new object. */
export class MessageCounter {
  readonly tokenizer: Tokenizer
  readonly overhead: MessageOverhead
  /** A negative number is a lower bound: counting stopped there because of a limit. */
  readonly #memory: TokenMemory

  constructor(tokenizer: Tokenizer, options: { overhead?: MessageOverhead; memory?: TokenMemory } = {}) {
    this.tokenizer = tokenizer
    this.overhead = options.overhead ?? overheadFor(tokenizer.name)
    this.#memory = options.memory ?? new TokenMemory()
  }

  /**
   * Tokens of a message with its overhead; some number above `limit` when there are more than that.
   *
   * Does not return before it is done: up to some milliseconds for each thousand tokens of new text.
   */
  count(message: ChatMessage, limit = Number.POSITIVE_INFINITY): number {
    const counted = this.#remembered(message, limit) ?? this.#countShort(message)
    if (counted !== undefined) return counted
    const steps = this.#steps(message, limit)
    let step = steps.next()
    while (!step.done) step = steps.next()
    return step.value
  }

  /** The same number as `count`, with pauses for the event loop; a number at once when there is little to count. */
  countPaced(message: ChatMessage, limit: number, pacer: Pacer): number | Promise<number> {
    return this.#remembered(message, limit) ?? this.#countShort(message) ?? paced(this.#steps(message, limit), pacer)
  }

  /** Tokens of one text without any overhead, with pauses for the event loop. */
  async countText(text: string, pacer: Pacer): Promise<number> {
    return await paced(this.#textSteps(text, Number.POSITIVE_INFINITY), pacer)
  }

  /** Tokens of what a request holds beside its messages, and of the beginning of the answer. */
  async countFixed(request: RequestExtras, pacer: Pacer): Promise<FixedTokens> {
    const { tools, responseFormat } = request
    return {
      reply: this.overhead.reply,
      tools: tools?.length ? this.overhead.tools + (await this.countText(toolsJson(tools), pacer)) : 0,
      responseFormat: responseFormat
        ? this.overhead.responseFormat + (await this.countText(JSON.stringify(responseFormat), pacer))
        : 0,
    }
  }

  #remembered(message: ChatMessage, limit: number): number | undefined {
    let tokens = this.#overheadOf(message)
    for (const text of textsOf(message)) {
      const known = this.#memory.find(text)
      if (known === undefined) return undefined
      if (known < 0 && tokens - known <= limit) return undefined
      tokens += Math.abs(known)
      if (tokens > limit) return tokens
    }
    return tokens
  }

  /** Counts a message of one text that is a single slice, as most are; undefined for any other. */
  #countShort(message: ChatMessage): number | undefined {
    const { content } = message
    if (typeof content !== 'string' || content.length > SLICE_LENGTH || content === '') return undefined
    if (message.role === 'assistant' && message.toolCalls?.length) return undefined
    const tokens = this.tokenizer.count(content)
    this.#memory.remember(content, tokens)
    return this.#overheadOf(message) + tokens
  }

  /** Counts a message, stopping for breath after each slice of a text. */
  *#steps(message: ChatMessage, limit: number): Generator<void, number> {
    let tokens = this.#overheadOf(message)
    for (const text of textsOf(message)) {
      if (tokens > limit) break
      tokens += yield* this.#textSteps(text, limit - tokens)
    }
    return tokens
  }

  *#textSteps(text: string, limit: number): Generator<void, number> {
    const known = this.#memory.find(text)
    if (known !== undefined && (known >= 0 || -known > limit)) return Math.abs(known)
    let tokens = 0
    let length = 0
    for (const slice of textSlices(text)) {
      tokens += this.tokenizer.count(slice)
      length += slice.length
      if (tokens > limit) break
      yield
    }
    this.#memory.remember(text, length < text.length ? -tokens : tokens)
    return tokens
  }

  #overheadOf(message: ChatMessage): number {
    const { overhead } = this
    if (message.role === 'assistant' && message.toolCalls)
      return overhead.message + overhead.toolCall * message.toolCalls.length
    return overhead.message + overhead.image * imagesIn(message)
  }
}

/** What is sent beside the messages and takes room in the window. */
export type RequestExtras = Pick<ModelRequest, 'tools' | 'responseFormat'>

export type FixedTokens = { reply: number; tools: number; responseFormat: number }

/** How many images a message shows. */
export function imagesIn(message: ChatMessage): number {
  if (message.role !== 'user' || typeof message.content === 'string') return 0
  return message.content.reduce((images, part) => images + (part.type === 'image' ? 1 : 0), 0)
}

function textsOf(message: ChatMessage): string[] {
  if (message.role === 'user' && typeof message.content !== 'string')
    return message.content.flatMap((part) => (part.type === 'text' ? [part.text] : []))
  if (message.role === 'assistant' && message.toolCalls?.length)
    return [message.content, ...message.toolCalls.flatMap(({ name, argumentsJson }) => [name, argumentsJson])]
  return [message.content as string]
}

/** Tools as OpenAI's format has them, which is what most chat templates write out too. */
function toolsJson(tools: readonly ToolDefinition[]): string {
  return JSON.stringify(tools.map((tool) => ({ type: 'function', function: tool })))
}

async function paced(steps: Generator<void, number>, pacer: Pacer): Promise<number> {
  let step = steps.next()
  while (!step.done) {
    if (pacer.isDue()) await pacer.rest()
    step = steps.next()
  }
  return step.value
}
