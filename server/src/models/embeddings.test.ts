import { describe, expect, it, onTestFinished } from 'vitest'
import { createEmbeddingModel } from './create-embedding-model.ts'
import { FakeOpenAi, type FakeReply } from './fake-openai.ts'
import { OfflineEmbeddings } from './offline-embeddings.ts'
import { ProviderConnection } from './provider-connection.ts'
import { testModel, testProvider } from './testing.ts'

const never = () => new AbortController().signal
const vectors = (...embeddings: unknown[]): FakeReply => ({
  json: { data: embeddings.map((embedding, index) => ({ index, embedding })), usage: { prompt_tokens: 7 } },
})

async function serve(replies: FakeReply[], options: { dimensions?: number; retries?: number } = {}) {
  const server = await FakeOpenAi.start(...replies)
  const provider = testProvider({ baseUrl: server.baseUrl, apiKey: 'sk-secret-1234567', retries: options.retries ?? 0 })
  const connection = new ProviderConnection(provider, () => 0)
  onTestFinished(async () => {
    await connection.close()
    await server.close()
  })
  const { dimensions } = options
  const model = createEmbeddingModel(
    provider,
    testModel({ name: 'embed', model: 'e-1', modality: 'embedding', ...(dimensions && { dimensions }) }),
    connection,
  )
  return { server, model }
}

describe('embeddings of an OpenAI-compatible server', () => {
  it('come in the order of the texts, whatever the order of the reply', async () => {
    const { server, model } = await serve([
      {
        json: {
          data: [
            { index: 1, embedding: [3, 4] },
            { index: 0, embedding: [1, 2] },
          ],
          usage: { prompt_tokens: 9 },
        },
      },
    ])
    const made = await model.embed(['a', 'b'], never())
    expect(made.vectors.map((vector) => [...vector])).toEqual([
      [1, 2],
      [3, 4],
    ])
    expect(made.inputTokens).toBe(9)
    expect(server.requests[0]).toMatchObject({
      method: 'POST',
      path: '/v1/embeddings',
      headers: { authorization: 'Bearer sk-secret-1234567' },
      body: { model: 'e-1', input: ['a', 'b'], encoding_format: 'float' },
    })
    expect(server.requests[0]?.body).not.toHaveProperty('dimensions')
  })

  it('are read from base64 too, and asked for with the configured dimensions', async () => {
    const base64 = Buffer.from(Float32Array.of(0.5, -2).buffer).toString('base64')
    const { server, model } = await serve([vectors(base64)], { dimensions: 2 })
    expect([...((await model.embed(['a'], never())).vectors[0] ?? [])]).toEqual([0.5, -2])
    expect(server.requests[0]?.body).toMatchObject({ dimensions: 2 })
  })

  it.each([
    ['fewer vectors than texts', vectors([1, 2])],
    ['vectors of different lengths', vectors([1, 2], [1])],
    ['something that is no number', vectors([1, 2], [1, 'x'])],
    ['the same place twice', { json: { data: [0, 0].map((index) => ({ index, embedding: [1] })) } }],
    ['no data', { json: { object: 'list' } }],
    ['no JSON', { body: '<html>' }],
  ])('are a protocol error when the server sends %s', async (_, reply) => {
    const { model } = await serve([reply])
    await expect(model.embed(['a', 'b'], never())).rejects.toMatchObject({ code: 'protocol_error' })
  })

  it('fail in our words, with the key taken out of the provider’s', async () => {
    const { model } = await serve([{ status: 401, json: { error: { message: 'bad key sk-secret-1234567' } } }])
    const failure = await model.embed(['a'], never()).catch((error) => error)
    expect(failure.code).toBe('invalid_credentials')
    expect(failure.providerMessage).toContain('bad key')
    expect(failure.providerMessage).not.toContain('secret')
  })

  it('are asked for again when the server fails for a moment', async () => {
    const { server, model } = await serve([{ status: 503 }, vectors([1])], { retries: 1 })
    expect((await model.embed(['a'], never())).vectors).toHaveLength(1)
    expect(server.requests).toHaveLength(2)
  })

  it('are cancelled at the provider when nobody waits for them', async () => {
    const { server, model } = await serve([{ hangs: true }])
    const leaving = new AbortController()
    const made = model.embed(['a'], leaving.signal)
    await expect.poll(() => server.active).toBe(1)
    leaving.abort(new Error('left'))
    await expect(made).rejects.toThrow('left')
    await expect.poll(() => server.abandoned).toBe(1)
  })
})

describe('the offline embeddings', () => {
  const embed = async (...texts: string[]) => (await new OfflineEmbeddings('etude-embed').embed(texts, never())).vectors
  const likeness = (one: Float32Array, other: Float32Array) =>
    one.reduce((sum, number, index) => sum + number * other[index]!, 0)

  it('are the same for the same text, 1,024 numbers of length 1', async () => {
    const [one, again] = await embed('The refund takes five days.', 'The refund takes five days.')
    expect(one).toEqual(again)
    expect(one).toHaveLength(1024)
    expect(likeness(one!, one!)).toBeCloseTo(1)
  })

  it.each([
    ['refund of an order', 'How can I get a refund for my order?', 'The weather in Busan is fine today.'],
    ['환불 규정', '환불이 되나요? 규정을 알려 주세요.', '오늘 부산의 날씨는 맑습니다.'],
    ['返金の規定', '返金はできますか。規定を教えてください。', '今日の釜山の天気は晴れです。'],
  ])('are nearer to a text that shares words: %s', async (query, near, far) => {
    const [asked, one, other] = await embed(query, near, far)
    expect(likeness(asked!, one!)).toBeGreaterThan(likeness(asked!, other!) + 0.1)
  })

  it('are there for texts of nothing but signs, and for very long ones', async () => {
    for (const vector of await embed('…', '🙂', ' ', '\ud83d', 'word '.repeat(200_000), '가'.repeat(300_000)))
      expect(likeness(vector, vector)).toBeCloseTo(1)
  })
})
