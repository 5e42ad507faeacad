import type { LanguageModelV3, LanguageModelV3FinishReason, LanguageModelV3Usage } from '@ai-sdk/provider'
import type { ModelConfig } from '../config.ts'
import { toCallOptions } from './ai-sdk-prompt.ts'
import type { FinishReason, LanguageModel, ModelEvent, ModelRequest, ModelUsage } from './language-model.ts'
import type { ProviderConnection } from './provider-connection.ts'
import {
  brokenStream,
  failureInStream,
  failureOfConnection,
  failureOfReply,
  isConnectionError,
  ProviderFailure,
  protocolFailure,
} from './provider-failure.ts'

/** A model of Anthropic or Google, through the AI SDK's package for it, which is loaded when it is first asked. */
export class AiSdkModel implements LanguageModel {
  readonly name: string
  readonly #connection: ProviderConnection
  readonly #model: ModelConfig
  #loaded: Promise<LanguageModelV3> | undefined

  constructor(connection: ProviderConnection, model: ModelConfig) {
    this.name = model.name
    this.#connection = connection
    this.#model = model
  }

  stream(request: ModelRequest, signal: AbortSignal): AsyncIterable<ModelEvent> {
    return this.#connection.policy.stream(signal, (until, onSettled) => this.#attempt(request, until, onSettled))
  }

  async *#attempt(request: ModelRequest, signal: AbortSignal, onSettled: () => void): AsyncGenerator<ModelEvent> {
    // Leaving the loop must end the request too, not only the caller's signal.
    const left = new AbortController()
    let hasBegun = false
    try {
      this.#loaded ??= this.#load()
      const model = await this.#loaded
      const abortSignal = AbortSignal.any([signal, left.signal])
      const { stream } = await model.doStream({ ...toCallOptions(request, this.#model.maxOutputTokens), abortSignal })
      hasBegun = true
      yield* this.#events(stream, request)
    } catch (error) {
      signal.throwIfAborted()
      throw this.#failureOf(error, hasBegun)
    } finally {
      left.abort()
      onSettled()
    }
  }

  async *#events(
    stream: Awaited<ReturnType<LanguageModelV3['doStream']>>['stream'],
    request: ModelRequest,
  ): AsyncGenerator<ModelEvent> {
    const most = 16 * Math.max(request.parameters.maxOutputTokens ?? 0, this.#model.maxOutputTokens) + 64 * 1024
    let characters = 0
    const calls = new Map<string, { index: number; hasArguments: boolean }>()
    for await (const part of stream) {
      if ('delta' in part) characters += part.delta.length
      if (characters > most) throw protocolFailure(this.#connection, 'sent much more than was asked for')
      if (part.type === 'text-delta' || part.type === 'reasoning-delta') {
        if (part.delta !== '') yield { type: part.type, text: part.delta }
      } else if (part.type === 'tool-input-start' && !part.providerExecuted) {
        const index = calls.size
        calls.set(part.id, { index, hasArguments: false })
        yield { type: 'tool-call-delta', index, id: part.id, name: part.toolName, argumentsJson: '' }
      } else if (part.type === 'tool-input-delta') {
        const call = calls.get(part.id)
        if (!call || part.delta === '') continue
        call.hasArguments = true
        yield { type: 'tool-call-delta', index: call.index, argumentsJson: part.delta }
      } else if (part.type === 'tool-call' && !part.providerExecuted) {
        const call = calls.get(part.toolCallId)
        if (call?.hasArguments) continue
        const index = call?.index ?? calls.size
        calls.set(part.toolCallId, { index, hasArguments: true })
        yield {
          type: 'tool-call-delta',
          index,
          ...(!call && { id: part.toolCallId, name: part.toolName }),
          argumentsJson: part.input,
        }
      } else if (part.type === 'error') throw part.error
      else if (part.type === 'finish') {
        const finishReason = this.#finishReason(part.finishReason)
        const usage = toUsage(part.usage)
        if (usage) yield { type: 'usage', usage }
        yield { type: 'end', finishReason }
        return
      }
    }
    throw protocolFailure(this.#connection, 'closed the stream before the answer was complete')
  }

  #finishReason({ unified, raw }: LanguageModelV3FinishReason): FinishReason {
    // Google's package makes up an end of this kind when the stream breaks off.
    if (unified === 'other' && raw === undefined)
      throw protocolFailure(this.#connection, 'closed the stream before the answer was complete')
    if (unified === 'error') throw protocolFailure(this.#connection, 'ended the answer with an error', raw)
    return unified === 'other' ? 'stop' : unified
  }

  async #load(): Promise<LanguageModelV3> {
    const { config, baseUrl } = this.#connection
    const options = {
      baseURL: baseUrl.href.replace(/\/+$/, ''),
      // Always given: otherwise the packages would look for a key in the environment.
      apiKey: config.apiKey ?? '',
      headers: config.headers,
      fetch: await this.#fetch(),
    }
    if (config.kind === 'anthropic')
      return (await import('@ai-sdk/anthropic')).createAnthropic(options)(this.#model.model)
    return (await import('@ai-sdk/google')).createGoogleGenerativeAI(options)(this.#model.model)
  }

  /** A `fetch` over the provider's own sockets: its timeouts and size limit hold, and redirects are not followed. */
  async #fetch(): Promise<typeof globalThis.fetch> {
    const { fetch, pool } = await this.#connection.undici()
    const limited = (input: string, init: object) => fetch(input, { ...init, redirect: 'manual', dispatcher: pool })
    // undici's own types and Node's copy of them differ in name only.
    return limited as unknown as typeof globalThis.fetch
  }

  #failureOf(error: unknown, hasBegun: boolean): ProviderFailure {
    const connection = this.#connection
    if (error instanceof ProviderFailure) return error
    if (isApiCallError(error) && error.statusCode !== undefined && error.statusCode >= 300)
      return failureOfReply(connection, {
        status: error.statusCode,
        body: error.responseBody || error.message,
        headers: error.responseHeaders ?? {},
      })
    // What Anthropic reports inside the stream is a plain object.
    if (!(error instanceof Error)) return failureInStream(connection, error)
    // The SDK's own error holds the whole request, which is nobody's business.
    const cause = isApiCallError(error) ? error.cause : error
    if (!isConnectionError(error) && /^AI_/.test(error.name))
      return protocolFailure(connection, 'sent something that is not an answer', error.message, cause)
    const failure = failureOfConnection(connection, cause)
    return hasBegun && failure.code === 'model_unavailable' ? brokenStream(connection, cause) : failure
  }
}

type ApiCallError = Error & { statusCode?: number; responseBody?: string; responseHeaders?: Record<string, string> }

function isApiCallError(error: unknown): error is ApiCallError {
  return error instanceof Error && error.name === 'AI_APICallError'
}

function toUsage({ inputTokens, outputTokens }: LanguageModelV3Usage): ModelUsage | undefined {
  if (inputTokens.total === undefined || outputTokens.total === undefined) return undefined
  return {
    inputTokens: inputTokens.total,
    outputTokens: outputTokens.total,
    ...(outputTokens.reasoning !== undefined && { reasoningTokens: outputTokens.reasoning }),
    ...(inputTokens.cacheRead !== undefined && { cachedInputTokens: inputTokens.cacheRead }),
  }
}
