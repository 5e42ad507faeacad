import { describe, expect, it } from 'vitest'
import { testDatabases } from '../../db/testing.ts'
import type { EmbeddingModel } from '../../models/embedding-model.ts'
import { ScriptedModel } from '../../models/testing.ts'
import { clovaApp } from './testing.ts'

const V1 = '/v1/chat-completions/HCX-003'
const V3 = '/v3/chat-completions/HCX-007'
const HELLO = [{ role: 'user', content: 'hello' }]
const TOOL = { type: 'function', function: { name: 'look', parameters: { type: 'object' } } }
const JSON_FORMAT = { type: 'json', schema: { type: 'object' } }
const image = (url = 'https://example.com/cat.png') => ({ type: 'image_url', imageUrl: { url } })
const inline = (data: string) => ({ type: 'image_url', dataUri: { data } })
const user = (...content: object[]) => ({ messages: [{ role: 'user', content }] })

const IN_BOTH: [what: string, wrong: object, code: string][] = [
  ['no messages', {}, '40001'],
  ['an empty list of messages', { messages: [] }, '40001'],
  ['messages that are none', { messages: 'hello' }, '40001'],
  ['a message that is none', { messages: ['hello'] }, '40001'],
  ['an unknown role', { messages: [{ role: 'developer', content: 'x' }] }, '40001'],
  ['a message without a role', { messages: [{ content: 'x' }] }, '40001'],
  ['empty content', { messages: [{ role: 'user', content: '' }] }, '40004'],
  ['null for content', { messages: [{ role: 'user', content: null }] }, '40004'],
  ['an empty answer', { messages: [...HELLO, { role: 'assistant', content: '' }] }, '40004'],
  ['nothing but an empty directive', { messages: [{ role: 'system', content: '' }] }, '40004'],
  ['a number for content', { messages: [{ role: 'user', content: 7 }] }, '40001'],
  ['maxTokens 0', { messages: HELLO, maxTokens: 0 }, '40001'],
  ['negative maxTokens', { messages: HELLO, maxTokens: -5 }, '40001'],
  ['maxTokens over the limit', { messages: HELLO, maxTokens: 4097 }, '40001'],
  ['maxTokens as a string', { messages: HELLO, maxTokens: '100' }, '40001'],
  ['half a token', { messages: HELLO, maxTokens: 0.5 }, '40001'],
  ['topK below 0', { messages: HELLO, topK: -1 }, '40001'],
  ['topK over 128', { messages: HELLO, topK: 129 }, '40001'],
  ['topP 0', { messages: HELLO, topP: 0 }, '40001'],
  ['topP over 1', { messages: HELLO, topP: 1.01 }, '40001'],
  ['temperature over 1', { messages: HELLO, temperature: 1.01 }, '40001'],
  ['a negative seed', { messages: HELLO, seed: -1 }, '40001'],
  ['a seed over 32 bits', { messages: HELLO, seed: 4_294_967_296 }, '40001'],
  ['a turn larger than the window', { messages: [{ role: 'user', content: 'word '.repeat(20_000) }] }, '40003'],
  ['an oversized directive', { messages: [{ role: 'system', content: 'word '.repeat(20_000) }, ...HELLO] }, '40003'],
  ['ten thousand messages', { messages: Array.from({ length: 10_000 }, () => HELLO[0]) }, '40003'],
]

const IN_VERSION_1: [what: string, wrong: object, code: string][] = [
  ['temperature 0', { temperature: 0 }, '40001'],
  ['repeatPenalty 0', { repeatPenalty: 0 }, '40001'],
  ['repeatPenalty over 10', { repeatPenalty: 10.1 }, '40001'],
  ['one word for stopBefore', { stopBefore: 'END' }, '40001'],
  ['parts of content', user({ type: 'text', text: 'hello' }), '40001'],
  ['a tool’s answer', { messages: [{ role: 'tool', toolCallId: 'c', content: 'x' }] }, '40001'],
]

