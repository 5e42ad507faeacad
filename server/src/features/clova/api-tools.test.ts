import { describe, expect, it } from 'vitest'
import { testDatabases } from '../../db/testing.ts'
import type { EmbeddingModel } from '../../models/embedding-model.ts'
import { ModelError } from '../../models/model-error.ts'
import { ScriptedModel } from '../../models/testing.ts'
import { clovaApp } from './testing.ts'

type Message = { role: string; content: string }

/** Names of CLOVA Studio's catalogue, mapped to models with a small window that nobody asks. */
function small(contextTokens = 400, maxOutputTokens = 200) {
  const model = new ScriptedModel('HCX-003', [{ type: 'text-delta', text: 'fine' }])
  return { models: [{ model, config: { contextTokens, maxOutputTokens } }] }
}

function embedder(name = 'bge-m3', inputTokens: number | undefined = 3): EmbeddingModel & { texts: string[] } {
  const texts: string[] = []
  return {
    name,
    texts,
    async embed(asked) {
      texts.push(...asked)
      return { vectors: asked.map(() => Float32Array.of(0.5, -0.25)), inputTokens }
    },
  }
}

/** Turns of a question and an answer, oldest first. */
function turns(count: number, question = 'What is the capital of a country?'): Message[] {
  return Array.from({ length: count }, (_, turn) => [
    { role: 'user', content: `${turn}: ${question}` },
    { role: 'assistant', content: `${turn}: It is the city with the government.` },
  ]).flat()
}

const SLIDING = '/v1/api-tools/sliding/chat-messages/HCX-003'

