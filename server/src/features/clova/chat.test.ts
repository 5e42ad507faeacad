import { describe, expect, it } from 'vitest'
import { testDatabases } from '../../db/testing.ts'
import type { ModelEvent } from '../../models/language-model.ts'
import { ModelError } from '../../models/model-error.ts'
import { ScriptedModel, type ScriptedStep } from '../../models/testing.ts'
import { clovaApp, type MappedModel, parseClovaEvents } from './testing.ts'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

function says(...texts: string[]): ModelEvent[] {
  return [
    ...texts.map((text) => ({ type: 'text-delta' as const, text })),
    { type: 'usage', usage: { inputTokens: 20, outputTokens: texts.length } },
  ]
}

function mapped(name: string, script: readonly ScriptedStep[], config: MappedModel['config'] = {}) {
  const model = new ScriptedModel(name, script)
  return { model, config: { contextTokens: 8192, maxOutputTokens: 4096, ...config } }
}

const HELLO = [{ role: 'user', content: 'hello' }]
const WEATHER = {
  type: 'function',
  function: { name: 'get_weather', description: 'Weather', parameters: { type: 'object', properties: {} } },
}

describe.each(testDatabases)('Chat Completions v1 on $name', ({ open }) => {
  const url = '/testapp/v1/chat-completions/HCX-003'

  it('answers in the envelope, with a string for a code', async () => {
    const hcx = mapped('HCX-003', says('안녕', '하세요'))
    const { post } = await clovaApp(await open(), { models: [hcx] })
    const reply = await post(url, {
      messages: [{ role: 'system', content: '' }, ...HELLO],
      topP: 0.8,
      topK: 0,
      maxTokens: 256,
      temperature: 0.5,
      repeatPenalty: 5.0,
      stopBefore: [],
      includeAiFilters: true,
      seed: 0,
    })
    expect(reply.statusCode).toBe(200)
    expect(reply.headers['content-type']).toBe('application/json; charset=utf-8')
    expect(reply.json()).toEqual({
      status: { code: '20000', message: 'OK' },
      result: {
        message: { role: 'assistant', content: '안녕하세요' },
        stopReason: 'end_token',
        inputLength: 20,
        outputLength: 2,
        seed: 0,
        aiFilter: [],
      },
    })
    expect(hcx.model.requests).toEqual([
      {
        messages: [{ role: 'user', content: 'hello' }],
        parameters: { topP: 0.8, maxOutputTokens: 256, temperature: 0.5, repetitionPenalty: 1.1 },
      },
    ])
  })

  it('hands every parameter on, and writes 100 tokens when nothing is said', async () => {
    const hcx = mapped('HCX-003', says('ok'))
    const { post } = await clovaApp(await open(), { models: [hcx] })
    const parameters = {
      topK: 40,
      topP: 1,
      temperature: 1,
      repeatPenalty: 10,
      stopBefore: ['###', ''],
      seed: 4294967295,
    }
    const reply = await post(url, { messages: HELLO, ...parameters })
    expect(reply.json().result.seed).toBe(4294967295)
    expect(hcx.model.requests[0]?.parameters).toEqual({
      topK: 40,
      topP: 1,
      temperature: 1,
      repetitionPenalty: 1.2,
      stop: ['###'],
      seed: 4294967295,
      maxOutputTokens: 100,
    })
  })

  it('streams token events with stopReason null, then the result and the signal', async () => {
    const { stream } = await clovaApp(await open(), { models: [mapped('HCX-003', says('안녕', '하세요'))] })
    const reply = await stream(url, { messages: HELLO, stream: true })
    expect(reply.headers['content-type']).toBe('text/event-stream; charset=utf-8')
    const events = parseClovaEvents(reply.body)
    expect(events.map(({ type }) => type)).toEqual(['token', 'token', 'result', 'signal'])
    expect(events[0]?.data).toEqual({ message: { role: 'assistant', content: '안녕' }, stopReason: null })
    expect(events[2]?.data).toMatchObject({
      message: { role: 'assistant', content: '안녕하세요' },
      stopReason: 'end_token',
      inputLength: 20,
      outputLength: 2,
      aiFilter: [],
    })
    expect(events[3]?.data).toEqual({ data: '[DONE]' })
    expect(new Set(events.map(({ id }) => id)).size).toBe(4)
    for (const { id } of events) expect(id).toMatch(UUID)
  })

  it('says length when the answer was cut by its limit', async () => {
    const script = [...says('half'), { type: 'end', finishReason: 'length' } as const]
    const { post } = await clovaApp(await open(), { models: [mapped('HCX-003', script)] })
    expect((await post(url, { messages: HELLO })).json().result.stopReason).toBe('length')
  })

  it('stops before a stop word that comes in two pieces', async () => {
    const hcx = mapped('HCX-003', says('one ##', '# two', ' three'))
    const { post, stream } = await clovaApp(await open(), { models: [hcx] })
    const body = { messages: HELLO, stopBefore: ['###'] }
    expect((await post(url, body)).json().result).toMatchObject({
      message: { content: 'one ' },
      stopReason: 'stop_before',
    })
    const events = parseClovaEvents((await stream(url, body)).body)
    expect(events.flatMap(({ type, data }) => (type === 'token' ? [data.message] : []))).toEqual([
      { role: 'assistant', content: 'one ' },
    ])
  })

  it('takes lone surrogates and NULs, which no model gets to see', async () => {
    const hcx = mapped('HCX-003', says('ok'))
    const { post } = await clovaApp(await open(), { models: [hcx] })
    const body = '{"messages":[{"role":"user","content":"a\\ud83db\\u0000c"}]}'
    expect((await post(url, body)).statusCode).toBe(200)
    expect(hcx.model.requests[0]?.messages[0]?.content).toBe('a\uFFFDb\uFFFDc')
  })

  it('says in its own form what the provider failed with, before the stream and inside it', async () => {
    const failure = new ModelError('model_unavailable', 'It is down.')
    const { post, stream } = await clovaApp(await open(), {
      models: [
        mapped('HCX-003', [failure]),
        mapped('late', [{ type: 'text-delta', text: 'begun' }, failure]),
        mapped('busy', [new ModelError('rate_limited', 'Slow down.', { retryAfterSeconds: 7 })]),
        mapped('slow', [new ModelError('timeout', 'Too slow.')]),
        mapped('shy', [new ModelError('content_refused', 'No.')]),
        mapped('small', [new ModelError('context_too_long', 'Too long.')]),
        mapped('censored', [
          { type: 'text-delta', text: 'bad' },
          { type: 'end', finishReason: 'content-filter' },
        ]),
        mapped('broken', [new Error('a bug, and its secret')]),
      ],
    })
    const codeOf = async (name: string) => {
      const reply = await post(`/v1/chat-completions/${name}`, { messages: HELLO })
      return [reply.statusCode, reply.json().status.code]
    }
    expect(await codeOf('HCX-003')).toEqual([500, '50000'])
    expect(await codeOf('late')).toEqual([500, '50000'])
    expect(await codeOf('busy')).toEqual([429, '42902'])
    expect(await codeOf('slow')).toEqual([504, '50400'])
    expect(await codeOf('shy')).toEqual([400, '40005'])
    expect(await codeOf('small')).toEqual([400, '40003'])
    expect(await codeOf('censored')).toEqual([400, '40005'])
    expect((await post('/v1/chat-completions/broken', { messages: HELLO })).json()).toEqual({
      status: { code: '50000', message: 'Internal server error' },
    })
    expect((await post('/v1/chat-completions/busy', { messages: HELLO })).headers['retry-after']).toBe('7')

    const early = await stream(url, { messages: HELLO })
    expect([early.statusCode, early.headers['content-type']]).toEqual([500, 'application/json; charset=utf-8'])
    const events = parseClovaEvents((await stream('/v1/chat-completions/late', { messages: HELLO })).body)
    expect(events.map(({ type }) => type)).toEqual(['token', 'error'])
    expect(events[1]).toMatchObject({
      id: expect.stringMatching(UUID),
      data: { status: { code: '50000', message: 'Internal server error: It is down.' } },
    })
  })

  it('names in a header what the model could not take', async () => {
    const hcx = mapped('HCX-003', says('ok'))
    hcx.model.unsupported = ['top_k', 'seed']
    const { post } = await clovaApp(await open(), { models: [hcx] })
    const reply = await post(url, { messages: HELLO, topK: 3, seed: 9, temperature: 0.1 })
    expect(reply.headers['x-etude-dropped']).toBe('top_k, seed')
    expect(hcx.model.requests[0]?.parameters).toEqual({ temperature: 0.1, maxOutputTokens: 100 })
  })

  it('cancels the provider within a second when the client leaves', async () => {
    const hcx = mapped('HCX-003', [{ type: 'text-delta', text: 'begun' }, 'hang'])
    const silent = mapped('HCX-DASH-001', ['hang'])
    const { app, key } = await clovaApp(await open(), { models: [hcx, silent] })
    const origin = await app.listen({ port: 0, host: '127.0.0.1' })
    const ask = (name: string, accept: string, signal: AbortSignal) =>
      fetch(`${origin}/v1/chat-completions/${name}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', accept },
        body: JSON.stringify({ messages: HELLO }),
        signal,
      })

    const leaving = new AbortController()
    const reply = await ask('HCX-003', 'text/event-stream', leaving.signal)
    await reply.body?.getReader().read()
    leaving.abort()
    await expect.poll(() => hcx.model.cancelled, { timeout: 1000 }).toBe(1)

    for (const accept of ['application/json', 'text/event-stream']) {
      const before = silent.model.cancelled
      const impatient = new AbortController()
      const waiting = ask('HCX-DASH-001', accept, impatient.signal).catch(() => 'gone')
      await expect.poll(() => silent.model.requests.length).toBe(before + 1)
      impatient.abort()
      expect(await waiting).toBe('gone')
      await expect.poll(() => silent.model.cancelled, { timeout: 1000 }).toBe(before + 1)
    }
  })

  it('is found under every path that clients use, with a model or with a tuning task', async () => {
    const { post } = await clovaApp(await open(), {
      models: [mapped('HCX-003', says('ok')), mapped('HCX-007', says('ok')), mapped('1a2b3c4d', says('ok'))],
    })
    const paths = ['v1/chat-completions/HCX-003', 'v3/chat-completions/HCX-007']
    const tasks = ['v1', 'v2', 'v3'].map((version) => `${version}/tasks/1a2b3c4d/chat-completions`)
    for (const prefix of ['', '/testapp', '/serviceapp'])
      for (const path of [...paths, ...tasks])
        expect((await post(`${prefix}/${path}`, { messages: HELLO })).json(), path).toMatchObject({
          status: { code: '20000' },
          result: { message: { content: 'ok' } },
        })
    expect((await post('/v2/chat-completions/HCX-003', { messages: HELLO })).json().status.code).toBe('40400')
  })

  it('records the call under the id that the client gave it', async () => {
    const database = await open()
    const { post, services } = await clovaApp(database, { models: [mapped('HCX-003', says('ok'))] })
    const reply = await post(url, { messages: HELLO }, { 'X-NCP-CLOVASTUDIO-REQUEST-ID': 'lcnv-1' })
    expect(reply.headers['x-ncp-clovastudio-request-id']).toBe('lcnv-1')
    await services.gateway.settled()
    expect(await database.db.selectFrom('gateway_calls').selectAll().execute()).toMatchObject([
      { request_id: 'lcnv-1', dialect: 'clova', model_name: 'HCX-003', status: 'complete', input_tokens: 20 },
    ])
  })

  it('serves a client like ChatClovaX, and one that shows only chunks whose stopReason is null', async () => {
    const { app, key } = await clovaApp(await open(), { models: [mapped('HCX-003', says('Hel', 'lo'))] })
    const origin = await app.listen({ port: 0, host: '127.0.0.1' })
    const reply = await fetch(`${origin}/serviceapp/v1/chat-completions/HCX-003`, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json; charset=utf-8',
        Accept: 'text/event-stream',
        'X-NCP-CLOVASTUDIO-API-KEY': key,
        'X-NCP-APIGW-API-KEY': 'gateway',
      },
      body: JSON.stringify({ messages: HELLO, temperature: 0.5, maxTokens: 100, stream: true }),
    })
    const body = await reply.text()
    expect(readAsChatClovaX(body)).toEqual({ content: 'Hello', metadata: { stopReason: 'end_token', outputLength: 2 } })
    const lines = body.split('\n').filter((line) => line.startsWith('data:'))
    const shown = lines
      .map((line) => JSON.parse(line.slice('data:'.length)))
      .filter((data) => 'stopReason' in data && data.stopReason === null)
    expect(shown.map(({ message }) => message.content).join('')).toBe('Hello')
  })
})

/** Reads as langchain_community's ChatClovaX does: every event is JSON and, but for the end, has a message. */
function readAsChatClovaX(body: string) {
  let content = ''
  let metadata = {}
  for (const { type, data } of parseClovaEvents(body)) {
    if (type === 'signal' && data.data === '[DONE]') break
    if (type === 'error') throw new Error(JSON.stringify(data))
    if (type === 'result') {
      metadata = { stopReason: data.stopReason, outputLength: data.outputLength }
      continue
    }
    const { role, content: text } = data.message as { role: string; content: string }
    if (role !== 'assistant') throw new Error(`got unknown role ${role}`)
    content += text
  }
  return { content, metadata }
}

describe.each(testDatabases)('Chat Completions v3 on $name', ({ open }) => {
  const url = '/v3/chat-completions/HCX-007'
  const ample = { contextTokens: 128_000, maxOutputTokens: 32_768 }
  const thinker: ModelEvent[] = [
    { type: 'reasoning-delta', text: 'Hm. ' },
    { type: 'reasoning-delta', text: 'Yes.' },
    { type: 'text-delta', text: 'Seoul' },
    { type: 'usage', usage: { inputTokens: 9, outputTokens: 12, reasoningTokens: 10 } },
  ]

  it('answers with usage, and with the thoughts apart', async () => {
    const hcx = mapped('HCX-007', thinker, ample)
    const { post, stream } = await clovaApp(await open(), { models: [hcx] })
    const body = { messages: HELLO, thinking: { effort: 'low' } }
    const reply = await post(url, body)
    expect(reply.json()).toEqual({
      status: { code: '20000', message: 'OK' },
      result: {
        message: { role: 'assistant', content: 'Seoul', thinkingContent: 'Hm. Yes.' },
        finishReason: 'stop',
        created: expect.any(Number),
        seed: 0,
        usage: {
          promptTokens: 9,
          completionTokens: 12,
          totalTokens: 21,
          completionTokensDetails: { thinkingTokens: 10 },
        },
        aiFilter: [],
      },
    })
    const { created } = reply.json().result
    expect(Math.abs(created - Date.now() / 1000)).toBeLessThan(60)

    const events = parseClovaEvents((await stream(url, body)).body)
    expect(events.map(({ type }) => type)).toEqual(['token', 'token', 'token', 'result', 'signal'])
    expect(events[0]?.data).toMatchObject({
      message: { role: 'assistant', content: '', thinkingContent: 'Hm. ' },
      finishReason: null,
      stopReason: null,
      usage: null,
    })
    expect(events[3]?.data).toMatchObject({ message: { thinkingContent: 'Hm. Yes.' }, finishReason: 'stop' })
  })

  it('thinks as much as was asked, and keeps quiet about it when asked not to', async () => {
    const hcx = mapped('HCX-007', thinker, ample)
    const { post } = await clovaApp(await open(), { models: [hcx] })
    for (const effort of ['none', 'low', 'medium', 'high']) await post(url, { messages: HELLO, thinking: { effort } })
    await post(url, { messages: HELLO, thinking: {} })
    expect(
      hcx.model.requests.map(({ parameters }) => [parameters.reasoningEffort, parameters.maxOutputTokens]),
    ).toEqual([
      ['none', 512],
      ['low', 5120],
      ['medium', 10_240],
      ['high', 20_480],
      ['low', 5120],
    ])
    const quiet = await post(url, { messages: HELLO, thinking: { effort: 'none' } })
    expect(quiet.json().result.message).toEqual({ role: 'assistant', content: 'Seoul' })
  })

  it('hands every parameter on', async () => {
    const hcx = mapped('HCX-007', says('ok'), ample)
    const { post } = await clovaApp(await open(), { models: [hcx] })
    const parameters = { topK: 128, topP: 0.5, temperature: 0, repetitionPenalty: 2, stop: ['x'], seed: 3 }
    await post(url, { messages: HELLO, ...parameters, maxCompletionTokens: 32_768 })
    await post(url, { messages: HELLO, maxTokens: 7, repeatPenalty: 5, model: 'ignored' })
    await post(url, { messages: HELLO })
    expect(hcx.model.requests.map((request) => request.parameters)).toEqual([
      {
        topK: 128,
        topP: 0.5,
        temperature: 0,
        repetitionPenalty: 2,
        stop: ['x'],
        seed: 3,
        maxOutputTokens: 32_768,
      },
      { maxOutputTokens: 7 },
      { maxOutputTokens: 100 },
    ])
  })

  it('shows images to the model, from an address or from the request', async () => {
    const hcx = mapped('HCX-005', says('a cat'), ample)
    const { post } = await clovaApp(await open(), { models: [hcx] })
    const see = (image: object) => ({
      messages: [
        {
          role: 'user',
          content: [
            { type: 'image_url', ...image },
            { type: 'text', text: 'What is it?' },
          ],
        },
      ],
    })
    for (const image of [
      { imageUrl: { url: 'https://example.com/cat.png' } },
      { dataUri: { data: 'iVBORw0KGgo=' } },
      { dataUri: { data: 'data:image/jpeg;base64,/9j/4AAQ' } },
    ])
      expect((await post('/v3/chat-completions/HCX-005', see(image))).statusCode).toBe(200)
    expect(hcx.model.requests.map(({ messages }) => messages[0]?.content[0])).toEqual([
      { type: 'image', url: 'https://example.com/cat.png' },
      { type: 'image', url: 'data:image/png;base64,iVBORw0KGgo=' },
      { type: 'image', url: 'data:image/jpeg;base64,/9j/4AAQ' },
    ])
  })

  it('calls tools: arguments are an object, and come in pieces as partialJson', async () => {
    const script: ModelEvent[] = [
      { type: 'tool-call-delta', index: 0, id: 'call_1', name: 'get_weather', argumentsJson: '{"city":' },
      { type: 'tool-call-delta', index: 0, argumentsJson: '"서울"}' },
      { type: 'tool-call-delta', index: 1, id: 'call_2', name: 'get_weather', argumentsJson: '' },
      { type: 'usage', usage: { inputTokens: 5, outputTokens: 5 } },
      { type: 'end', finishReason: 'tool-calls' },
    ]
    const hcx = mapped('HCX-007', script, ample)
    const { post, stream } = await clovaApp(await open(), { models: [hcx] })
    const body = { messages: HELLO, tools: [WEATHER], toolChoice: 'auto' }
    const toolCalls = [
      { id: 'call_1', type: 'function', function: { name: 'get_weather', arguments: { city: '서울' } } },
      { id: 'call_2', type: 'function', function: { name: 'get_weather', arguments: {} } },
    ]
    expect((await post(url, body)).json().result).toMatchObject({
      message: { role: 'assistant', content: '', toolCalls },
      finishReason: 'tool_calls',
    })
    const events = parseClovaEvents((await stream(url, body)).body)
    const pieces = events.filter(({ type }) => type === 'token').map(({ data }) => data.message)
    const piece = (id: string, partialJson: string) => ({
      role: 'assistant',
      content: '',
      toolCalls: [{ id, type: 'function', function: { name: 'get_weather', partialJson } }],
    })
    expect(pieces).toEqual([piece('call_1', '{"city":'), piece('call_1', '"서울"}'), piece('call_2', '')])
    expect(events.at(-2)?.data).toMatchObject({ message: { toolCalls }, finishReason: 'tool_calls' })
    expect(hcx.model.requests[0]).toMatchObject({
      tools: [{ name: 'get_weather', description: 'Weather', parameters: { type: 'object', properties: {} } }],
      toolChoice: 'auto',
      parameters: { maxOutputTokens: 1024 },
    })
  })

  it('takes a tool call and its answer back', async () => {
    const hcx = mapped('HCX-007', says('fine'), ample)
    const { post } = await clovaApp(await open(), { models: [hcx] })
    const call = { id: 'call_1', type: 'function', function: { name: 'get_weather', arguments: { city: '서울' } } }
    const reply = await post(url, {
      messages: [
        ...HELLO,
        { role: 'assistant', content: null, toolCalls: [call] },
        { role: 'tool', toolCallId: 'call_1', content: '{"sky":"clear"}' },
      ],
      tools: [WEATHER],
      toolChoice: { type: 'function', function: { name: 'get_weather' } },
      maxTokens: 1024,
    })
    expect(reply.statusCode).toBe(200)
    expect(hcx.model.requests[0]).toMatchObject({
      messages: [
        { role: 'user', content: 'hello' },
        {
          role: 'assistant',
          content: '',
          toolCalls: [{ id: 'call_1', name: 'get_weather', argumentsJson: '{"city":"서울"}' }],
        },
        { role: 'tool', toolCallId: 'call_1', content: '{"sky":"clear"}' },
      ],
      toolChoice: { name: 'get_weather' },
    })
  })

  it('holds the answer to a schema', async () => {
    const hcx = mapped('HCX-007', says('{"age":3}'), ample)
    const { post } = await clovaApp(await open(), { models: [hcx] })
    const schema = { type: 'object', properties: { age: { type: 'integer' } }, required: ['age'] }
    const body = { messages: HELLO, responseFormat: { type: 'json', schema }, thinking: { effort: 'none' } }
    expect((await post(url, body)).json().result.message.content).toBe('{"age":3}')
    expect(hcx.model.requests[0]).toMatchObject({
      responseFormat: { type: 'json', schema },
      parameters: { maxOutputTokens: 512 },
    })
  })
})
