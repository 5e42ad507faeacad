import OpenAI from 'openai'
import { onTestFinished } from 'vitest'
import type { ModelConfig } from '../../config.ts'
import type { Database } from '../../db/open.ts'
import { FakeOpenAi, type FakeReply } from '../../models/fake-openai.ts'
import { testModel, testProvider } from '../../models/testing.ts'
import { appForTest } from '../../testing.ts'
import { ModelCatalog } from '../catalog/catalog.ts'

/**
 * The whole application, listening, in front of a provider that answers as told; and a client of it as people use it.
 *
 * Its models are `lab` and `lab-embed` of that provider, and the offline ones.
 */
export async function openAiForTest(
  database: Database,
  replies: FakeReply[] | ((body: Record<string, unknown>, index: number) => FakeReply),
  { model = {}, requestsPerMinute = 0 }: { model?: Partial<ModelConfig>; requestsPerMinute?: number } = {},
) {
  const provider =
    typeof replies === 'function'
      ? await FakeOpenAi.start(({ body }, index) => replies(body, index))
      : await FakeOpenAi.start(...replies)
  const catalog = new ModelCatalog(
    {
      providers: [testProvider({ baseUrl: provider.baseUrl, apiKey: 'sk-of-the-provider' })],
      models: [testModel({ name: 'lab', ...model }), testModel({ name: 'lab-embed', modality: 'embedding' })],
    },
    { localOllama: null },
  )
  const test = await appForTest(database, [], { catalog, requestsPerMinute })
  const url = `${await test.app.listen({ port: 0, host: '127.0.0.1' })}/v1/openai`
  onTestFinished(async () => {
    await catalog.close()
    await provider.close()
  })
  const { authorization } = await test.person('mina')
  const client = new OpenAI({ apiKey: authorization.replace('Bearer ', ''), baseURL: url, maxRetries: 0 })

  /** Sends what no package would send. */
  async function post(path: string, body: unknown, headers: Record<string, string> = {}) {
    const response = await fetch(url + path, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
    return { status: response.status, headers: response.headers, text: await response.text() }
  }
  const recorded = async () => {
    await test.services.gateway.settled()
    return database.db.selectFrom('gateway_calls').selectAll().orderBy('call_id').execute()
  }
  return { ...test, url, authorization, provider, client, post, recorded }
}