const IN_VERSION_3: [what: string, wrong: object, code: string][] = [
  [
    'several system messages',
    { messages: [{ role: 'system', content: 'a' }, { role: 'system', content: 'b' }, ...HELLO] },
    '40001',
  ],
  ['a negative temperature', { temperature: -0.1 }, '40001'],
  ['repetitionPenalty 0', { repetitionPenalty: 0 }, '40001'],
  ['repetitionPenalty over 2', { repetitionPenalty: 2.1 }, '40001'],
  ['maxTokens and maxCompletionTokens', { maxTokens: 10, maxCompletionTokens: 10 }, '40001'],
  ['maxCompletionTokens over the limit', { maxCompletionTokens: 4097 }, '40001'],
  ['an unknown effort', { thinking: { effort: 'extreme' } }, '40001'],
  ['tools and few tokens', { tools: [TOOL], maxTokens: 1023 }, '40001'],
  ['tools while thinking', { tools: [TOOL], thinking: { effort: 'low' } }, '40001'],
  ['tools and a format', { tools: [TOOL], responseFormat: JSON_FORMAT }, '40001'],
  ['a format while thinking', { responseFormat: JSON_FORMAT, thinking: {} }, '40001'],
  ['a choice of no tool', { tools: [TOOL], toolChoice: { type: 'function', function: { name: 'fly' } } }, '40001'],
  ['a tool without a name', { tools: [{ type: 'function', function: {} }] }, '40001'],
  ['another format', { responseFormat: { type: 'xml', schema: {} } }, '40001'],
  ['a format without a schema', { responseFormat: { type: 'json' } }, '40055'],
  ['a schema that is a list', { responseFormat: { type: 'json', schema: [] } }, '40055'],
  ['an unknown type', { responseFormat: { type: 'json', schema: { properties: { a: { type: 'date' } } } } }, '40055'],
  ['a list without items', { responseFormat: { type: 'json', schema: { type: 'array', items: 'string' } } }, '40055'],
  ['no parts', user(), '40004'],
  ['an empty part', user({ type: 'text', text: '' }), '40004'],
  ['an unknown part', user({ type: 'audio', data: 'x' }), '40001'],
  ['an image that is nowhere', user({ type: 'image_url' }), '40001'],
  ['two images in a message', user(image(), image()), '40000'],
  ['six images', { messages: Array.from({ length: 6 }, () => ({ role: 'user', content: [image()] })) }, '40003'],
  ['an image at no address', user(image('file:///etc/passwd')), '40063'],
  ['an image that is no base64', user(inline('<svg>')), '40063'],
  ['an image of another format', user(inline('data:image/gif;base64,R0lGODlh')), '40060'],
  ['an image of a directive', { messages: [{ role: 'system', content: [image()] }, ...HELLO] }, '40001'],
  ['a tool’s answer to nothing', { messages: [...HELLO, { role: 'tool', content: 'x' }] }, '40001'],
]

