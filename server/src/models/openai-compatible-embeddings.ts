import type { ModelConfig } from '../config.ts'
import type { EmbeddingModel, Embeddings } from './embedding-model.ts'
import { lowerCaseKeys } from './openai-compatible.ts'
import type { ProviderConnection } from './provider-connection.ts'
import { failureOfConnection, failureOfReply, ProviderFailure, protocolFailure } from './provider-failure.ts'

/** A model behind `POST {baseUrl}/embeddings`. */
export class OpenAiCompatibleEmbeddings implements EmbeddingModel {
  readonly name: string
  readonly #model: ModelConfig
  readonly #connection: ProviderConnection
  readonly #path: string
  readonly #headers: Record<string, string>

  /** @param basePath goes between the provider's base URL and `/embeddings`. */
  constructor(connection: ProviderConnection, model: ModelConfig, basePath = '') {
    const { baseUrl, config } = connection
    this.name = model.name
    this.#model = model
    this.#connection = connection
    this.#path = `${baseUrl.pathname.replace(/\/+$/, '')}${basePath}/embeddings${baseUrl.search}`
    this.#headers = {
      'content-type': 'application/json',
      accept: 'application/json',
      ...(config.apiKey && { authorization: `Bearer ${config.apiKey}` }),
      ...lowerCaseKeys(config.headers),
    }
  }

  async embed(texts: readonly string[], signal: AbortSignal): Promise<Embeddings> {
    const { model, dimensions } = this.#model
    // Floats, because not every server knows base64.
    const body = JSON.stringify({ model, input: texts, encoding_format: 'float', dimensions })
    return this.#connection.policy.run(signal, () => this.#ask(body, texts.length, signal))
  }

  async #ask(body: string, count: number, signal: AbortSignal): Promise<Embeddings> {
    const connection = this.#connection
    try {
      const { pool } = await connection.undici()
      const reply = await pool.request({ path: this.#path, method: 'POST', headers: this.#headers, body, signal })
      const text = await reply.body.text()
      if (reply.statusCode >= 400)
        throw failureOfReply(connection, { status: reply.statusCode, body: text, headers: reply.headers })
      if (reply.statusCode >= 300)
        throw protocolFailure(
          connection,
          `redirects elsewhere, which is not followed (HTTP ${reply.statusCode})`,
          String(reply.headers.location ?? ''),
        )
      return this.#read(text, count)
    } catch (error) {
      signal.throwIfAborted()
      throw error instanceof ProviderFailure ? error : failureOfConnection(connection, error)
    }
  }

  /** @throws {ProviderFailure} `protocol_error` unless there is one vector for each text, all of the right length. */
  #read(text: string, count: number): Embeddings {
    const wrong = (what: string) => protocolFailure(this.#connection, what, text.slice(0, 500))
    let reply: { data?: unknown; usage?: { prompt_tokens?: unknown; total_tokens?: unknown } | null }
    try {
      reply = JSON.parse(text)
    } catch {
      throw wrong('answered with something other than JSON')
    }
    const data = reply?.data
    if (!Array.isArray(data) || data.length !== count)
      throw wrong(`sent ${Array.isArray(data) ? data.length : 'no'} vectors for ${count} texts`)
    const vectors: Float32Array[] = []
    for (const [place, item] of data.entries()) {
      const index = typeof item?.index === 'number' ? item.index : place
      const vector = toVector(item?.embedding)
      if (!vector || !Number.isInteger(index) || index < 0 || index >= count || vectors[index])
        throw wrong('sent a vector that cannot be read')
      vectors[index] = vector
    }
    const length = this.#model.dimensions ?? vectors[0]?.length
    const misfit = vectors.find((vector) => vector.length !== length)
    if (misfit) throw wrong(`sent a vector of ${misfit.length} dimensions instead of ${length}`)
    const tokens = reply.usage?.prompt_tokens ?? reply.usage?.total_tokens
    return { vectors, inputTokens: typeof tokens === 'number' && tokens >= 0 ? Math.round(tokens) : undefined }
  }
}

/** Floats, or little-endian float32 in base64, as some servers send whatever they were asked for. */
function toVector(embedding: unknown): Float32Array | undefined {
  if (typeof embedding === 'string') {
    const bytes = Uint8Array.from(Buffer.from(embedding, 'base64'))
    return bytes.length === 0 || bytes.length % 4 !== 0 ? undefined : finite(new Float32Array(bytes.buffer))
  }
  if (!Array.isArray(embedding) || embedding.length === 0) return undefined
  return embedding.every((number) => typeof number === 'number') ? finite(Float32Array.from(embedding)) : undefined
}

function finite(vector: Float32Array): Float32Array | undefined {
  return vector.every(Number.isFinite) ? vector : undefined
}
