import { AppError, InvalidRequestError, NotFoundError } from '../../errors.ts'
import type { ModelRequest } from '../../models/language-model.ts'
import type { Person } from '../accounts/person.ts'
import type { AcceptedParameters } from '../catalog/accept-parameters.ts'
import type { CatalogModel, ModelCatalog } from '../catalog/catalog.ts'
import type { ClassService } from '../classes/service.ts'
import type { WindowReport, WindowService } from '../window/window.ts'
import type { CallRecorder, Dialect } from './call-recorder.ts'
import { checkCapabilities } from './check-capabilities.ts'
import { type CallEnding, type CountedUsage, GatewayCall, type Said, written } from './gateway-call.ts'
import type { TraceParent } from './store.ts'
import { wellFormed, wellFormedMessages } from './well-formed.ts'

/** A request without a session, as a dialect hands it on. */
export type GatewayRequest = {
  modelName: string
  request: ModelRequest
  /** Leave the oldest turns out until the rest fits, or refuse what does not fit. */
  window: 'slide' | 'refuse'
  dialect: Dialect
  /** As the client sees it; at most 256 characters are kept. */
  requestId: string
  /** The call in the trace that makes it, when that is not the client. */
  partOf?: TraceParent
}

export type GatewayAnswer = {
  model: CatalogModel
  /** To be read to its end, or left by aborting the signal. */
  events: GatewayCall
  trim: WindowReport
  /** Parameters that the model cannot take. */
  dropped: AcceptedParameters['dropped']
}

export type EmbeddingAnswer = { model: CatalogModel; vectors: Float32Array[]; inputTokens: number }

/** Longest wait for a model's first event; a reader who waits longer wants to see that the server lives. */
const FIRST_EVENT_MS = 10_000
/** Texts in one request for embeddings, as many as OpenAI takes. */
const MOST_TEXTS = 2048

/** The one way in which a dialect asks a model without a session. */
export class GatewayService {
  readonly #catalog: ModelCatalog
  readonly #classes: Pick<ClassService, 'modelsOf'>
  readonly #windows: Pick<WindowService, 'fit' | 'count' | 'calibrate'>
  readonly #recorder: CallRecorder
  readonly #now: () => Date
  readonly #firstEventMs: number

  /** @param deps.firstEventMs longest wait for a model's first event; only tests give it. */
  constructor(deps: {
    catalog: ModelCatalog
    classes: Pick<ClassService, 'modelsOf'>
    windows: Pick<WindowService, 'fit' | 'count' | 'calibrate'>
    recorder: CallRecorder
    now: () => Date
    firstEventMs?: number
  }) {
    this.#catalog = deps.catalog
    this.#classes = deps.classes
    this.#windows = deps.windows
    this.#recorder = deps.recorder
    this.#now = deps.now
    this.#firstEventMs = deps.firstEventMs ?? FIRST_EVENT_MS
  }

