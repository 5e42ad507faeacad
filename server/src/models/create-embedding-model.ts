import type { ModelConfig, ProviderConfig } from '../config.ts'
import type { EmbeddingModel } from './embedding-model.ts'
import { OpenAiCompatibleEmbeddings } from './openai-compatible-embeddings.ts'
import { ProviderConnection } from './provider-connection.ts'

/**
 * The adapter for a configured embedding model.
 *
 * @param connection what all models of the provider share; without it this one has sockets and limits of its own.
 */
export function createEmbeddingModel(
  provider: ProviderConfig,
  model: ModelConfig,
  connection: ProviderConnection = new ProviderConnection(provider),
): EmbeddingModel {
  switch (provider.kind) {
    case 'openai-compatible':
      return new OpenAiCompatibleEmbeddings(connection, model)
    case 'ollama':
      // Ollama's address is that of its own API; the compatible one is below it.
      return new OpenAiCompatibleEmbeddings(connection, model, /\/v1$/.test(connection.baseUrl.pathname) ? '' : '/v1')
    case 'anthropic':
    case 'google':
      throw new Error(`${provider.kind} models make no embeddings here; the configuration does not allow it.`)
  }
}
