import Fastify, { type FastifyRequest } from 'fastify'
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { ModelConfig, ProviderConfig } from '../../config.ts'
import { NotFoundError } from '../../errors.ts'
import { answer, FakeOpenAi } from '../../models/fake-openai.ts'
import { collect, testModel, testProvider, testRequest, textOf } from '../../models/testing.ts'
import { type CatalogOptions, ModelCatalog } from './catalog.ts'
import { catalogRoutes } from './routes.ts'

function catalogOf(config: { providers?: ProviderConfig[]; models?: ModelConfig[] }, options: CatalogOptions = {}) {
  const catalog = new ModelCatalog(
    { providers: config.providers ?? [], models: config.models ?? [] },
    { localOllama: null, ...options },
  )
  onTestFinished(() => catalog.close())
  return catalog
}

const names = (catalog: ModelCatalog) => catalog.list().map(({ name }) => name)
const never = () => new AbortController().signal

describe('the model catalog', () => {
  it('has two offline models when nothing is configured, and they answer', async () => {
    const catalog = catalogOf({})
    expect(names(catalog)).toEqual(['etude-extract', 'etude-outline'])
    expect(catalog.list().every((model) => model.isOffline)).toBe(true)
    const events = await collect(
      catalog.languageModel('etude-extract').stream(testRequest('hi', { parameters: { maxOutputTokens: 5 } }), never()),
    )
    expect(textOf(events)).not.toBe('')
  })

  it('serves a configured model through its provider', async () => {
    const server = await FakeOpenAi.start(answer(['fine']))
    onTestFinished(() => server.close())
    const catalog = catalogOf({ providers: [testProvider({ baseUrl: server.baseUrl })], models: [testModel()] })
    expect(names(catalog)).toEqual(['lab-small', 'etude-extract', 'etude-outline'])
    expect(catalog.find('lab-small')).toMatchObject({
      provider: 'lab',
      displayName: 'lab-small',
      isOffline: false,
      pricePerMillionTokens: null,
    })
    expect(textOf(await collect(catalog.languageModel('lab-small').stream(testRequest(), never())))).toBe('fine')
  })

  it('keeps embedding models apart from those that chat', async () => {
    const server = await FakeOpenAi.start({ json: { data: [{ embedding: [1, 2] }] } })
    onTestFinished(() => server.close())
    const catalog = catalogOf({
      providers: [testProvider({ baseUrl: server.baseUrl })],
      models: [testModel({ name: 'lab-embed', modality: 'embedding', dimensions: 2 })],
    })
    expect(names(catalog)).toEqual(['etude-extract', 'etude-outline'])
    expect(catalog.listEmbeddings().map(({ name, dimensions }) => [name, dimensions])).toEqual([
      ['lab-embed', 2],
      ['etude-embed', 1024],
    ])
    expect(catalog.find('lab-embed')).toBeUndefined()
    expect(catalog.find('lab-embed', 'embedding')).toMatchObject({ modality: 'embedding' })
    expect(catalog.find('etude-extract', 'embedding')).toBeUndefined()
    expect(() => catalog.languageModel('lab-embed')).toThrow(NotFoundError)
    expect(() => catalog.embeddingModel('etude-extract')).toThrow(NotFoundError)
    expect((await catalog.embeddingModel('lab-embed').embed(['a'], never())).vectors).toHaveLength(1)
  })

  it('knows no model by another name', () => {
    const catalog = catalogOf({})
    expect(catalog.find('gpt-99')).toBeUndefined()
    expect(() => catalog.languageModel('gpt-99')).toThrow(NotFoundError)
  })

  it('counts the cost where it knows the price', () => {
    const catalog = catalogOf({})
    const usage = { inputTokens: 2_000_000, outputTokens: 500_000 }
    expect(catalog.costOf({ pricePerMillionTokens: { input: 0.15, output: 0.6 } }, usage)).toBeCloseTo(0.6)
    expect(catalog.costOf({ pricePerMillionTokens: null }, usage)).toBeNull()
  })

  it('drops what a model cannot take, lowers what is too much, and says so', () => {
    const catalog = catalogOf({
      providers: [testProvider({ baseUrl: 'http://127.0.0.1:9' }), testProvider({ name: 'claude', kind: 'anthropic' })],
      models: [testModel({ unsupported: ['temperature'] }), testModel({ name: 'opus', provider: 'claude' })],
    })
    const wanted = { temperature: 1.5, topP: 0.9, repetitionPenalty: 1.1, maxOutputTokens: 5000, seed: 3 }
    expect(catalog.acceptParameters(catalog.find('lab-small')!, wanted)).toEqual({
      accepted: { topP: 0.9, repetitionPenalty: 1.1, maxOutputTokens: 1024, seed: 3 },
      dropped: [
        { name: 'temperature', reason: 'not supported by this model' },
        { name: 'max_completion_tokens', reason: 'lowered from 5000 to 1024, the most this model writes' },
      ],
    })
    const { accepted, dropped } = catalog.acceptParameters(catalog.find('opus')!, wanted)
    expect(accepted).toEqual({ temperature: 1, maxOutputTokens: 1024 })
    expect(dropped.map(({ name }) => name)).toEqual([
      'repetition_penalty',
      'seed',
      'max_completion_tokens',
      'temperature',
      'top_p',
    ])
    expect(wanted.maxOutputTokens).toBe(5000)
  })
})