describe.each(testDatabases)('the sliding window on $name', ({ open }) => {
  async function sliding(mapping = small()) {
    const { post, ...rest } = await clovaApp(await open(), mapping)
    const slide = async (messages: object[], maxTokens?: unknown) =>
      (await post(SLIDING, { maxTokens, messages })).json()
    /** What the messages take, by the numbers that the tokenizer gives to everybody. */
    const tokensOf = async (messages: Message[]) => {
      const counted = (await post('/v1/api-tools/chat-tokenize/HCX-003', { messages })).json()
      return counted.result.messages.reduce((sum: number, { count }: { count: number }) => sum + count, 0)
    }
    return { post, slide, tokensOf, ...rest }
  }

  it('answers the documented request as documented', async () => {
    const { app, key } = await sliding()
    const reply = await app.inject({
      method: 'POST',
      url: SLIDING,
      headers: {
        'X-NCP-CLOVASTUDIO-API-KEY': key,
        'X-NCP-APIGW-API-KEY': '<X-NCP-APIGW-API-KEY>',
        'X-NCP-CLOVASTUDIO-REQUEST-ID': '<X-NCP-CLOVASTUDIO-REQUEST-ID>',
        'Content-Type': 'application/json',
      },
      payload: `{
          "maxTokens" : 200,
          "messages" : [ {
            "role" : "user",
            "content" : "hello"
          } ]
    }`,
    })
    expect(reply.statusCode).toBe(200)
    expect(reply.json()).toEqual({
      status: { code: '20000', message: 'OK' },
      result: { messages: [{ role: 'user', content: 'hello' }] },
    })
    expect(reply.headers['x-ncp-clovastudio-request-id']).toBe('<X-NCP-CLOVASTUDIO-REQUEST-ID>')
    expect(reply.headers['content-type']).toBe('application/json; charset=utf-8')
  })

  it('changes nothing while messages and answer fit, to the last token', async () => {
    const { slide, tokensOf } = await sliding()
    const messages = turns(8)
    const room = 400 - (await tokensOf(messages))
    expect(room).toBeGreaterThan(0)
    // The beginning of the answer takes a few tokens of the chat template.
    const fits = await mostThatFits(
      async (maxTokens) => (await slide(messages, maxTokens)).result.messages.length === 16,
    )
    expect(room - fits).toBeGreaterThanOrEqual(0)
    expect(room - fits).toBeLessThan(10)
    expect((await slide(messages, fits)).result.messages).toEqual(messages)
    expect((await slide(messages, fits + 1)).result.messages).toEqual(messages.slice(2))
  })

  it('drops the fewest whole turns, oldest first, and no system message', async () => {
    const { slide, tokensOf } = await sliding()
    const system = [
      { role: 'system', content: 'Answer in one sentence.' },
      { role: 'system', content: 'Be kind.' },
    ]
    const history = turns(40)
    const messages = [
      system[0]!,
      ...history.slice(0, 6),
      system[1]!,
      ...history.slice(6),
      { role: 'user', content: 'Go on.' },
    ]
    const { result } = await slide(messages, 100)
    const kept: Message[] = result.messages
    const rest = kept.filter(({ role }) => role !== 'system')
    expect(kept.filter(({ role }) => role === 'system')).toEqual(system)
    expect(rest[0]?.role).toBe('user')
    expect(rest).toEqual([...history, messages.at(-1)].slice(-rest.length))
    expect(rest.length).toBeLessThan(81)

    const used = await tokensOf(kept)
    const nextTurn = await tokensOf(history.slice(80 - rest.length - 1, 80 - rest.length + 1))
    expect(used + 100).toBeLessThanOrEqual(400)
    expect(used + nextTurn + 100).toBeGreaterThan(400 - 10)
  })

  it('gives what Chat Completions takes unchanged with the same maxTokens', async () => {
    const { slide, post } = await sliding()
    for (const maxTokens of [1, 50, 200]) {
      const { result } = await slide([...turns(40), { role: 'user', content: 'Go on.' }], maxTokens)
      const body = { messages: result.messages, maxTokens }
      expect((await post('/v1/chat-completions/HCX-003', body)).json().status.code).toBe('20000')
    }
    const whole = { messages: [...turns(40), { role: 'user', content: 'Go on.' }], maxTokens: 50 }
    expect((await post('/v1/chat-completions/HCX-003', whole)).json().status.code).toBe('40003')
  })

  it('never parts a tool call from its answer', async () => {
    const { slide } = await sliding()
    const call = { id: 'c1', type: 'function', function: { name: 'look', arguments: { at: 'sky' } } }
    const turn = [
      { role: 'user', content: 'Look.' },
      { role: 'assistant', content: '', toolCalls: [call] },
      { role: 'tool', toolCallId: 'c1', content: 'blue' },
      { role: 'assistant', content: 'It is blue.' },
    ]
    expect((await slide([...turns(40), ...turn], 100)).result.messages.slice(-4)).toEqual(turn)
    for (const maxTokens of [10, 60, 110, 160, 200]) {
      const { result } = await slide([...turns(3), ...turn, ...turns(6)], maxTokens)
      const roles = result.messages.map(({ role }: Message) => role)
      expect(roles.includes('tool')).toBe(result.messages.some((message: object) => 'toolCalls' in message))
    }
  })

  it('refuses what cannot fit: the last turn, the system messages, or assistants that never got a question', async () => {
    const { slide } = await sliding()
    const long = 'many words '.repeat(300)
    for (const messages of [
      [...turns(2), { role: 'user', content: long }],
      [{ role: 'system', content: long }, ...turns(1)],
      [{ role: 'assistant', content: long }],
      [
        { role: 'user', content: 'short' },
        { role: 'assistant', content: long },
      ],
    ])
      expect((await slide(messages, 100)).status).toEqual({
        code: '40003',
        message: expect.stringContaining('Context length exceeded'),
      })
    const assistants = [
      { role: 'assistant', content: 'Welcome.' },
      { role: 'assistant', content: 'Ask me.' },
    ]
    expect((await slide(assistants, 100)).result.messages).toEqual(assistants)
  })

  it('keeps 100 tokens when maxTokens is missing, and refuses any that is out of range', async () => {
    const { slide } = await sliding()
    const messages = turns(40)
    expect((await slide(messages)).result).toEqual((await slide(messages, 100)).result)
    expect((await slide(messages, null)).result).toEqual((await slide(messages, 100)).result)
    for (const maxTokens of [0, -1, 201, 1.5, '200', true, [], 1e300])
      expect((await slide(messages, maxTokens)).status.code, String(maxTokens)).toBe('40001')
  })

  it('knows the limit of each model', async () => {
    const hcx = small().models
    const dash = {
      model: new ScriptedModel('HCX-DASH-001', []),
      config: { contextTokens: 4096, maxOutputTokens: 4096 },
    }
    const { post } = await clovaApp(await open(), { models: [...hcx, dash] })
    const messages = turns(40)
    const kept = async (name: string, maxTokens: number) =>
      (await post(`/v1/api-tools/sliding/chat-messages/${name}`, { messages, maxTokens })).json().result?.messages
        .length
    expect(await kept('HCX-DASH-001', 200)).toBe(80)
    expect(await kept('HCX-003', 200)).toBeLessThan(20)
    expect(await kept('HCX-DASH-001', 4000)).toBeLessThan(10)
    expect(await kept('HCX-DASH-001', 4097)).toBe(undefined)
  })

  it('takes ten thousand messages, and texts that are not well-formed, back as they came', async () => {
    const { post, slide } = await sliding()
    const { result } = await slide(turns(5000), 100)
    expect(result.messages.at(-1).content).toContain('4999: ')
    const body = '{"messages":[{"role":"user","content":"a\\ud83d\\u0000b"}],"maxTokens":1}'
    expect((await post(SLIDING, body)).json().result.messages).toEqual([{ role: 'user', content: 'a\ud83d\u0000b' }])
  })

  it('is found under every path that clients use', async () => {
    const { post } = await sliding()
    const body = { maxTokens: 200, messages: [{ role: 'user', content: 'hello' }] }
    for (const url of [`/testapp${SLIDING}`, `/serviceapp${SLIDING}`, `${SLIDING}/a1b2`, `/testapp${SLIDING}/a1b2`])
      expect((await post(url, body)).json().result, url).toEqual({ messages: body.messages })
  })
})

