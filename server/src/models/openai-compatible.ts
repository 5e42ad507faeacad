import { StringDecoder } from 'node:string_decoder'
import { createParser } from 'eventsource-parser'
import type { Dispatcher } from 'undici'
import type { ModelConfig } from '../config.ts'
import type { LanguageModel, ModelEvent, ModelRequest } from './language-model.ts'
import { ModelEventQueue } from './model-event-queue.ts'
import { ChatChunkReader, ChunkError, ReportedError } from './openai-chunks.ts'
import { chatCompletionBody, guessDialect, type OpenAiDialect } from './openai-request.ts'
import type { ProviderConnection } from './provider-connection.ts'
import {
  brokenStream,
  failureInStream,
  failureOfConnection,
  failureOfReply,
  protocolFailure,
} from './provider-failure.ts'

/** A model behind `POST {baseUrl}/chat/completions`: OpenAI, CLOVA Studio, Ollama, LM Studio, vLLM, llama.cpp, … */
export class OpenAiCompatibleModel implements LanguageModel {
  readonly name: string
  readonly model: ModelConfig
  readonly connection: ProviderConnection
  readonly path: string
  readonly headers: Record<string, string>
  /** What is known of the server's ways; learnt once for all requests. */
  dialect: OpenAiDialect
  /** Whether the server has once accepted `stream_options`: then a later 400 has another reason. */
  hasTakenUsageOption = false

  /** @param basePath goes between the provider's base URL and `/chat/completions`. */
  constructor(connection: ProviderConnection, model: ModelConfig, basePath = '') {
    const { baseUrl, config } = connection
    this.name = model.name
    this.model = model
    this.connection = connection
    this.path = `${baseUrl.pathname.replace(/\/+$/, '')}${basePath}/chat/completions${baseUrl.search}`
    this.headers = {
      'content-type': 'application/json',
      accept: 'text/event-stream, application/json',
      ...(config.apiKey && { authorization: `Bearer ${config.apiKey}` }),
      ...lowerCaseKeys(config.headers),
    }
    this.dialect = guessDialect(baseUrl, model.model)
  }

  stream(request: ModelRequest, signal: AbortSignal): AsyncIterable<ModelEvent> {
    return this.connection.policy.stream(signal, (until, onSettled) =>
      new ChatReply(this, request, until, onSettled).events(),
    )
  }
}

/** How many characters may wait for a reader before the socket is paused. */
const MOST_UNREAD_CHARACTERS = 256 * 1024
/** Longest single SSE event, in characters. */
const LONGEST_EVENT = 4 * 1024 * 1024
/** Longest body of an error, in characters; the rest is not read. */
const LONGEST_ERROR_BODY = 64 * 1024
/** How long a server may keep the socket busy after `[DONE]`. */
const LINGER_MS = 1_000