describe.each(testDatabases)('what CLOVA Studio refuses on $name', ({ open }) => {
  const bge: EmbeddingModel = {
    name: 'bge-m3',
    embed: async (texts) => ({ vectors: texts.map(() => Float32Array.of(1)), inputTokens: 1 }),
  }

  async function studio({ requestsPerMinute = 0 } = {}) {
    const models = ['HCX-003', 'HCX-007', 'HCX-005', 'plain'].map((name) => ({
      model: new ScriptedModel(name, [{ type: 'text-delta', text: 'fine' }]),
      config: {
        contextTokens: 8192,
        maxOutputTokens: 4096,
        ...(name === 'plain' && { capabilities: { tools: false, images: false, json: false } }),
      },
    }))
    const application = await clovaApp(await open(), { models, embeddings: [bge], requestsPerMinute })
    /** `[HTTP status, status.code]`, having checked that the reply has the one form that all refusals have. */
    const refusal = async (url: string, body: object | string, headers: Record<string, string> = {}) => {
      const reply = await application.post(url, body, headers)
      expect(reply.headers['content-type']).toBe('application/json; charset=utf-8')
      expect(reply.headers['x-ncp-clovastudio-request-id']).toBe(
        headers['X-NCP-CLOVASTUDIO-REQUEST-ID'] ?? reply.headers['x-request-id'],
      )
      expect(reply.json()).toEqual({ status: { code: expect.any(String), message: expect.stringMatching(/./) } })
      return [reply.statusCode, reply.json().status.code]
    }
    return { ...application, models, refusal }
  }

  it('says what is wrong with a body that is none', async () => {
    const { refusal } = await studio()
    for (const body of ['{"messages": [', '', '[]', '"hello"', 'null', '7', '{"__proto__": {}}'])
      expect(await refusal(V1, body), body).toEqual([400, '40000'])
    expect(await refusal(V1, '{}', { 'content-type': 'text/plain' })).toEqual([415, '41500'])
    expect(await refusal(V1, 'a=b', { 'content-type': 'application/x-www-form-urlencoded' })).toEqual([415, '41500'])
    expect(await refusal(V1, '{}', { 'content-length': String(51 * 1024 * 1024) })).toEqual([413, '41300'])
  })

  it('accepts a charset and unknown keys, and a body of more than a few megabytes', async () => {
    const { post } = await studio()
    const reply = await post(
      V1,
      { messages: HELLO, stream: false, model: 'x', topLogprobs: 3 },
      { 'content-type': 'application/json; charset=utf-8' },
    )
    expect(reply.json().status.code).toBe('20000')
    expect((await post(V3, user({ type: 'text', text: 'x' }, inline(`/9j/${'A'.repeat(6_000_000)}`)))).statusCode).toBe(
      200,
    )
  })

  it('tells no key, a wrong key and a wrong scheme apart, and never says that a token has expired', async () => {
    const { app, key } = await studio()
    const refusal = async (headers: Record<string, string>, url = V1) => {
      const reply = await app.inject({ method: 'POST', url, headers, payload: { messages: HELLO } })
      if (reply.statusCode === 401) expect(reply.headers['www-authenticate']).toBe('Bearer')
      return [reply.statusCode, reply.json().status.code]
    }
    expect(await refusal({})).toEqual([401, '40100'])
    expect(await refusal({ 'x-ncp-apigw-api-key': key })).toEqual([401, '40100'])
    expect(await refusal({ authorization: 'Bearer nv-wrong' })).toEqual([401, '40104'])
    expect(await refusal({ 'x-ncp-clovastudio-api-key': 'wrong' })).toEqual([401, '40104'])
    expect(await refusal({ authorization: 'Digest abc' })).toEqual([401, '40102'])
    expect(await refusal({ authorization: key })).toEqual([401, '40102'])
    expect(await refusal({}, '/testapp/v3/chat-completions/HCX-007')).toEqual([401, '40100'])
    expect(await refusal({ authorization: `Bearer ${key}` })).toEqual([200, '20000'])
    expect(await refusal({ 'x-ncp-clovastudio-api-key': key })).toEqual([200, '20000'])
  })

  it('knows no other paths and methods', async () => {
    const { refusal, app } = await studio()
    for (const url of ['/v1/nothing', '/testapp/v1/chat-completions', '/v3/api-tools/sliding/chat-messages/HCX-003'])
      expect(await refusal(url, {}), url).toEqual([404, '40400'])
    const got = await app.inject({ url: V1 })
    expect([got.statusCode, got.json().status.code]).toEqual([404, '40400'])
  })

  it('leaves the addresses of OpenAI’s clients to their own form', async () => {
    const { app } = await studio()
    for (const url of ['/v1/openai/nothing', '/v1/openai/chat/completions']) {
      const reply = await app.inject({ method: 'POST', url, payload: {} })
      expect(reply.json()).toHaveProperty('error.message')
      expect(reply.json()).not.toHaveProperty('status')
    }
    expect((await app.inject({ url: '/nothing' })).json()).toHaveProperty('detail')
  })

  it('knows no model that is not mapped, and no API that a model does not have', async () => {
    const { refusal } = await studio()
    expect(await refusal('/v1/chat-completions/HCX-DASH-001', { messages: HELLO })).toEqual([400, '40080'])
    for (const url of [
      '/v1/chat-completions/',
      '/v3/chat-completions/',
      '/v1/api-tools/chat-tokenize/',
      '/v1/api-tools/sliding/chat-messages/',
    ])
      expect(await refusal(`${url}bge-m3`, { messages: HELLO }), url).toEqual([400, '40084'])
    expect(await refusal('/v1/chat-completions/HCX-005', { messages: HELLO })).toEqual([400, '40084'])
    expect(await refusal('/v3/chat-completions/HCX-003', { messages: HELLO })).toEqual([400, '40084'])
  })

  it('knows no model that the class of a person does not allow', async () => {
    const database = await open()
    const { post } = await clovaApp(database, { models: [{ model: new ScriptedModel('HCX-003', []) }] })
    await database.db
      .updateTable('classes')
      .set({ allowed_models: JSON.stringify(['other']) })
      .execute()
    expect((await post(V1, { messages: HELLO })).json().status.code).toBe('40080')
  })

  it('refuses bad input in both versions, without asking the model', async () => {
    const { refusal, models } = await studio()
    for (const [what, wrong, code] of IN_BOTH)
      for (const url of [V1, V3]) expect(await refusal(url, wrong), `${what}, ${url}`).toEqual([400, code])
    expect(models.flatMap(({ model }) => model.requests)).toEqual([])
  })

  it('refuses what version 1 does not know', async () => {
    const { refusal } = await studio()
    for (const [what, wrong, code] of IN_VERSION_1)
      expect(await refusal(V1, { messages: HELLO, ...wrong }), what).toEqual([400, code])
  })

  it('refuses what version 3 does not know, or what excludes one another', async () => {
    const { refusal, models } = await studio()
    for (const [what, wrong, code] of IN_VERSION_3)
      expect(await refusal(V3, { messages: HELLO, ...wrong }), what).toEqual([400, code])
    expect(models.flatMap(({ model }) => model.requests)).toEqual([])
  })

  it('refuses tools, images and formats where the model cannot', async () => {
    const { refusal } = await studio()
    const bodies = [
      { messages: HELLO, tools: [TOOL] },
      user({ type: 'text', text: 'x' }, image()),
      { messages: HELLO, responseFormat: JSON_FORMAT },
    ]
    for (const body of bodies) expect(await refusal('/v3/chat-completions/plain', body)).toEqual([400, '40009'])
  })

  it('names the place of what is wrong', async () => {
    const { post } = await studio()
    const reply = await post(V1, { messages: [...HELLO, { role: 'bot', content: 'x' }] })
    expect(reply.json().status.message).toMatch(/^Invalid parameter: messages\[1\]\.role: /)
  })

  it('refuses before it streams, whatever the client accepts', async () => {
    const { stream, refusal } = await studio()
    const reply = await stream(V1, { messages: [] })
    expect([reply.statusCode, reply.json().status.code]).toEqual([400, '40001'])
    expect(await refusal(V1, { messages: [] }, { 'X-NCP-CLOVASTUDIO-REQUEST-ID': 'mine' })).toEqual([400, '40001'])
  })

  it('asks conversations without a question as they are', async () => {
    const { post, models } = await studio()
    const assistants = [{ role: 'assistant', content: 'Welcome.' }]
    for (const url of [V1, V3]) expect((await post(url, { messages: assistants })).json().status.code).toBe('20000')
    expect(models.flatMap(({ model }) => model.requests.map((request) => request.messages))).toEqual([
      assistants,
      assistants,
    ])
  })

  it('limits how much one person may ask', async () => {
    const { post, refusal } = await studio({ requestsPerMinute: 1 })
    expect((await post(V1, { messages: HELLO })).statusCode).toBe(200)
    expect(await refusal(V1, { messages: HELLO })).toEqual([429, '42901'])
    expect(Number((await post(V1, { messages: HELLO })).headers['retry-after'])).toBeGreaterThan(0)
  })
})
