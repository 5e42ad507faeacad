import { deflateSync, gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { testDatabases } from '../../../db/testing.ts'
import { tracesApp } from '../testing.ts'
import { loadOtlpTypes } from './otlp-messages.ts'

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c'
const STARTED = 1_764_064_800_123_456_789n

type Attributes = Record<string, object>
const text = (stringValue: string) => ({ stringValue })
const int = (intValue: number | string) => ({ intValue })

function span(spanId: string, more: object = {}, attributes: Attributes = {}) {
  return {
    traceId: TRACE_ID,
    spanId,
    name: 'chat',
    kind: 3,
    startTimeUnixNano: String(STARTED),
    endTimeUnixNano: String(STARTED + 2_000_000_000n),
    attributes: keyValues(attributes),
    ...more,
  }
}

function keyValues(attributes: Attributes) {
  return Object.entries(attributes).map(([key, value]) => ({ key, value }))
}

const HERE = { 'wandb.entity': text('ada'), 'wandb.project': text('tests'), 'service.name': text('bot') }

function request(spans: object[], resource: Attributes = HERE) {
  return {
    resourceSpans: [{ resource: { attributes: keyValues(resource) }, scopeSpans: [{ scope: { name: 'js' }, spans }] }],
  }
}

/** What an exporter sends: ids and bytes are bytes in protobuf. */
async function protobuf(message: object): Promise<Buffer> {
  const { request: type } = await loadOtlpTypes()
  const withBytes = JSON.parse(JSON.stringify(message), (key, value) =>
    ['traceId', 'spanId', 'parentSpanId'].includes(key) ? Buffer.from(value, 'hex').toString('base64') : value,
  )
  return Buffer.from(type.encode(type.fromObject(withBytes)).finish())
}

describe.each(testDatabases)('OTLP on $name', ({ open }) => {
  async function exporter() {
    const test = await tracesApp(await open())
    const send = (payload: Buffer | string, headers: Record<string, string> = {}) =>
      test.app.inject({
        method: 'POST',
        url: '/otel/v1/traces',
        payload,
        headers: { authorization: test.ada.authorization, 'content-type': 'application/x-protobuf', ...headers },
      })
    const sendJson = (message: object, headers: Record<string, string> = {}) =>
      send(JSON.stringify(message), { 'content-type': 'application/json', ...headers })
    return { ...test, send, sendJson }
  }

  it('makes a call of a span, in protobuf and in JSON, packed or not', async () => {
    const { ada, send, sendJson } = await exporter()
    const chat = (spanId: string) =>
      request([
        span(
          spanId,
          { parentSpanId: 'b7ad6b7169203331', status: { code: 1 } },
          {
            'gen_ai.prompt.0.role': text('user'),
            'gen_ai.prompt.0.content': text('Hi'),
            'gen_ai.completion.0.content': text('Hello'),
            'gen_ai.usage.prompt_tokens': int(3),
            'gen_ai.usage.completion_tokens': int('4'),
            'gen_ai.response.model': text('gpt-x'),
            'gen_ai.system': text('openai'),
            'wandb.thread_id': text('thread'),
            'wandb.is_turn': { boolValue: true },
            'wandb.display_name': text('Chat'),
            'wandb.attributes': { kvlistValue: { values: keyValues({ team: text('blue') }) } },
          },
        ),
      ])
    const plain = await send(await protobuf(chat('00f067aa0ba902b1')))
    expect(plain.statusCode).toBe(200)
    expect(plain.headers['content-type']).toBe('application/x-protobuf')
    const { response } = await loadOtlpTypes()
    expect(response.toObject(response.decode(plain.rawPayload))).toEqual({})
    await send(gzipSync(await protobuf(chat('00f067aa0ba902b2'))), { 'content-encoding': 'gzip' })
    await send(deflateSync(await protobuf(chat('00f067aa0ba902b3'))), { 'content-encoding': 'deflate' })
    expect((await sendJson(chat('00f067aa0ba902b4'))).json()).toEqual({ partial_success: null })
    const snake = JSON.parse(
      JSON.stringify(chat('00f067aa0ba902b5')).replaceAll(/"([a-z]+(?:[A-Z][a-z]+)+)":/g, (name) =>
        name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      ),
    )
    expect(snake.resource_spans).toHaveLength(1)
    expect((await sendJson(snake)).statusCode).toBe(200)

    const calls = await ada.calls({})
    expect(calls).toHaveLength(5)
    for (const call of calls) {
      expect(call).toMatchObject({
        op_name: 'chat',
        trace_id: TRACE_ID,
        parent_id: 'b7ad6b7169203331',
        display_name: 'Chat',
        thread_id: 'thread',
        turn_id: call.id,
        started_at: '2025-11-25T10:00:00.123456Z',
        ended_at: '2025-11-25T10:00:02.123456Z',
        inputs: { 'gen_ai.prompt': [{ role: 'user', content: 'Hi' }] },
        output: { 'gen_ai.completion': [{ content: 'Hello' }] },
        exception: null,
        attributes: {
          system: 'openai',
          model: 'gpt-x',
          team: 'blue',
          otel_span: { kind: 'CLIENT', status: { code: 'OK' }, resource: { attributes: { service: { name: 'bot' } } } },
        },
        summary: {
          usage: { 'gpt-x': { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 } },
          weave: { status: 'success', latency_ms: 2000 },
        },
      })
    }
  })

  it('rejects spans one by one, in words, and takes the others', async () => {
    const { ada, sendJson, send } = await exporter()
    const message = request([
      span('00f067aa0ba902b1', {}, { a: text('scalar'), 'a.b': int(1) }),
      span('not-an-id'),
      span('00f067aa0ba902b2', { status: { code: 2, message: 'boom' } }),
    ])
    const reason =
      `Rejected span (name='chat' trace_id='${TRACE_ID}' span_id='00f067aa0ba902b1'): Invalid attribute structure: ` +
      "cannot set subkey 'b' under parent key 'a' because it is already a str. Attributes must form a valid tree structure."
    const reply = (await sendJson(message)).json()
    expect(reply.partial_success.rejected_spans).toBe(2)
    expect(reply.partial_success.error_message).toContain(`${reason}; Rejected span (name='chat'`)
    expect(await ada.calls({})).toMatchObject([
      { id: '00f067aa0ba902b2', exception: 'boom', summary: { weave: { status: 'error' } } },
    ])
    const { response } = await loadOtlpTypes()
    const one = await send(await protobuf(request([span('00f067aa0ba902b1', {}, { a: text('x'), 'a.b': int(1) })])))
    expect(response.toObject(response.decode(one.rawPayload), { longs: Number })).toEqual({
      partialSuccess: { rejectedSpans: 1, errorMessage: reason },
    })
  })

  it('knows where spans belong and who may send them', async () => {
    const { app, ada, bob, sendJson } = await exporter()
    const nowhere = request([span('00f067aa0ba902b1')], {})
    expect((await sendJson(nowhere)).json()).toEqual({ partial_success: null })
    expect((await sendJson(nowhere, { project_id: 'ada/tests' })).statusCode).toBe(200)
    const key = bob.authorization.replace('Bearer ', '')
    const stranger = await app.inject({
      method: 'POST',
      url: '/otel/v1/traces',
      payload: request([span('00f067aa0ba902b2')]),
      headers: { 'wandb-api-key': key },
    })
    expect([stranger.statusCode, stranger.json()]).toEqual([403, { detail: 'Project not found' }])
    const own = await app.inject({
      method: 'POST',
      url: '/otel/v1/trace',
      payload: request([span('00f067aa0ba902b2')], { ...HERE, 'wandb.entity': text('bob') }),
      headers: { 'wandb-api-key': key, project_id: 'ada/tests' },
    })
    expect(own.statusCode).toBe(200)
    expect((await ada.calls({})).map((call) => call.id)).toEqual(['00f067aa0ba902b1'])
    expect((await bob.calls({ project_id: 'bob/tests' })).map((call) => call.id)).toEqual(['00f067aa0ba902b2'])
  })

  it('refuses bodies that are not what they say, or unpack to too much', async () => {
    const { send, sendJson } = await exporter()
    expect((await send('not protobuf')).statusCode).toBe(400)
    expect((await send('{', { 'content-type': 'application/json' })).statusCode).toBe(400)
    expect((await send('plain', { 'content-encoding': 'gzip' })).statusCode).toBe(400)
    expect((await send('x', { 'content-encoding': 'br' })).statusCode).toBe(415)
    const bomb = gzipSync(Buffer.alloc(65 * 1024 * 1024))
    expect((await send(bomb, { 'content-encoding': 'gzip' })).statusCode).toBe(413)
    expect((await sendJson({})).json()).toEqual({ partial_success: null })
    let deep: object = int(1)
    for (let depth = 0; depth < 110; depth++) deep = { arrayValue: { values: [deep] } }
    const tooDeep = await sendJson(request([span('00f067aa0ba902b1', {}, { deep })]))
    expect([tooDeep.statusCode, tooDeep.json().reason]).toEqual([
      400,
      'Attributes are nested more than 100 levels deep',
    ])
  })
})