describe('a local Ollama', () => {
  async function ollama() {
    let models = ['qwen3:8b', 'nomic-embed-text:latest']
    const server = await FakeOpenAi.start(({ path, body }) => {
      if (path === '/api/tags') return { json: { models: models.map((name) => ({ name })) } }
      if (path !== '/api/show') return answer(['from ollama'])
      if (body.model === 'nomic-embed-text:latest') return { json: { capabilities: ['embedding'] } }
      return {
        json: {
          capabilities: ['completion', 'tools'],
          model_info: { 'general.architecture': 'qwen3', 'qwen3.context_length': 40960 },
          parameters: 'num_ctx                        16384\nstop "x"',
        },
      }
    })
    onTestFinished(() => server.close())
    return { server, setModels: (next: string[]) => (models = next) }
  }

  it('is found by itself, and its chat models can be asked', async () => {
    const { server } = await ollama()
    const catalog = catalogOf({}, { localOllama: server.origin })
    expect(names(catalog)).not.toContain('ollama/qwen3:8b')
    await vi.waitFor(() => expect(names(catalog)).toEqual(['ollama/qwen3:8b', 'etude-extract', 'etude-outline']))
    expect(catalog.find('ollama/qwen3:8b')).toMatchObject({
      contextTokens: 16384,
      maxOutputTokens: 8192,
      capabilities: { tools: true, images: false },
      unsupported: ['top_k', 'repetition_penalty'],
    })
    expect(textOf(await collect(catalog.languageModel('ollama/qwen3:8b').stream(testRequest(), never())))).toBe(
      'from ollama',
    )
    expect(server.requests.at(-1)).toMatchObject({ path: '/v1/chat/completions', body: { model: 'qwen3:8b' } })
  })

  it('is looked at again when asked, and loses models that are gone', async () => {
    const { server, setModels } = await ollama()
    const catalog = catalogOf({}, { localOllama: server.origin })
    await catalog.refresh()
    setModels(['gemma3:4b'])
    await catalog.refresh()
    expect(names(catalog)[0]).toBe('ollama/gemma3:4b')
  })

  it('does not hide a configured model of the same name', async () => {
    const { server } = await ollama()
    const provider = testProvider({ name: 'ollama', kind: 'ollama', baseUrl: server.origin })
    const catalog = catalogOf({
      providers: [provider],
      models: [testModel({ name: 'ollama/qwen3:8b', provider: 'ollama', contextTokens: 32768 })],
    })
    await catalog.refresh()
    expect(names(catalog)).toEqual(['ollama/qwen3:8b', 'etude-extract', 'etude-outline'])
    expect(catalog.find('ollama/qwen3:8b')?.contextTokens).toBe(32768)
  })

  it.each([
    ['nobody answers', null],
    ['it hangs', { hangs: true }],
    ['it is something else', { body: '<html>' }],
  ])('is not missed when %s', async (_what, reply) => {
    const server = await FakeOpenAi.start(reply ?? {})
    const { origin } = server
    if (reply === null) await server.close()
    else onTestFinished(() => server.close())
    const catalog = catalogOf({}, { localOllama: origin })
    await catalog.refresh()
    expect(names(catalog)).toEqual(['etude-extract', 'etude-outline'])
  })
})

describe('GET /models', () => {
  async function get(url: string, allowedModels: string[] | null = null) {
    const app = Fastify()
    onTestFinished(() => app.close())
    app.setValidatorCompiler(validatorCompiler)
    app.setSerializerCompiler(serializerCompiler)
    app.decorateRequest('person')
    app.addHook('onRequest', async (request) => {
      request.person = { personId: 1, handle: 'mina', name: 'Mina', isAdmin: false } as FastifyRequest['person']
    })
    await app.register(catalogRoutes(catalogOf({}), { getRunnable: async () => ({ allowedModels }) }))
    return app.inject(url)
  }

  it('lists the models page by page', async () => {
    expect((await get('/models')).json()).toMatchObject({ total: 2, page: 1, size: 50 })
    const { items, total } = (await get('/models?page=2&size=1')).json()
    expect(total).toBe(2)
    const embeddings = (await get('/models?modality=embedding')).json().items
    expect(embeddings).toMatchObject([{ model_name: 'etude-embed', modality: 'embedding', dimensions: 1024 }])
    expect(items).toEqual([
      {
        model_name: 'etude-outline',
        display_name: 'Etude Outline (offline)',
        provider: 'offline',
        modality: 'chat',
        dimensions: null,
        is_offline: true,
        context_tokens: 32_768,
        max_output_tokens: 2048,
        tokenizer: 'estimate',
        price_per_million_tokens: { input: 0, output: 0 },
        unsupported: [
          'top_p',
          'top_k',
          'frequency_penalty',
          'presence_penalty',
          'repetition_penalty',
          'reasoning_effort',
        ],
        capabilities: { tools: true, images: false, json: true },
      },
    ])
  })

  it('lists only what a class may ask', async () => {
    const { items } = (await get('/models?class_id=3', ['etude-extract', 'gone'])).json()
    expect(items.map((item: { model_name: string }) => item.model_name)).toEqual(['etude-extract'])
  })

  it.each(['page=0', 'size=201', 'class_id=x', 'colour=red'])('refuses %s', async (query) => {
    expect((await get(`/models?${query}`)).statusCode).toBe(400)
  })
})
