import type { ChatMessage, ModelRequest } from '../../models/language-model.ts'
import type { Person } from '../accounts/person.ts'
import type { CatalogModel } from '../catalog/catalog.ts'
import type { EmbeddingAnswer, GatewayAnswer, GatewayService } from '../gateway/service.ts'
import type { RequestExtras } from '../window/message-counter.ts'
import type { ConversationCount, WindowService } from '../window/window.ts'
import { atMost, DEFAULT_ANSWER_TOKENS } from './chat-request.ts'
import { ClovaError } from './clova-error.ts'

/** The only embedding model of CLOVA Studio's Embedding v2, whose path does not name one. */
const EMBEDDING_MODEL = 'bge-m3'

/** CLOVA Studio's own models answer one version of Chat Completions only; every other model answers both. */
const CHAT_VERSIONS = new Map<string, 1 | 3>([
  ['HCX-003', 1],
  ['HCX-DASH-001', 1],
  ['HCX-005', 3],
  ['HCX-007', 3],
  ['HCX-DASH-002', 3],
])

/** Who asks, how they call their request, and when they have left. */
export type Asking = { person: Person; requestId: string; signal: AbortSignal }

/** What CLOVA Studio does with its models, done with those of the catalog that have the same names. */
export class ClovaService {
  readonly #gateway: GatewayService
  readonly #windows: WindowService

  constructor(deps: { gateway: GatewayService; windows: WindowService }) {
    this.#gateway = deps.gateway
    this.#windows = deps.windows
  }

  /**
   * Asks a model; everything that can be refused is refused before the first event.
   *
   * @param read makes the request, knowing how much the model writes.
   * @throws {ClovaError} 40084 when the model does not answer this version.
   */
  async chat(
    { person, requestId, signal }: Asking,
    modelName: string,
    version: 1 | 3,
    read: (model: CatalogModel) => ModelRequest,
  ): Promise<GatewayAnswer> {
    const model = await this.#chatModel(person, modelName)
    const itsVersion = CHAT_VERSIONS.get(model.name) ?? version
    if (itsVersion !== version) throw new ClovaError(40084, `${model.name} answers /v${itsVersion}/chat-completions`)
    const asked = {
      modelName: model.name,
      request: read(model),
      window: 'refuse',
      dialect: 'clova',
      requestId,
    } as const
    return await this.#gateway.ask(person, asked, signal)
  }

  /**
   * Leaves out the oldest turns, and no more of them than needed, until the rest and the answer fit the model.
   *
   * Nothing is kept free for counts that may be wrong: what fits by the numbers of the tokenizer stays.
   *
   * @returns the messages that stay, the same objects.
   * @throws {AppError} `context_too_long` when what must stay does not fit.
   */
  async slide(
    person: Person,
    modelName: string,
    messages: readonly ChatMessage[],
    maxTokens: number | undefined,
  ): Promise<ChatMessage[]> {
    const model = await this.#chatModel(person, modelName)
    if (maxTokens !== undefined && maxTokens > model.maxOutputTokens)
      throw new ClovaError(40001, `maxTokens must be at most ${model.maxOutputTokens} for ${model.name}`)
    const fitted = await this.#windows.fit(messages, {
      model: model.name,
      tokenizer: model.tokenizer,
      contextTokens: model.contextTokens,
      answerTokens: maxTokens ?? atMost(DEFAULT_ANSWER_TOKENS, model),
      marginTokens: 0,
    })
    return fitted.messages
  }

  /** Tokens of a conversation as a model counts them. */
  async count(
    person: Person,
    modelName: string,
    messages: readonly ChatMessage[],
    extras: RequestExtras = {},
  ): Promise<ConversationCount> {
    const { name, tokenizer } = await this.#chatModel(person, modelName)
    return await this.#windows.count(messages, { model: name, tokenizer, ...extras })
  }

  /** @throws {ClovaError} 40003 when the text is longer than the model reads. */
  async embed({ person, requestId, signal }: Asking, text: string): Promise<EmbeddingAnswer> {
    const model = await this.#embeddingModel(person)
    const tokens = await this.#countText(model, text)
    if (tokens > model.contextTokens)
      throw new ClovaError(40003, `${tokens} tokens, and ${model.name} reads ${model.contextTokens}`)
    const asked = { modelName: model.name, texts: [text], dialect: 'clova', requestId } as const
    return await this.#gateway.embed(person, asked, signal)
  }

  /** Tokens of a text as the embedding model counts them. */
  async countForEmbedding(person: Person, text: string): Promise<number> {
    return await this.#countText(await this.#embeddingModel(person), text)
  }

  async #countText(model: CatalogModel, text: string): Promise<number> {
    if (text === '') throw new ClovaError(40004, 'text')
    const { messages } = await this.#windows.count([{ role: 'user', content: text }], {
      model: model.name,
      tokenizer: model.tokenizer,
    })
    return messages[0]?.parts[0] ?? 0
  }

  async #chatModel(person: Person, modelName: string): Promise<CatalogModel> {
    const model = await this.#gateway.getModel(person, modelName)
    if (model.modality !== 'chat') throw new ClovaError(40084, `${model.name} makes embeddings; it does not chat`)
    return model
  }

  async #embeddingModel(person: Person): Promise<CatalogModel> {
    const model = await this.#gateway.getModel(person, EMBEDDING_MODEL)
    if (model.modality !== 'embedding') throw new ClovaError(40084, `${model.name} makes no embeddings`)
    return model
  }
}
