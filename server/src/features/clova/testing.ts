import type { ModelConfig } from '../../config.ts'
import type { Database } from '../../db/open.ts'
import type { EmbeddingModel } from '../../models/embedding-model.ts'
import { OFFLINE_MODELS } from '../../models/offline.ts'
import { type ScriptedModel, testModel, testProvider } from '../../models/testing.ts'
import { appForTest } from '../../testing.ts'
import { ModelCatalog } from '../catalog/catalog.ts'

/** One event as CLOVA Studio sends it. */
export type ClovaEvent = { id: string; type: string; data: Record<string, unknown> }

/** A scripted model behind a name of CLOVA Studio's catalogue. */
export type MappedModel = { model: ScriptedModel; config?: Partial<ModelConfig> }

/** The application with models as an administrator maps them, and somebody who asks with the old pair of keys. */
export async function clovaApp(
  database: Database,
  {
    requestsPerMinute = 0,
    outboundAllow = [],
    ...mapping
  }: Mapping & { requestsPerMinute?: number; outboundAllow?: string[] },
) {
  const { app, person, services } = await appForTest(database, [], {
    catalog: mappedCatalog(mapping),
    requestsPerMinute,
    outboundAllow,
  })
  const { authorization, somebody } = await person('mina')
  const key = authorization.replace('Bearer ', '')

  /** Sends a body as it is, or an object as JSON, with the headers of the sliding window's documentation. */
  const post = (url: string, body: object | string, headers: Record<string, string> = {}) =>
    app.inject({
      method: 'POST',
      url,
      headers: {
        'X-NCP-CLOVASTUDIO-API-KEY': key,
        'X-NCP-APIGW-API-KEY': 'anything',
        'Content-Type': 'application/json',
        ...headers,
      },
      payload: typeof body === 'string' ? body : JSON.stringify(body),
    })
  const stream = (url: string, body: object) => post(url, body, { accept: 'text/event-stream' })
  return { app, services, person, somebody, key, post, stream }
}

type Mapping = {
  models: MappedModel[]
  embeddings?: EmbeddingModel[]
  /** Whether the offline models are there too. */
  offline?: boolean
}

function mappedCatalog({ models, embeddings = [], offline = false }: Mapping): ModelCatalog {
  const config = {
    providers: [testProvider({ baseUrl: 'http://127.0.0.1:9/v1' })],
    models: [
      ...models.map(({ model: { name, unsupported }, config: more }) => testModel({ name, unsupported, ...more })),
      ...embeddings.map(({ name }) => testModel({ name, modality: 'embedding' })),
    ],
  }
  return new ModelCatalog(config, {
    localOllama: null,
    offlineModels: offline ? OFFLINE_MODELS : [],
    offlineEmbeddings: [],
    createModel: (_provider, { name }) => models.find(({ model }) => model.name === name)!.model,
    createEmbeddings: (_provider, { name }) => embeddings.find((model) => model.name === name)!,
  })
}

/** Reads events strictly: each has exactly an id, a type and one line of JSON, in this order. */
export function parseClovaEvents(body: string): ClovaEvent[] {
  return body
    .split('\n\n')
    .filter((part) => part !== '' && !part.startsWith(':'))
    .map((part) => {
      const [, id, type, data] = /^id: (.+)\nevent: (.+)\ndata: (.+)$/.exec(part) ?? []
      if (id === undefined || type === undefined || data === undefined) throw new Error(`not an event: ${part}`)
      return { id, type, data: JSON.parse(data) }
    })
}