  /** The models that a person may ask, embedding models last. */
  async listModels(person: Person): Promise<CatalogModel[]> {
    const allowed = await this.#allowedModels(person)
    const all = [...this.#catalog.list(), ...this.#catalog.listEmbeddings()]
    return allowed === null ? all : all.filter((model) => allowed.has(model.name))
  }

  /** @throws {NotFoundError} `model_not_found` if there is none, or the person may not ask it. */
  async getModel(person: Person, modelName: string): Promise<CatalogModel> {
    const model = this.#catalog.find(modelName) ?? this.#catalog.find(modelName, 'embedding')
    const allowed = model && (await this.#allowedModels(person))
    if (!model || (allowed && !allowed.has(model.name))) throw new NotFoundError('model', JSON.stringify(modelName))
    return model
  }

  /** Whether the catalog has a model of exactly this name, for dialects that put more into names. */
  isModel(name: string): boolean {
    return (this.#catalog.find(name) ?? this.#catalog.find(name, 'embedding')) !== undefined
  }

  /**
   * Asks a model. Everything that can be refused is refused before, and a model that fails before its first word
   * fails here too; after that the failure comes out of the events.
   *
   * Half surrogate pairs and NULs in the messages become U+FFFD. Stop words are obeyed here where the provider does
   * not. However the call ends, it is recorded, after the reader has got its last event.
   *
   * @param signal aborts when the client leaves: the provider's request is cancelled at once.
   * @throws {NotFoundError} `model_not_found`.
   * @throws {InvalidRequestError} `not_a_chat_model`, `tools_not_supported`, `images_not_supported`,
   * `json_not_supported`, `max_tokens_too_large`.
   * @throws {AppError} `context_too_long`, kind `invalid_request`.
   * @throws {ModelError} as the provider failed.
   */
  async ask(person: Person, asked: GatewayRequest, signal: AbortSignal): Promise<GatewayAnswer> {
    const { request } = asked
    const model = await this.getModel(person, asked.modelName)
    if (model.modality !== 'chat')
      throw new InvalidRequestError('not_a_chat_model', `${model.name} makes embeddings; it does not chat.`)
    checkCapabilities(model, request)
    const { maxOutputTokens } = request.parameters
    if (maxOutputTokens !== undefined && maxOutputTokens > model.maxOutputTokens)
      throw new InvalidRequestError(
        'max_tokens_too_large',
        `${maxOutputTokens} tokens are too many: ${model.name} writes at most ${model.maxOutputTokens}.`,
      )
    const { parameters, stop, dropped } = this.#acceptParameters(model, request)
    const { messages, report } = await this.#fit(model, asked)
    const prepared: ModelRequest = { ...request, messages, parameters }

    const createdAt = this.#now().toISOString()
    const estimateUsage = async (said: Said) => ({
      inputTokens: report.tokens.total,
      outputTokens: await this.#countText(model, written(said)),
    })
    const events = new GatewayCall(
      {
        stream: (until) => this.#catalog.languageModel(model.name).stream(prepared, until),
        stop,
        estimateUsage,
        onEnd: (ending) => {
          if (ending.counted?.source === 'provider')
            this.#windows.calibrate(model.name, report, ending.counted.usage.inputTokens)
          this.#recorder.record(async () => {
            // A model that failed without a word most likely costs nothing.
            const isForNothing = ending.status === 'failed' && written(ending.said) === ''
            const estimate = async () =>
              isForNothing ? null : { usage: await estimateUsage(ending.said), source: 'estimate' as const }
            const counted = ending.counted ?? (await estimate())
            return {
              personId: person.personId,
              handle: person.handle,
              kind: 'chat',
              dialect: asked.dialect,
              modelName: model.name,
              requestId: asked.requestId,
              trimmedTurns: report.turnsLeftOut,
              inputs: { messages, tools: request.tools, parameters },
              output: ending.said,
              partOf: asked.partOf ?? null,
              createdAt,
              ...howItEnded(ending),
              ...this.#spent(model, counted),
            }
          })
        },
      },
      signal,
    )
    await events.begun(this.#firstEventMs)
    return { model, events, trim: report, dropped }
  }

  /**
   * Makes embeddings of texts, in their order.
   *
   * @param asked.dimensions must be what the model gives, where it is said.
   * @throws {NotFoundError} `model_not_found`.
   * @throws {InvalidRequestError} `not_an_embedding_model`, `too_many_texts`, `empty_text`,
   * `dimensions_not_supported`.
   * @throws {ModelError} as the provider failed.
   */
  async embed(
    person: Person,
    asked: {
      modelName: string
      texts: readonly string[]
      dimensions?: number | undefined
      dialect: Dialect
      requestId: string
    },
    signal: AbortSignal,
  ): Promise<EmbeddingAnswer> {
    const model = await this.getModel(person, asked.modelName)
    if (model.modality !== 'embedding')
      throw new InvalidRequestError('not_an_embedding_model', `${model.name} makes no embeddings.`)
    if (asked.texts.length > MOST_TEXTS)
      throw new InvalidRequestError('too_many_texts', `At most ${MOST_TEXTS} texts can be embedded at once.`)
    if (asked.texts.length === 0 || asked.texts.includes(''))
      throw new InvalidRequestError('empty_text', 'There is nothing to embed: a text is empty, or there is none.')
    if (asked.dimensions !== undefined && model.dimensions !== null && asked.dimensions !== model.dimensions)
      throw new InvalidRequestError(
        'dimensions_not_supported',
        `${model.name} makes vectors of ${model.dimensions} dimensions.`,
      )

    const createdAt = this.#now().toISOString()
    const startedAt = performance.now()
    const end = (status: 'complete' | 'stopped' | 'failed', counted: CountedUsage | null, error?: unknown) =>
      this.#recorder.record(async () => ({
        personId: person.personId,
        handle: person.handle,
        kind: 'embedding',
        dialect: asked.dialect,
        modelName: model.name,
        requestId: asked.requestId,
        status,
        finishReason: null,
        errorCode: status === 'failed' ? codeOf(error) : null,
        ...this.#spent(model, counted),
        firstTokenMs: null,
        latencyMs: Math.round((performance.now() - startedAt) * 10) / 10,
        trimmedTurns: 0,
        inputs: { texts: asked.texts },
        output: null,
        partOf: null,
        createdAt,
      }))
    try {
      const texts = asked.texts.map(wellFormed)
      const { vectors, inputTokens } = await this.#catalog.embeddingModel(model.name).embed(texts, signal)
      const usage = { inputTokens: inputTokens ?? (await this.#countTexts(model, texts)), outputTokens: 0 }
      end('complete', { usage, source: inputTokens === undefined ? 'estimate' : 'provider' })
      return { model, vectors, inputTokens: usage.inputTokens }
    } catch (error) {
      end(signal.aborted ? 'stopped' : 'failed', null, error)
      throw error
    }
  }

  /** Waits until every call that has ended is stored. */
  settled(): Promise<void> {
    return this.#recorder.settled()
  }

  async #countTexts(model: CatalogModel, texts: readonly string[]): Promise<number> {
    let tokens = 0
    for (const text of texts) tokens += await this.#countText(model, text)
    return tokens
  }

