import { describe, expect, it, onTestFinished } from 'vitest'
import type { Database } from '../../db/open.ts'
import { testDatabases } from '../../db/testing.ts'
import type { ChatMessage, ModelEvent } from '../../models/language-model.ts'
import { ModelError } from '../../models/model-error.ts'
import { ScriptedModel, type ScriptedStep, says, testModel, testProvider } from '../../models/testing.ts'
import { appForTest } from '../../testing.ts'
import { ModelCatalog } from '../catalog/catalog.ts'
import { TokenizerService } from '../window/tokenizer-service.ts'
import { WindowService } from '../window/window.ts'
import { CallRecorder } from './call-recorder.ts'
import type { GatewayEvent } from './gateway-call.ts'
import { type GatewayRequest, GatewayService } from './service.ts'
import { GatewayStore } from './store.ts'

const never = () => new AbortController().signal
const user = (content: string): ChatMessage => ({ role: 'user', content })

describe.each(testDatabases)('the gateway on $name', ({ open }) => {
  async function gatewayWith(script: readonly ScriptedStep[], config: Partial<Parameters<typeof testModel>[0]> = {}) {
    const model = new ScriptedModel('lab', script)
    const catalog = new ModelCatalog(
      {
        providers: [testProvider({ baseUrl: 'http://127.0.0.1:9/v1' })],
        models: [testModel({ name: 'lab', pricePerMillionTokens: { input: 1, output: 10 }, ...config })],
      },
      { localOllama: null, createModel: () => model },
    )
    onTestFinished(() => catalog.close())
    const test = await appForTest(await open(), [], { catalog })
    const { gateway, accounts } = test.services
    const mina = await accounts.people.create({ handle: 'mina' })
    const request = (asked: Partial<GatewayRequest & GatewayRequest['request']> = {}): GatewayRequest => ({
      modelName: asked.modelName ?? 'lab',
      request: { messages: asked.messages ?? [user('hello')], parameters: asked.parameters ?? {}, ...asked.request },
      window: asked.window ?? 'refuse',
      dialect: 'openai',
      requestId: 'r-1',
    })
    const recorded = async () => {
      await gateway.settled()
      return calls(test.database)
    }
    return { ...test, catalog, gateway, model, mina, request, recorded }
  }

  it('hands on what the model says and records the call', async () => {
    const usage: ModelEvent = { type: 'usage', usage: { inputTokens: 20, outputTokens: 3 } }
    const { gateway, mina, request, recorded } = await gatewayWith([...says('Hel', 'lo'), usage])
    const answer = await gateway.ask(mina, request(), never())
    expect(await readAll(answer.events)).toEqual([
      ...says('Hel', 'lo'),
      { ...usage, source: 'provider' },
      { type: 'end', finishReason: 'stop' },
    ])
    expect(await recorded()).toMatchObject([
      {
        person_id: mina.personId,
        call_id: expect.any(Number),
        kind: 'chat',
        dialect: 'openai',
        model_name: 'lab',
        request_id: 'r-1',
        status: 'complete',
        finish_reason: 'stop',
        error_code: null,
        input_tokens: 20,
        output_tokens: 3,
        token_source: 'provider',
        cost: 0.00005,
        first_token_ms: expect.any(Number),
        latency_ms: expect.any(Number),
        trimmed_turns: 0,
      },
    ])
  })

  it('estimates the tokens where the provider does not tell', async () => {
    const { gateway, mina, request, recorded } = await gatewayWith(says('four words are here'))
    const { events } = await gateway.ask(mina, request(), never())
    const usage = (await readAll(events)).find((event) => event.type === 'usage')
    expect(usage).toMatchObject({ source: 'estimate', usage: { outputTokens: expect.any(Number) } })
    const [call] = await recorded()
    expect(call).toMatchObject({ token_source: 'estimate', input_tokens: usage?.usage.inputTokens })
    expect(call?.output_tokens).toBeGreaterThan(2)
    expect(call?.output_tokens).toBeLessThan(8)
  })

  it('cancels the model and records the call when the reader leaves in the middle', async () => {
    const { gateway, model, mina, request, recorded } = await gatewayWith([...says('begun'), 'hang'])
    const leaving = new AbortController()
    const { events } = await gateway.ask(mina, request(), leaving.signal)
    expect((await events.next()).value).toEqual({ type: 'text-delta', text: 'begun' })
    const waiting = events.next()
    leaving.abort(new Error('left'))
    await expect(waiting).rejects.toThrow('left')
    await expect.poll(() => model.cancelled).toBe(1)
    expect(await recorded()).toMatchObject([{ status: 'stopped', error_code: null, token_source: 'estimate' }])
  })

  it('cancels a model that nobody has begun to read', async () => {
    const { gateway, model, mina, request, recorded } = await gatewayWith(['hang'])
    const leaving = new AbortController()
    const asked = gateway.ask(mina, request(), leaving.signal)
    await expect.poll(() => model.requests.length).toBe(1)
    leaving.abort(new Error('left'))
    await expect(asked).rejects.toThrow('left')
    expect(model.cancelled).toBe(1)
    expect(await recorded()).toMatchObject([{ status: 'stopped', output_tokens: 0 }])
  })

  it('cancels the model when its events are left without an abort', async () => {
    const { gateway, model, mina, request, recorded } = await gatewayWith([...says('begun'), 'hang'])
    const { events } = await gateway.ask(mina, request(), never())
    for await (const _ of events) break
    await expect.poll(async () => (await recorded())[0]?.status).toBe('stopped')
    expect(model.requests).toHaveLength(1)
  })

  it('fails before the first word when the model does, and records why', async () => {
    const { gateway, mina, request, recorded } = await gatewayWith([new ModelError('rate_limited', 'Slow down.')])
    await expect(gateway.ask(mina, request(), never())).rejects.toMatchObject({ code: 'rate_limited' })
    expect(await recorded()).toMatchObject([
      { status: 'failed', error_code: 'rate_limited', input_tokens: null, output_tokens: null, cost: null },
    ])
  })

  it('waits for the first word only so long, for a reader wants to see that the server lives', async () => {
    let speak = () => {}
    const waitFor = new Promise<void>((resolve) => {
      speak = resolve
    })
    const { services, database, catalog, mina, request, recorded } = await gatewayWith([{ waitFor }, ...says('late')])
    const gateway = new GatewayService({
      catalog,
      classes: services.classes,
      windows: new WindowService({
        tokenizers: new TokenizerService({ dataFolder: '', warn: () => {} }),
      }),
      recorder: new CallRecorder({
        store: new GatewayStore(database, async () => []),
        log: { error: () => expect.unreachable() },
      }),
      now: () => new Date(),
      firstEventMs: 1,
    })
    const { events } = await gateway.ask(mina, request(), never())
    speak()
    expect((await readAll(events))[0]).toEqual({ type: 'text-delta', text: 'late' })
    await gateway.settled()
    expect(await recorded()).toMatchObject([{ status: 'complete' }])
  })

  it('learns from the provider’s counts where tokens are estimated', async () => {
    const messages = [user('word '.repeat(100))]
    const usage: ModelEvent = { type: 'usage', usage: { inputTokens: 200, outputTokens: 1 } }
    const { gateway, mina, request } = await gatewayWith([...says('fine'), usage])
    const totals: number[] = []
    for (let time = 0; time < 12; time++) {
      const { trim, events } = await gateway.ask(mina, request({ messages }), never())
      totals.push(trim.tokens.total)
      await readAll(events)
    }
    expect(Math.abs(totals.at(-1)! - 200)).toBeLessThan(Math.abs(totals[0]! - 200))
  })

  it('fails in the middle when the model does, after what has come', async () => {
    const { gateway, mina, request, recorded } = await gatewayWith([
      ...says('half'),
      new ModelError('timeout', 'Too slow.'),
    ])
    const { events } = await gateway.ask(mina, request(), never())
    expect((await events.next()).value).toEqual({ type: 'text-delta', text: 'half' })
    await expect(events.next()).rejects.toMatchObject({ code: 'timeout' })
    expect(await recorded()).toMatchObject([{ status: 'failed', error_code: 'timeout', token_source: 'estimate' }])
  })

  it('obeys stop words when the model does not, and cancels it there', async () => {
    const { gateway, model, mina, request, recorded } = await gatewayWith([...says('one. EN', 'D. two'), 'hang'])
    const { events } = await gateway.ask(mina, request({ parameters: { stop: ['END'] } }), never())
    expect(await readAll(events)).toMatchObject([
      { type: 'text-delta', text: 'one. ' },
      { type: 'usage', source: 'estimate' },
      { type: 'end', finishReason: 'stop' },
    ])
    expect(events.stoppedAt).toBe('END')
    expect(model.requests[0]?.parameters).toEqual({ stop: ['END'] })
    expect(await recorded()).toMatchObject([{ status: 'complete', finish_reason: 'stop' }])
  })

  it('obeys stop words that the model cannot take, and does not report them as dropped', async () => {
    const { gateway, model, mina, request } = await gatewayWith(says('a', 'b', 'c'), {
      unsupported: ['stop', 'seed'],
    })
    const answer = await gateway.ask(mina, request({ parameters: { stop: ['b'], seed: 1 } }), never())
    expect(answer.dropped.map(({ name }) => name)).toEqual(['seed'])
    expect(model.requests[0]?.parameters).toEqual({})
    expect((await readAll(answer.events))[0]).toEqual({ type: 'text-delta', text: 'a' })
  })

  it('lets people ask what an active class of theirs allows, and admins everything', async () => {
    const { gateway, database, services, mina, request } = await gatewayWith(says('fine'))
    const allow = (models: string | null) =>
      database.db.updateTable('classes').set({ allowed_models: models }).where('class_id', '=', 1).execute()
    const names = async () => (await gateway.listModels(mina)).map(({ name }) => name)
    const ask = async () => (await gateway.ask(mina, request(), never())).model.name

    expect(await names()).toEqual(['lab', 'etude-extract', 'etude-outline', 'etude-embed'])
    await allow('["etude-embed"]')
    expect(await names()).toEqual(['etude-embed'])
    await expect(ask()).rejects.toMatchObject({ code: 'model_not_found' })
    await allow('["lab"]')
    expect(await ask()).toBe('lab')
    await database.db.updateTable('classes').set({ status: 'ended' }).where('class_id', '=', 1).execute()
    await expect(ask()).rejects.toMatchObject({ code: 'model_not_found' })
    const boss = await services.accounts.people.create({ handle: 'boss', isAdmin: true })
    expect((await gateway.ask(boss, request(), never())).model.name).toBe('lab')
  })

  it.each<[string, Parameters<typeof testModel>[0], Partial<GatewayRequest['request']>]>([
    ['tools_not_supported', { capabilities: { tools: false, images: true, json: true } }, { tools: [tool()] }],
    [
      'json_not_supported',
      { capabilities: { tools: true, images: true, json: false } },
      { responseFormat: { type: 'json' } },
    ],
    [
      'images_not_supported',
      { capabilities: { tools: true, images: false, json: true } },
      { messages: [{ role: 'user', content: [{ type: 'image', url: 'data:image/png;base64,AA' }] }] },
    ],
    ['max_tokens_too_large', {}, { parameters: { maxOutputTokens: 5000 } }],
    ['context_too_long', { contextTokens: 300 }, { messages: [user('a'), user('word '.repeat(1000))] }],
    ['context_too_long', { contextTokens: 300 }, { messages: [user('word '.repeat(1000)), user('a')] }],
  ])('refuses with %s before the model is asked', async (code, config, asked) => {
    const { gateway, model, mina, request, recorded } = await gatewayWith(says('fine'), config)
    await expect(gateway.ask(mina, request({ request: asked as never }), never())).rejects.toMatchObject({ code })
    expect(model.requests).toHaveLength(0)
    expect(await recorded()).toEqual([])
  })

  it('leaves out the oldest turns when the window is on, and says how many', async () => {
    const { gateway, model, mina, request, recorded } = await gatewayWith(says('fine'), { contextTokens: 1000 })
    const messages: ChatMessage[] = [
      { role: 'system', content: 'Be kind.' },
      ...Array.from({ length: 40 }, (_, index) => user(`Question ${index}: ${'word '.repeat(50)}`)),
    ]
    const answer = await gateway.ask(mina, request({ messages, window: 'slide' }), never())
    await readAll(answer.events)
    const sent = model.requests[0]?.messages ?? []
    expect(sent[0]).toEqual(messages[0])
    expect(sent.at(-1)).toEqual(messages.at(-1))
    expect(answer.trim.turnsLeftOut).toBe(41 - sent.length)
    expect(answer.trim.turnsLeftOut).toBeGreaterThan(20)
    expect(await recorded()).toMatchObject([{ trimmed_turns: answer.trim.turnsLeftOut }])
  })

  it('sends models neither half characters nor NULs', async () => {
    const { gateway, model, mina, request } = await gatewayWith(says('fine'))
    const messages: ChatMessage[] = [
      { role: 'system', content: 'a\0b' },
      { role: 'user', content: [{ type: 'text', text: 'cut \ud83d' }] },
      { role: 'assistant', content: '\udc00', toolCalls: [{ id: 'c', name: 'f', argumentsJson: '{"a":"\ud800"}' }] },
      { role: 'tool', toolCallId: 'c', content: 'whole 🙂' },
    ]
    await gateway.ask(mina, request({ messages }), never())
    expect(model.requests[0]?.messages).toEqual([
      { role: 'system', content: 'a\uFFFDb' },
      { role: 'user', content: [{ type: 'text', text: 'cut \uFFFD' }] },
      { role: 'assistant', content: '\uFFFD', toolCalls: [{ id: 'c', name: 'f', argumentsJson: '{"a":"\uFFFD"}' }] },
      messages[3],
    ])
  })

  it('makes embeddings and records them; what chats makes none, what makes them does not chat', async () => {
    const { gateway, mina, request, recorded } = await gatewayWith(says('fine'))
    const asked = { modelName: 'etude-embed', texts: ['환불', 'refund'], dialect: 'clova' as const, requestId: 'r-2' }
    const made = await gateway.embed(mina, asked, never())
    expect(made.vectors.map(({ length }) => length)).toEqual([1024, 1024])
    expect(await recorded()).toMatchObject([
      {
        kind: 'embedding',
        dialect: 'clova',
        status: 'complete',
        input_tokens: made.inputTokens,
        output_tokens: 0,
        cost: 0,
      },
    ])
    await expect(gateway.embed(mina, { ...asked, modelName: 'lab' }, never())).rejects.toMatchObject({
      code: 'not_an_embedding_model',
    })
    await expect(gateway.ask(mina, request({ modelName: 'etude-embed' }), never())).rejects.toMatchObject({
      code: 'not_a_chat_model',
    })
    await expect(gateway.embed(mina, { ...asked, dimensions: 256 }, never())).rejects.toMatchObject({
      code: 'dimensions_not_supported',
    })
    await expect(gateway.embed(mina, { ...asked, texts: ['a', ''] }, never())).rejects.toMatchObject({
      code: 'empty_text',
    })
  })

  it('stores calls after a database that failed for a moment', async () => {
    const { database, mina, recorded } = await gatewayWith([])
    const store = new GatewayStore(database, async () => [])
    let failures = 1
    const recorder = new CallRecorder({
      store: {
        add: async (list) => (failures-- > 0 ? Promise.reject(new Error('gone')) : store.add(list)),
      } as GatewayStore,
      log: { error: () => expect.unreachable() },
      pauseMs: 1,
    })
    for (const requestId of ['a', 'b']) recorder.record(async () => call(mina.personId, requestId))
    await recorder.settled()
    expect((await recorded()).map(({ request_id }) => request_id)).toEqual(['a', 'b'])
  })
})

async function readAll(events: AsyncIterable<GatewayEvent>): Promise<GatewayEvent[]> {
  const all: GatewayEvent[] = []
  for await (const event of events) all.push(event)
  return all
}

function calls({ db }: Database) {
  return db.selectFrom('gateway_calls').selectAll().orderBy('call_id').execute()
}

function tool() {
  return { name: 'f', parameters: { type: 'object' } }
}

function call(personId: number, requestId: string) {
  return {
    personId,
    handle: 'mina',
    requestId,
    kind: 'chat' as const,
    dialect: 'openai' as const,
    modelName: 'lab',
    status: 'complete' as const,
    finishReason: 'stop' as const,
    errorCode: null,
    inputTokens: 1,
    outputTokens: 1,
    tokenSource: 'provider' as const,
    cost: null,
    firstTokenMs: 1,
    latencyMs: 1,
    trimmedTurns: 0,
    inputs: { texts: [] },
    output: null,
    partOf: null,
    createdAt: new Date().toISOString(),
  }
}
