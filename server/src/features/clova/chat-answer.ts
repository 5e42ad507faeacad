import { randomUUID } from 'node:crypto'
import type { FinishReason, ModelUsage } from '../../models/language-model.ts'
import type { GatewayEvent } from '../gateway/gateway-call.ts'
import { ClovaError } from './clova-error.ts'
import type { ChatV1Result, ChatV3Result } from './schema.ts'

/** Puts what a model says into the words of one version of Chat Completions. */
export interface ChatAnswer {
  /** @returns the data of a `token` event, where this version tells such things. */
  take(event: GatewayEvent): object | undefined
  /** All of it, once the model has ended. */
  result(): object
}

export class ChatAnswerV1 implements ChatAnswer {
  readonly #seed: number
  readonly #wasCut: () => boolean
  #content = ''
  #usage: ModelUsage = NO_USAGE
  #finishReason: FinishReason = 'stop'

  /** @param options.wasCut whether the answer ended at a stop word. */
  constructor(options: { seed: number; wasCut: () => boolean }) {
    this.#seed = options.seed
    this.#wasCut = options.wasCut
  }

  take(event: GatewayEvent): object | undefined {
    switch (event.type) {
      case 'text-delta':
        this.#content += event.text
        return { message: { role: 'assistant', content: event.text }, stopReason: null }
      case 'usage':
        this.#usage = event.usage
        return undefined
      case 'end':
        this.#finishReason = unlessRefused(event.finishReason)
        return undefined
      default:
        // Version 1 knows neither thinking nor tools.
        return undefined
    }
  }

  result(): ChatV1Result {
    return {
      message: { role: 'assistant', content: this.#content },
      stopReason: this.#finishReason === 'length' ? 'length' : this.#wasCut() ? 'stop_before' : 'end_token',
      inputLength: this.#usage.inputTokens,
      outputLength: this.#usage.outputTokens,
      seed: this.#seed,
      aiFilter: [],
    }
  }
}

export class ChatAnswerV3 implements ChatAnswer {
  readonly #seed: number
  readonly #created: number
  readonly #showsThinking: boolean
  #content = ''
  #thinking = ''
  readonly #toolCalls = new Map<number, { id: string; name: string; argumentsJson: string }>()
  #usage: ModelUsage = NO_USAGE
  #finishReason: FinishReason = 'stop'

  constructor(options: { seed: number; created: Date; showsThinking: boolean }) {
    this.#seed = options.seed
    this.#created = Math.floor(options.created.getTime() / 1000)
    this.#showsThinking = options.showsThinking
  }

  take(event: GatewayEvent): object | undefined {
    switch (event.type) {
      case 'text-delta':
        this.#content += event.text
        return this.#token({ content: event.text })
      case 'reasoning-delta':
        if (!this.#showsThinking) return undefined
        this.#thinking += event.text
        return this.#token({ content: '', thinkingContent: event.text })
      case 'tool-call-delta': {
        const { id, name } = this.#addToCall(event)
        const piece = { id, type: 'function', function: { name, partialJson: event.argumentsJson } }
        return this.#token({ content: '', toolCalls: [piece] })
      }
      case 'usage':
        this.#usage = event.usage
        return undefined
      case 'end':
        this.#finishReason = unlessRefused(event.finishReason)
        return undefined
    }
  }

  result(): ChatV3Result {
    const { inputTokens, outputTokens, reasoningTokens } = this.#usage
    const toolCalls = [...this.#toolCalls.values()].map(({ id, name, argumentsJson }) => ({
      id,
      type: 'function' as const,
      function: { name, arguments: toArguments(argumentsJson) },
    }))
    return {
      message: {
        role: 'assistant',
        content: this.#content,
        ...(this.#thinking && { thinkingContent: this.#thinking }),
        ...(toolCalls.length > 0 && { toolCalls }),
      },
      finishReason: this.#finishReason === 'length' ? 'length' : toolCalls.length > 0 ? 'tool_calls' : 'stop',
      created: this.#created,
      seed: this.#seed,
      usage: {
        promptTokens: inputTokens,
        completionTokens: outputTokens,
        totalTokens: inputTokens + outputTokens,
        ...(reasoningTokens !== undefined && { completionTokensDetails: { thinkingTokens: reasoningTokens } }),
      },
      aiFilter: [],
    }
  }

  #addToCall({ index, id, name, argumentsJson }: Extract<GatewayEvent, { type: 'tool-call-delta' }>) {
    let call = this.#toolCalls.get(index)
    if (!call) {
      call = { id: id ?? `call_${randomUUID().replaceAll('-', '')}`, name: name ?? '', argumentsJson: '' }
      this.#toolCalls.set(index, call)
    }
    call.argumentsJson += argumentsJson
    return call
  }

  /** Clients of version 1 look for `stopReason`, those of version 3 for `finishReason`: null says that more will come. */
  #token(message: object): object {
    return {
      message: { role: 'assistant', ...message },
      finishReason: null,
      stopReason: null,
      created: this.#created,
      seed: this.#seed,
      usage: null,
    }
  }
}

const NO_USAGE: ModelUsage = Object.freeze({ inputTokens: 0, outputTokens: 0 })

/** @throws {ClovaError} 40005 when the provider took its answer back. */
function unlessRefused(reason: FinishReason): FinishReason {
  if (reason === 'content-filter') throw new ClovaError(40005, 'the provider withheld the answer')
  return reason
}

/** Arguments are an object here; text that is none, such as one cut off by the limit, stays as it came. */
function toArguments(json: string): Record<string, unknown> | string {
  try {
    const parsed: unknown = JSON.parse(json || '{}')
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
      ? (parsed as Record<string, unknown>)
      : json
  } catch {
    return json
  }
}
