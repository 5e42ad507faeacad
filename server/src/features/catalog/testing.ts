import { type ScriptedModel, testModel, testProvider } from '../../models/testing.ts'
import { ModelCatalog } from './catalog.ts'

/** A catalog of scripted models and nothing else. */
export function scriptedCatalog(models: readonly ScriptedModel[]): ModelCatalog {
  const config = {
    providers: [testProvider({ baseUrl: 'http://127.0.0.1:9/v1' })],
    models: models.map(({ name, unsupported, contextTokens }) => testModel({ name, unsupported, contextTokens })),
  }
  return new ModelCatalog(config, {
    localOllama: null,
    offlineModels: [],
    createModel: (_provider, { name }) => models.find((model) => model.name === name)!,
  })
}
