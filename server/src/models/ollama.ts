import type { ModelConfig } from '../config.ts'
import type { ProviderConnection } from './provider-connection.ts'

/** How long a whole look may take, and how long what was seen is believed, in milliseconds. */
const LOOK_TIMEOUT_MS = 1_000
const BELIEVED_MS = 30_000
/** Nobody has more models than this; the rest is not looked at. */
const MOST_MODELS = 200
/** The window that Ollama gives a model which asks for none, however long a text the model could take. */
const DEFAULT_CONTEXT_TOKENS = 4096

/**
 * Finds the models of an Ollama that may or may not be running.
 *
 * Looking never delays anyone: `models` tells what is known, and looks again in the background when that is old.
 */
export class OllamaDiscovery {
  readonly #connection: ProviderConnection
  readonly #now: () => number
  #models: ModelConfig[] = []
  #lookedAt = Number.NEGATIVE_INFINITY
  #looking: Promise<void> | undefined
  readonly #closed = new AbortController()

  constructor(connection: ProviderConnection, now: () => number = Date.now) {
    this.#connection = connection
    this.#now = now
  }

  /** What was found last; empty where no Ollama runs. */
  models(): readonly ModelConfig[] {
    if (this.#now() - this.#lookedAt > BELIEVED_MS) void this.look()
    return this.#models
  }

  /** Looks now. Never fails: where nobody answers there are no models. */
  look(): Promise<void> {
    if (this.#closed.signal.aborted) return Promise.resolve()
    this.#looking ??= this.#lookOnce().finally(() => {
      this.#looking = undefined
    })
    return this.#looking
  }

  close(): void {
    this.#closed.abort()
  }

  async #lookOnce(): Promise<void> {
    this.#lookedAt = this.#now()
    const until = AbortSignal.any([this.#closed.signal, AbortSignal.timeout(LOOK_TIMEOUT_MS)])
    try {
      const { models } = (await this.#fetch('GET', '/api/tags', undefined, until)) as { models?: unknown }
      const names = (Array.isArray(models) ? models : [])
        .slice(0, MOST_MODELS)
        .map((model) => String(model?.name ?? ''))
      const known = new Map(this.#models.map((model) => [model.model, model]))
      const found = await Promise.all(
        names.filter(Boolean).map(async (name) => known.get(name) ?? this.#describe(name, until)),
      )
      this.#models = found.filter((model) => model !== undefined)
    } catch {
      // Not there, too slow, or not an Ollama: all the same to us.
      if (!this.#closed.signal.aborted) this.#models = []
    }
  }

  /** A model's entry, or undefined for one that does not chat. */
  async #describe(name: string, until: AbortSignal): Promise<ModelConfig | undefined> {
    const shown = (await this.#fetch('POST', '/api/show', { model: name }, until).catch(() => ({}))) as OllamaModel
    const capabilities = shown.capabilities
    if (Array.isArray(capabilities) && !capabilities.includes('completion')) return undefined
    const can = (what: string) => Array.isArray(capabilities) && capabilities.includes(what)
    const contextTokens = contextTokensOf(shown)
    return {
      name: `${this.#connection.name}/${name}`,
      displayName: `${name} (Ollama)`,
      provider: this.#connection.name,
      model: name,
      modality: 'chat',
      contextTokens,
      maxOutputTokens: Math.floor(contextTokens / 2),
      tokenizer: 'estimate',
      pricePerMillionTokens: { input: 0, output: 0 },
      unsupported: [],
      capabilities: { tools: can('tools'), images: can('vision'), json: true },
    }
  }

  async #fetch(method: string, path: string, body: object | undefined, signal: AbortSignal): Promise<unknown> {
    const { fetch, pool } = await this.#connection.undici()
    const { origin, pathname } = this.#connection.baseUrl
    const response = await fetch(`${origin}${pathname.replace(/\/(v1\/?)?$/, '')}${path}`, {
      method,
      signal,
      dispatcher: pool,
      redirect: 'error',
      headers: { ...this.#connection.config.headers },
      ...(body && { body: JSON.stringify(body) }),
    })
    if (!response.ok) throw new Error(`HTTP ${response.status}`)
    return response.json()
  }
}

type OllamaModel = { capabilities?: unknown; model_info?: Record<string, unknown>; parameters?: unknown }

/**
 * The window that requests really get: `num_ctx` where the model's file sets it, else Ollama's default, and never more
 * than the model was made for. A larger one is declared by a model entry in the configuration.
 */
function contextTokensOf({ model_info: info = {}, parameters }: OllamaModel): number {
  const madeFor = Object.entries(info).find(([key]) => key.endsWith('.context_length'))?.[1]
  const set = typeof parameters === 'string' ? /^\s*num_ctx\s+(\d+)/m.exec(parameters)?.[1] : undefined
  const wanted = set === undefined ? DEFAULT_CONTEXT_TOKENS : Number(set)
  return Math.max(256, typeof madeFor === 'number' ? Math.min(wanted, madeFor) : wanted)
}