/** The largest number for which a promise is kept, between 1 and 200. */
async function mostThatFits(fits: (maxTokens: number) => Promise<boolean>): Promise<number> {
  let [low, high] = [1, 200]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (await fits(middle)) low = middle
    else high = middle - 1
  }
  return low
}

describe.each(testDatabases)('the tokenizers on $name', ({ open }) => {
  it('count each message in version 1', async () => {
    const { post } = await clovaApp(await open(), small())
    const messages = [
      { role: 'system', content: '' },
      { role: 'user', content: '안녕하세요, 오늘 날씨가 어때요?' },
      { role: 'assistant', content: 'Fine.' },
    ]
    const reply = await post('/testapp/v1/api-tools/chat-tokenize/HCX-003/a1b2', { messages })
    const counted = reply.json()
    expect(counted.status.code).toBe('20000')
    expect(counted.result.messages.map(({ count, ...message }: { count: number }) => message)).toEqual(messages)
    const [empty, korean, english] = counted.result.messages.map(({ count }: { count: number }) => count)
    expect(empty).toBeLessThan(english)
    expect(english).toBeLessThan(korean)
  })

  it('count each part, the tools and the format in version 3, adding up to the same', async () => {
    const { post } = await clovaApp(await open(), small())
    const image = { type: 'image_url', imageUrl: { url: 'https://example.com/cat.png' } }
    const call = { id: 'c1', type: 'function', function: { name: 'look', arguments: { at: 'sky' } } }
    const messages = [
      { role: 'user', content: 'What is it?' },
      { role: 'user', content: [{ type: 'text', text: 'And this?' }, image] },
      { role: 'assistant', content: '', toolCalls: [call] },
      { role: 'tool', toolCallId: 'c1', content: 'blue' },
    ]
    const url = '/v3/api-tools/chat-tokenize/HCX-003'
    const { result } = (
      await post(url, {
        messages,
        tools: [{ type: 'function', function: { name: 'look', parameters: { type: 'object' } } }],
        toolChoice: 'auto',
        responseFormat: { type: 'json', schema: { type: 'object' } },
      })
    ).json()
    const count = expect.any(Number)
    expect(result).toEqual({
      messages: [
        { role: 'user', content: [{ type: 'text', text: 'What is it?', count }] },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'And this?', count },
            { ...image, count },
          ],
        },
        { role: 'assistant', content: [], toolCalls: { count } },
        { role: 'tool', content: [{ type: 'text', text: 'blue', count }] },
      ],
      tools: { count },
      responseFormat: { count },
    })
    const asText = (await post('/v1/api-tools/chat-tokenize/HCX-003', { messages: messages.slice(0, 1) })).json()
    expect(result.messages[0].content[0].count).toBe(asText.result.messages[0].count)
    for (const part of [
      result.messages[1].content[1],
      result.messages[2].toolCalls,
      result.tools,
      result.responseFormat,
    ])
      expect(part.count).toBeGreaterThan(5)
    const plain = (await post(url, { messages: messages.slice(0, 1) })).json().result
    expect(plain).not.toHaveProperty('tools')
    expect(plain).not.toHaveProperty('responseFormat')
  })
})

