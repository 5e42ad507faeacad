import type { Config, ModelConfig, ProviderConfig } from '../../config.ts'
import { NotFoundError } from '../../errors.ts'
import { createEmbeddingModel } from '../../models/create-embedding-model.ts'
import { createLanguageModel } from '../../models/create-language-model.ts'
import type { EmbeddingModel } from '../../models/embedding-model.ts'
import type { GenerationParameters, LanguageModel, ModelUsage } from '../../models/language-model.ts'
import { OFFLINE_MODELS, OfflineModel } from '../../models/offline.ts'
import { OFFLINE_EMBEDDINGS, OfflineEmbeddings } from '../../models/offline-embeddings.ts'
import { OllamaDiscovery } from '../../models/ollama.ts'
import { ProviderConnection } from '../../models/provider-connection.ts'
import { type AcceptedParameters, acceptParameters, unsupportedBy } from './accept-parameters.ts'

/** An entry of the catalog: a logical name over a provider's model. */
export type CatalogModel = {
  name: string
  displayName: string
  /** The provider's configured name; `offline` for the models that need nothing. */
  provider: string
  kind: ProviderConfig['kind'] | 'offline'
  isOffline: boolean
  /** Whether it answers messages or makes vectors of texts; never both. */
  modality: ModelConfig['modality']
  /** How long the vectors of an embedding model are; null when nobody has said, and for chat. */
  dimensions: number | null
  contextTokens: number
  maxOutputTokens: number
  tokenizer: string
  /** US dollars; null when nobody has said. */
  pricePerMillionTokens: { input: number; output: number } | null
  /** Parameters that are never sent, by their names on the wire. */
  unsupported: ModelConfig['unsupported']
  capabilities: { tools: boolean; images: boolean; json: boolean }
}

const LOCAL_OLLAMA = 'http://127.0.0.1:11434'
/** After the start, which must not wait for undici to load. */
const FIRST_LOOK_AFTER_MS = 1_000

export type CatalogOptions = {
  /** Where to look for an Ollama that nobody configured; null looks nowhere. */
  localOllama?: string | null
  /** The offline models to have; only tests want other than all. */
  offlineModels?: typeof OFFLINE_MODELS
  /** Like `offlineModels`, for embeddings. */
  offlineEmbeddings?: typeof OFFLINE_EMBEDDINGS
  /** Makes the adapters of configured and found models; only tests make others. */
  createModel?: typeof createLanguageModel
  createEmbeddings?: typeof createEmbeddingModel
}

/** Every model that can be asked: the configured ones, those of an Ollama, and three that need nothing. */
export class ModelCatalog {
  /** Configured and offline models never change while the server runs. */
  readonly #fixed = new Map<string, CatalogModel>()
  readonly #languageModels = new Map<string, LanguageModel>()
  readonly #embeddingModels = new Map<string, EmbeddingModel>()
  readonly #connections = new Map<string, ProviderConnection>()
  readonly #ollamas: { provider: ProviderConfig; discovery: OllamaDiscovery }[] = []
  readonly #createModel: typeof createLanguageModel
  readonly #firstLook: NodeJS.Timeout

