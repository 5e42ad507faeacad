import type { ModelConfig, ProviderConfig } from '../config.ts'
import { AiSdkModel } from './ai-sdk.ts'
import type { LanguageModel } from './language-model.ts'
import { OpenAiCompatibleModel } from './openai-compatible.ts'
import { ProviderConnection } from './provider-connection.ts'

/**
 * The adapter for a configured model.
 *
 * @param connection what all models of the provider share; without it this one has sockets and limits of its own.
 */
export function createLanguageModel(
  provider: ProviderConfig,
  model: ModelConfig,
  connection: ProviderConnection = new ProviderConnection(provider),
): LanguageModel {
  switch (provider.kind) {
    case 'openai-compatible':
      return new OpenAiCompatibleModel(connection, model)
    case 'ollama':
      // Ollama's address is that of its own API; the compatible one is below it.
      return new OpenAiCompatibleModel(connection, model, /\/v1$/.test(connection.baseUrl.pathname) ? '' : '/v1')
    case 'anthropic':
    case 'google':
      return new AiSdkModel(connection, model)
  }
}