describe.each(testDatabases)('Embedding v2 on $name', ({ open }) => {
  const url = '/v1/api-tools/embedding/v2'

  it('makes an embedding under every path that clients use, and records it', async () => {
    const database = await open()
    const bge = embedder()
    const { post, services } = await clovaApp(database, { models: [], embeddings: [bge] })
    const paths = [url, `${url}/`, `${url}/a1b2`, `/testapp${url}`, `/serviceapp${url}/`]
    for (const path of paths)
      expect((await post(path, { text: '안녕' })).json(), path).toEqual({
        status: { code: '20000', message: 'OK' },
        result: { embedding: [0.5, -0.25], inputTokens: 3 },
      })
    expect(bge.texts).toEqual(paths.map(() => '안녕'))
    await services.gateway.settled()
    const calls = await database.db.selectFrom('gateway_calls').select(['kind', 'dialect', 'model_name']).execute()
    expect(calls).toHaveLength(5)
    expect(calls[0]).toEqual({ kind: 'embedding', dialect: 'clova', model_name: 'bge-m3' })
  })

  it('counts the tokens of a text', async () => {
    const { post } = await clovaApp(await open(), { models: [], embeddings: [embedder()] })
    for (const path of [`${url}/tokenize`, `${url}/tokenize/`, `/testapp${url}/tokenize/a1b2`]) {
      const { status, result } = (await post(path, { text: '안녕하세요' })).json()
      expect([status.code, Object.keys(result)]).toEqual(['20000', ['numTokens']])
      expect(result.numTokens).toBeGreaterThan(1)
    }
    expect((await post(`${url}/tokenize`, { text: '' })).json().status.code).toBe('40004')
  })

  it('refuses no text, too much text, and a model that is not there or cannot do it', async () => {
    const down: EmbeddingModel = {
      name: 'bge-m3',
      embed: () => Promise.reject(new ModelError('model_unavailable', 'It is down.')),
    }
    const { post } = await clovaApp(await open(), { models: [], embeddings: [embedder()] })
    const code = async (body: object | string, send = post) => (await send(url, body)).json().status.code
    expect(await code({ text: '' })).toBe('40004')
    expect(await code({})).toBe('40001')
    expect(await code({ text: 7 })).toBe('40001')
    expect(await code('"text"')).toBe('40000')
    expect(await code({ text: '가나다라마바사 '.repeat(4000) })).toBe('40003')
    expect(await code({ text: 'x' }, (await clovaApp(await open(), small())).post)).toBe('40080')
    expect(await code({ text: 'x' }, (await clovaApp(await open(), { models: [], embeddings: [down] })).post)).toBe(
      '50000',
    )
    const chats = [{ model: new ScriptedModel('bge-m3', []) }]
    expect(await code({ text: 'x' }, (await clovaApp(await open(), { models: chats })).post)).toBe('40084')
  })
})