/** One request under way: undici pushes bytes in, the queue hands events out. */
class ChatReply implements Dispatcher.DispatchHandler {
  readonly #model: OpenAiCompatibleModel
  readonly #request: ModelRequest
  readonly #signal: AbortSignal
  readonly #onSettled: () => void
  readonly #queue: ModelEventQueue
  readonly #chunks: ChatChunkReader
  readonly #mostCharacters: number
  readonly #decoder = new StringDecoder('utf8')
  readonly #parser = createParser({
    onEvent: (event) => this.#onEvent(event.data, event.event),
    onError: (error) => {
      if (error.type === 'max-buffer-size-exceeded') this.#fail(new ChunkError('sent an endless line'))
    },
    maxBufferSize: LONGEST_EVENT,
  })
  #controller: Dispatcher.DispatchController | undefined
  #reply: { as: 'events' } | { as: 'json' | 'failure'; status: number; headers: ReplyHeaders; body: string } | undefined
  #dialect: OpenAiDialect
  /** Dialects tried after refusals, for this request. */
  #adaptations = 0
  #isSettled = false
  #linger: NodeJS.Timeout | undefined

  constructor(model: OpenAiCompatibleModel, request: ModelRequest, signal: AbortSignal, onSettled: () => void) {
    this.#model = model
    this.#request = request
    this.#signal = signal
    this.#onSettled = onSettled
    this.#dialect = model.dialect
    const asked = request.parameters.maxOutputTokens ?? 0
    // A token is four characters of English; reasoning may come on top of the limit, so be generous.
    this.#mostCharacters = 16 * Math.max(asked, model.model.maxOutputTokens) + 64 * 1024
    this.#queue = new ModelEventQueue({
      onRead: () => {
        if (this.#controller?.paused && this.#queue.unreadCharacters === 0) this.#controller.resume()
      },
      onReturn: () => this.#cancel(new Error('the reader has left')),
    })
    this.#chunks = new ChatChunkReader(this.#queue, this.#mostCharacters)
  }

  /** The events; nothing is sent before the first is asked for. */
  events(): AsyncIterator<ModelEvent> {
    const queue = this.#queue
    let isSent = false
    return {
      next: () => {
        if (!isSent) {
          isSent = true
          this.#signal.addEventListener('abort', this.#onAbort, { once: true })
          this.#send()
        }
        return queue.next()
      },
      return: () => queue.return(),
    }
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    // Given up while the connection was being made.
    if (this.#isSettled) controller.abort(new Error('no longer wanted'))
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: ReplyHeaders): void {
    if (status < 200) return
    const type = String(headers['content-type'] ?? '')
    if (status >= 300) this.#reply = { as: 'failure', status, headers, body: '' }
    else if (headers['content-encoding'] !== undefined && headers['content-encoding'] !== 'identity')
      this.#fail(new ChunkError('compressed its answer although it was not asked to'))
    else if (/^application\/(?:[\w.-]+\+)?json\b/.test(type)) this.#reply = { as: 'json', status, headers, body: '' }
    else if (/^text\/html\b/.test(type)) this.#reply = { as: 'failure', status, headers, body: '' }
    else this.#reply = { as: 'events' }
  }

  onResponseData(controller: Dispatcher.DispatchController, bytes: Buffer): void {
    const reply = this.#reply
    if (this.#isSettled || reply === undefined) return
    const text = this.#decoder.write(bytes)
    if (reply.as === 'events') {
      this.#feed(text)
      this.#queue.flush()
      if (this.#queue.unreadCharacters > MOST_UNREAD_CHARACTERS) controller.pause()
      return
    }
    reply.body += text
    if (reply.as === 'failure' && reply.body.length > LONGEST_ERROR_BODY) this.#settleWith(this.#failureOf(reply))
    // A character may take six in JSON; the rest of the object is small.
    else if (reply.body.length > 6 * this.#mostCharacters + LONGEST_ERROR_BODY)
      this.#fail(new ChunkError('sent much more than was asked for'))
  }

  onResponseEnd(): void {
    clearTimeout(this.#linger)
    const reply = this.#reply
    if (this.#isSettled || reply === undefined) return
    if (reply.as === 'failure') this.#onFailureRead(reply)
    // The last event may lack its blank line.
    else if (reply.as === 'events') this.#feed('\n\n')
    // A whole answer has the shape of one chunk, with `message` for `delta`.
    else this.#onEvent(reply.body.trim(), undefined)

    // Unless a refusal was answered by asking in another way.
    if (this.#reply === undefined || this.#isSettled) return
    if (this.#chunks.hasFinished) this.#finish()
    else if (reply.as === 'json') this.#fail(new ChunkError('answered without an answer', reply.body))
    else this.#fail(new ChunkError('closed the stream before the answer was complete'))
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    if (this.#isSettled) return
    if (this.#chunks.hasFinished) {
      this.#finish()
      return
    }
    const failure = failureOfConnection(this.#model.connection, error)
    const brokeInside =
      failure.code === 'model_unavailable' && this.#reply !== undefined && this.#reply.as !== 'failure'
    this.#settleWith(brokeInside ? brokenStream(this.#model.connection, error) : failure)
  }

  #send(): void {
    const { connection, path, headers, model } = this.#model
    const loaded = connection.undici()
    const dispatch = ({ pool }: { pool: Dispatcher }) => {
      if (this.#isSettled) return
      const body = chatCompletionBody(model.model, this.#request, this.#dialect)
      pool.dispatch({ path, method: 'POST', headers, body }, this)
    }
    if (!(loaded instanceof Promise)) dispatch(loaded)
    else loaded.then(dispatch).catch((error: unknown) => this.#settleWith(failureOfConnection(connection, error)))
  }

  #feed(text: string): void {
    try {
      this.#parser.feed(text)
    } catch (error) {
      this.#fail(error)
    }
  }

  #onEvent(data: string, event: string | undefined): void {
    if (this.#isSettled) return
    try {
      if (data === '[DONE]') this.#finish()
      else if (event === 'error') throw new ReportedError(reportOf(data))
      else this.#chunks.read(data)
    } catch (error) {
      this.#fail(error)
    }
  }

  #onFailureRead(reply: { status: number; headers: ReplyHeaders; body: string }): void {
    const failure = this.#failureOf(reply)
    const adapted = failure.code === 'protocol_error' ? this.#adapt(reply) : undefined
    if (!adapted) {
      this.#settleWith(failure)
      return
    }
    this.#dialect = adapted
    this.#adaptations++
    this.#controller = undefined
    this.#reply = undefined
    this.#send()
  }

  #failureOf(reply: { status: number; headers: ReplyHeaders; body: string }) {
    const { connection } = this.#model
    if (reply.status < 300)
      return protocolFailure(connection, 'answered with a web page instead of a stream', reply.body)
    if (reply.status >= 400) return failureOfReply(connection, reply)
    const what = `redirects elsewhere, which is not followed (HTTP ${reply.status})`
    return protocolFailure(connection, what, String(reply.headers.location ?? ''))
  }

  /** Another way of asking after the server has refused this one, or undefined when there is none. */
  #adapt({ status, body }: { status: number; body: string }): OpenAiDialect | undefined {
    if ((status !== 400 && status !== 422) || this.#adaptations >= 2) return undefined
    const wantsNewLimit = this.#dialect.answerLimit === 'max_tokens' && /max_completion_tokens/.test(body)
    if (wantsNewLimit) return { ...this.#dialect, answerLimit: 'max_completion_tokens' }
    const knowsNoNewLimit = this.#dialect.answerLimit === 'max_completion_tokens' && /max_completion_tokens/.test(body)
    if (knowsNoNewLimit) return { ...this.#dialect, answerLimit: 'max_tokens' }
    const mayBeUsage = /stream_options|include_usage/.test(body) || !this.#model.hasTakenUsageOption
    return this.#dialect.asksForUsage && mayBeUsage ? { ...this.#dialect, asksForUsage: false } : undefined
  }

  #finish(): void {
    this.#model.dialect = this.#dialect
    this.#model.hasTakenUsageOption ||= this.#dialect.asksForUsage
    this.#chunks.finish()
    this.#queue.end()
    this.#settle()
    const controller = this.#controller
    if (this.#reply?.as === 'events')
      this.#linger = setTimeout(() => controller?.abort(new Error('the answer was complete')), LINGER_MS).unref()
  }

  #fail(error: unknown): void {
    if (this.#isSettled) return
    const { connection } = this.#model
    if (error instanceof ReportedError) this.#settleWith(failureInStream(connection, error.report))
    else if (error instanceof ChunkError)
      this.#settleWith(protocolFailure(connection, error.message, error.said, error.cause))
    else this.#settleWith(error)
  }

  #settleWith(error: unknown): void {
    if (this.#isSettled) return
    this.#queue.fail(error)
    this.#cancel(error)
  }

  readonly #onAbort = () => {
    this.#queue.abandon(this.#signal.reason)
    this.#cancel(this.#signal.reason)
  }

  #cancel(reason: unknown): void {
    if (this.#isSettled) return
    this.#settle()
    this.#controller?.abort(reason instanceof Error ? reason : new Error('cancelled', { cause: reason }))
  }

  #settle(): void {
    this.#isSettled = true
    this.#signal.removeEventListener('abort', this.#onAbort)
    this.#onSettled()
  }
}

type ReplyHeaders = Record<string, string | string[] | undefined>

function reportOf(data: string): unknown {
  try {
    return JSON.parse(data)
  } catch {
    // Plain words are a report too.
    return data
  }
}

export function lowerCaseKeys(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}