  #spent(model: CatalogModel, counted: CountedUsage | null) {
    if (!counted) return { inputTokens: null, outputTokens: null, tokenSource: null, cost: null }
    const { usage, source } = counted
    return {
      inputTokens: usage.inputTokens,
      outputTokens: usage.outputTokens,
      tokenSource: source,
      cost: this.#catalog.costOf(model, usage),
    }
  }

  /** The names of the models that a person may ask; null is every model. */
  #allowedModels(person: Person): Promise<ReadonlySet<string> | null> {
    return person.isAdmin ? Promise.resolve(null) : this.#classes.modelsOf(person)
  }

  /** Stop words are taken out of what a model may not be able to take: the gateway obeys them itself. */
  #acceptParameters(model: CatalogModel, { parameters: wanted, tools, parallelToolCalls }: ModelRequest) {
    const stop = wanted.stop ?? []
    const { stop: _, ...others } = wanted
    const { accepted, dropped } = this.#catalog.acceptParameters(
      model,
      model.unsupported.includes('stop') ? others : wanted,
    )
    if (tools?.length && parallelToolCalls === false && !KINDS_THAT_CALL_ONE_TOOL.has(model.kind))
      dropped.push({ name: 'parallel_tool_calls', reason: `${model.kind} models may call several tools at once` })
    return { parameters: accepted, stop, dropped }
  }

  async #fit(model: CatalogModel, { request, window }: GatewayRequest) {
    const { messages, tools, responseFormat, parameters } = request
    const fitted = await this.#windows.fit(wellFormedMessages(messages), {
      model: model.name,
      tokenizer: model.tokenizer,
      contextTokens: model.contextTokens,
      answerTokens: parameters.maxOutputTokens ?? (window === 'slide' ? usualAnswer(model) : 1),
      // What is only perhaps too long is for the provider to refuse.
      ...(window === 'refuse' && { marginTokens: 0 }),
      ...(tools && { tools }),
      ...(responseFormat && { responseFormat }),
    })
    if (window === 'refuse' && fitted.report.messagesLeftOut > 0) throw tooLong(model, fitted.report)
    return fitted
  }

  async #countText(model: CatalogModel, text: string): Promise<number> {
    const { messages } = await this.#windows.count([{ role: 'user', content: text }], {
      model: model.name,
      tokenizer: model.tokenizer,
    })
    return messages[0]?.parts[0] ?? 0
  }
}

/** Those that can be told to call one tool at a time. */
const KINDS_THAT_CALL_ONE_TOOL: ReadonlySet<CatalogModel['kind']> = new Set(['openai-compatible', 'anthropic'])

/** What to keep free when nobody has said how long the answer may be. */
export function usualAnswer(model: Pick<CatalogModel, 'maxOutputTokens' | 'contextTokens'>): number {
  return Math.max(1, Math.min(model.maxOutputTokens, Math.floor(model.contextTokens / 4)))
}

function tooLong(model: CatalogModel, { context, reserved }: WindowReport): AppError {
  return new InvalidRequestError(
    'context_too_long',
    `The conversation is too long: ${model.name} has a window of ${context} tokens, of which ${reserved} are kept for the answer.`,
  )
}

function howItEnded({ status, finishReason, error, firstTokenMs, latencyMs }: CallEnding) {
  return { status, finishReason, errorCode: status === 'failed' ? codeOf(error) : null, firstTokenMs, latencyMs }
}

function codeOf(error: unknown): string {
  return error instanceof AppError ? error.code : 'internal'
}