  constructor(config: Pick<Config, 'providers' | 'models'>, options: CatalogOptions = {}) {
    this.#createModel = options.createModel ?? createLanguageModel
    const createEmbeddings = options.createEmbeddings ?? createEmbeddingModel
    const providers = withLocalOllama(
      config.providers,
      options.localOllama === undefined ? LOCAL_OLLAMA : options.localOllama,
    )
    for (const provider of providers) {
      const connection = new ProviderConnection(provider)
      this.#connections.set(provider.name, connection)
      if (provider.kind === 'ollama') this.#ollamas.push({ provider, discovery: new OllamaDiscovery(connection) })
    }
    for (const model of config.models) {
      const provider = providers.find((one) => one.name === model.provider)
      if (!provider) throw new NotFoundError('provider', model.provider)
      this.#fixed.set(model.name, describe(model, provider.kind))
      const connection = this.#connections.get(provider.name)
      if (model.modality === 'embedding')
        this.#embeddingModels.set(model.name, createEmbeddings(provider, model, connection))
      else this.#languageModels.set(model.name, this.#createModel(provider, model, connection))
    }
    for (const model of options.offlineModels ?? OFFLINE_MODELS) {
      if (this.#fixed.has(model.name)) continue
      this.#fixed.set(model.name, describe(model, 'offline'))
      this.#languageModels.set(model.name, new OfflineModel(model.name, model.arrangement, model))
    }
    for (const model of options.offlineEmbeddings ?? OFFLINE_EMBEDDINGS) {
      if (this.#fixed.has(model.name)) continue
      this.#fixed.set(model.name, describe(model, 'offline'))
      this.#embeddingModels.set(model.name, new OfflineEmbeddings(model.name))
    }
    this.#firstLook = setTimeout(() => void this.refresh(), FIRST_LOOK_AFTER_MS).unref()
  }

  /** All models that chat: configured ones in their order, then found ones, then the offline ones. */
  list(): CatalogModel[] {
    const fixed = [...this.#fixed.values()].filter((model) => model.modality === 'chat')
    const found = this.#found().map(({ model }) => model)
    return [...fixed.filter((model) => !model.isOffline), ...found, ...fixed.filter((model) => model.isOffline)]
  }

  /** All embedding models: configured ones in their order, then the offline one. */
  listEmbeddings(): CatalogModel[] {
    return [...this.#fixed.values()].filter((model) => model.modality === 'embedding')
  }

  /** The model of this name, if it is one of that kind: what chats is not mistaken for what makes embeddings. */
  find(name: string, modality: CatalogModel['modality'] = 'chat'): CatalogModel | undefined {
    const model = this.#fixed.get(name) ?? this.#found().find((found) => found.model.name === name)?.model
    return model?.modality === modality ? model : undefined
  }

  /**
   * The model behind a name, ready to be asked.
   *
   * @throws {NotFoundError} if the catalog has no such model.
   */
  languageModel(name: string): LanguageModel {
    const existing = this.#languageModels.get(name)
    if (existing) return existing
    const found = this.#found().find(({ model }) => model.name === name)
    if (!found) throw new NotFoundError('model', name)
    const created = this.#createModel(found.provider, found.config, this.#connections.get(found.provider.name))
    this.#languageModels.set(name, created)
    return created
  }

  /**
   * The embedding model behind a name, ready to be asked.
   *
   * @throws {NotFoundError} if the catalog has no such embedding model.
   */
  embeddingModel(name: string): EmbeddingModel {
    const model = this.#embeddingModels.get(name)
    if (!model) throw new NotFoundError('model', name)
    return model
  }

  /** What of the wished parameters this model is given, and what not. */
  acceptParameters(model: CatalogModel, wanted: GenerationParameters): AcceptedParameters {
    return acceptParameters(model, wanted)
  }

  /** US dollars for an answer, or null when the model has no price. */
  costOf(model: Pick<CatalogModel, 'pricePerMillionTokens'>, usage: ModelUsage): number | null {
    const price = model.pricePerMillionTokens
    return price && (usage.inputTokens * price.input + usage.outputTokens * price.output) / 1_000_000
  }

  /** Looks for the models of every Ollama now; listing does so by itself every half a minute. */
  async refresh(): Promise<void> {
    await Promise.all(this.#ollamas.map(({ discovery }) => discovery.look()))
  }

  /** Cancels what is under way with providers and closes their sockets. */
  async close(): Promise<void> {
    clearTimeout(this.#firstLook)
    for (const { discovery } of this.#ollamas) discovery.close()
    await Promise.all([...this.#connections.values()].map((connection) => connection.close()))
  }

  #found(): { model: CatalogModel; config: ModelConfig; provider: ProviderConfig }[] {
    return this.#ollamas.flatMap(({ provider, discovery }) =>
      discovery
        .models()
        .filter((config) => !this.#fixed.has(config.name))
        .map((config) => ({ model: describe(config, 'ollama'), config, provider })),
    )
  }
}

function describe(model: ModelConfig, kind: CatalogModel['kind']): CatalogModel {
  return {
    name: model.name,
    displayName: model.displayName ?? model.name,
    provider: model.provider,
    kind,
    isOffline: kind === 'offline',
    modality: model.modality,
    dimensions: model.dimensions ?? null,
    contextTokens: model.contextTokens,
    maxOutputTokens: model.maxOutputTokens,
    tokenizer: model.tokenizer,
    pricePerMillionTokens: model.pricePerMillionTokens ?? null,
    unsupported: [...new Set([...model.unsupported, ...unsupportedBy(kind)])],
    capabilities: model.capabilities,
  }
}

/** Adds the Ollama that most people run, unless the configuration speaks of it or takes its name. */
function withLocalOllama(providers: readonly ProviderConfig[], address: string | null): ProviderConfig[] {
  const isConfigured = providers.some(
    (provider) =>
      provider.name === 'ollama' || (provider.kind === 'ollama' && (provider.baseUrl ?? LOCAL_OLLAMA) === address),
  )
  if (address === null || isConfigured) return [...providers]
  return [
    ...providers,
    {
      name: 'ollama',
      kind: 'ollama',
      baseUrl: address,
      headers: {},
      connectTimeoutMs: 1_000,
      // A large model takes minutes to load before its first word.
      idleTimeoutMs: 300_000,
      retries: 1,
      concurrency: 16,
    },
  ]
}
