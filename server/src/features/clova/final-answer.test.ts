import { describe, expect, it } from 'vitest'
import type { Database } from '../../db/open.ts'
import { testDatabases } from '../../db/testing.ts'
import type { ModelEvent, ModelRequest } from '../../models/language-model.ts'
import { OFFLINE_MODELS } from '../../models/offline.ts'
import { ScriptedModel, type ScriptedStep, says } from '../../models/testing.ts'
import { publishSkillset, startApi, testOperation, testSkill } from '../skillsets/testing.ts'
import { clovaApp, type MappedModel, parseClovaEvents } from './testing.ts'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** Seed 004's request, with the comma that its JSON lacks. */
const SEED = {
  query: '明日ソウルの天気はどう?',
  tokenStream: true,
  chatHistory: [
    { role: 'user', content: '今日の天気はどう?' },
    { role: 'assistant', content: '嵐の前夜です。' },
  ],
}
const BOTH = '明日ソウルの天気はどう? ソウルのホテルも探して'

function usage(inputTokens: number, outputTokens: number): ModelEvent {
  return { type: 'usage', usage: { inputTokens, outputTokens } }
}
function calls(...wanted: [name: string, given: object][]): ModelEvent[] {
  return [
    ...wanted.map(([name, given], index): ModelEvent => {
      return { type: 'tool-call-delta', index, id: `c${index}`, name, argumentsJson: JSON.stringify(given) }
    }),
    usage(100, 20),
    { type: 'end', finishReason: 'tool-calls' },
  ]
}

/** What a model does at each of its requests. */
function follows(...answers: (readonly ScriptedStep[])[]) {
  return (_: ModelRequest, index: number) => answers[Math.min(index, answers.length - 1)] ?? []
}

const WEATHER = 'weather__getWeather'
const HOTELS = 'hotel_search__searchHotel'
const ANSWER = [...says('明日のソウルは', '晴れ、27度です。'), usage(300, 30)]

async function weatherAndHotels(
  database: Database,
  models: MappedModel[],
  options: { offline?: boolean; modelName?: string } = {},
) {
  const weather = await startApi(({ query }) => ({ json: { city: query.city, sky: '晴れ', temperature: 27 } }))
  const hotels = await startApi(() => ({ json: { hotels: [{ hotel_name: 'Luxury Hotel', rating: 4 }] } }))
  const app = await clovaApp(database, {
    models,
    outboundAllow: [weather.origin, hotels.origin],
    offline: options.offline ?? false,
  })
  const skillsetId = await publishSkillset({ database, services: app.services }, app.somebody, {
    modelName: options.modelName ?? null,
    skills: [
      testSkill('weather', {
        nameForHuman: '天気',
        descriptionForModel: '天気予報',
        operations: [
          testOperation('getWeather', {
            server: weather.origin,
            summary: '都市の天気を調べる',
            parameters: { 'city*': '都市' },
          }),
        ],
      }),
      testSkill('hotel_search', {
        nameForHuman: 'V1ReviewSearch',
        descriptionForModel: 'ホテルを探す',
        operations: [
          testOperation('searchHotel', {
            server: hotels.origin,
            path: '/search_reviews_get',
            summary: '地域のホテルを探す',
            apiOrder: 1,
            parameters: { 'address*': '地域' },
          }),
        ],
      }),
    ],
  })
  return { ...app, weather, hotels, skillsetId, url: `/testapp/v1/skillsets/${skillsetId}/versions/1/final-answer` }
}

const native = (script: ConstructorParameters<typeof ScriptedModel>[1]): MappedModel => ({
  model: new ScriptedModel('HCX-005', script),
})
const written = (script: ConstructorParameters<typeof ScriptedModel>[1], json = true): MappedModel => ({
  model: new ScriptedModel('HCX-003', script),
  config: { capabilities: { tools: false, images: false, json } },
})

describe.each(testDatabases)('the final answer of a skillset on $name', ({ open }) => {
  it('answers seed 004’s request in JSON, in seed 004’s shape', async () => {
    const model = native(follows(calls([WEATHER, { city: 'ソウル' }]), ANSWER))
    const { post, url, weather, skillsetId } = await weatherAndHotels(await open(), [model])
    const reply = await post(url, SEED)
    expect(reply.statusCode).toBe(200)
    expect(reply.json()).toEqual({
      status: { code: '20000', message: 'OK' },
      result: {
        finalAnswer: '明日のソウルは晴れ、27度です。',
        tokenCount: 450,
        useTask: false,
        apiResult: [
          {
            url: `${weather.origin}/getWeather?city=%E3%82%BD%E3%82%A6%E3%83%AB`,
            requestBody: 'city=ソウル',
            responseBody: '{"city":"ソウル","sky":"晴れ","temperature":27}',
            operationId: 'getWeather',
            nameForHuman: '天気',
          },
        ],
      },
    })
    const [first, second] = model.model.requests
    expect(first?.messages.slice(1)).toEqual([...SEED.chatHistory, { role: 'user', content: SEED.query }])
    expect(first?.tools?.map(({ name }) => name)).toEqual([WEATHER, HOTELS])
    expect(second?.messages.at(-1)).toMatchObject({ role: 'tool', toolCallId: 'c0' })
    for (const path of [
      `/v1/skillsets/${skillsetId}/final-answer`,
      `/serviceapp/v1/skillsets/${skillsetId}/versions/latest/final-answer`,
    ])
      expect((await post(path, SEED)).json().status.code).toBe('20000')
  })

  it('writes the question, its requests to the model and its calls down as one trace', async () => {
    const model = native(follows(calls([WEATHER, { city: 'ソウル' }]), ANSWER))
    const { post, url, services, skillsetId } = await weatherAndHotels(await open(), [model])
    await post(url, SEED)
    await services.gateway.settled()
    await services.traces.recorder.settled()
    const { body } = await post('/calls/stream_query', { project_id: 'mina/skillsets' })
    const traced = body
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line))
    const root = traced.find(({ parent_id }) => parent_id === null)
    expect(root).toMatchObject({
      op_name: 'etude.skill-answer',
      inputs: { model: 'HCX-005', query: SEED.query },
      output: { text: '明日のソウルは晴れ、27度です。' },
      attributes: { etude: { skillset_id: skillsetId, version: 1 } },
    })
    const below = traced.filter(({ parent_id, trace_id }) => parent_id === root.id && trace_id === root.trace_id)
    expect(below.map(({ op_name }) => op_name).sort()).toEqual(['etude.chat', 'etude.chat', 'etude.skill-call'])
  })

  it('streams planning, cot, token and finalAnswer, each with an id of its own', async () => {
    const model = native(follows(calls([WEATHER, { city: 'ソウル' }], [HOTELS, { address: 'ソウル' }]), ANSWER))
    const { stream, url } = await weatherAndHotels(await open(), [model])
    const reply = await stream(url, { ...SEED, query: BOTH })
    expect(reply.headers['content-type']).toBe('text/event-stream; charset=utf-8')
    const events = parseClovaEvents(reply.body)
    expect(events.map(({ type }) => type)).toEqual(['planning', 'cot', 'token', 'token', 'finalAnswer'])
    expect(new Set(events.map(({ id }) => id)).size).toBe(5)
    for (const { id } of events) expect(id).toMatch(UUID)
    const [planning, cot, token, last, final] = events.map(({ data }) => data)
    expect(planning).toEqual({ selectedSkill: ['weather', 'hotel_search'], tokenCount: 120 })
    expect(cot).toMatchObject({
      apiResult: [
        { operationId: 'getWeather' },
        { operationId: 'searchHotel', apiOrder: 1, nameForHuman: 'V1ReviewSearch' },
      ],
      calls: [
        { operationId: 'getWeather', outcome: 'complete', isSent: true, method: 'GET', status: 200 },
        { operationId: 'searchHotel', isSent: true, nameForHuman: 'V1ReviewSearch', message: '' },
      ],
      tokenCount: 0,
    })
    expect(token).toEqual({
      id: expect.any(Number),
      index: 0,
      text: '明日のソウルは晴れ、27度です。',
      probs: [],
      stop_reason: null,
      stopReason: null,
    })
    expect(last).toMatchObject({ text: '', stop_reason: 'end_token', stopReason: 'end_token' })
    expect(final).toEqual({
      finalAnswer: '明日のソウルは晴れ、27度です。',
      apiResult: cot?.apiResult,
      useTask: false,
      tokenCount: 330,
    })
  })

  it.each(['True', 'False', undefined])(
    'streams tokens only when asked to, here tokenStream %s',
    async (tokenStream) => {
      const { stream, url } = await weatherAndHotels(await open(), [native(ANSWER)])
      const events = parseClovaEvents((await stream(url, { query: 'hi', tokenStream })).body)
      const tokens = tokenStream === 'True' ? ['token', 'token'] : []
      expect(events.map(({ type }) => type)).toEqual(['planning', ...tokens, 'finalAnswer'])
      expect(events[0]?.data).toEqual({ selectedSkill: [], tokenCount: 0 })
    },
  )

  it('adds what the client overrides to the calls: of one operation over that of all, both over the model’s', async () => {
    const both = calls([WEATHER, { city: 'ソウル' }], [HOTELS, { address: 'ソウル' }])
    const { post, url, weather, hotels } = await weatherAndHotels(await open(), [native(follows(both, ANSWER))])
    const requestOverride = {
      baseOperation: { header: { 'X-Naver-Client-Id': 'me', 'X-Trace': 1 }, query: { lang: 'ja', city: '釜山' } },
      operations: [{ operationId: 'searchHotel', header: { 'X-Trace': 2 }, query: { lang: 'ko' } }],
    }
    expect((await post(url, { query: BOTH, requestOverride })).json().status.code).toBe('20000')
    expect(weather.requests).toMatchObject([
      { query: { city: '釜山', lang: 'ja' }, headers: { 'x-naver-client-id': 'me', 'x-trace': '1' } },
    ])
    expect(hotels.requests).toMatchObject([
      { query: { address: 'ソウル', lang: 'ko' }, headers: { 'x-naver-client-id': 'me', 'x-trace': '2' } },
    ])
  })

  it('is answered by models without tools, which write plans', async () => {
    const plan = [
      ...says(
        '```json\n{"calls":[{"operation":"weather__getWeather","arguments":{"city":"ソウル"}},',
        '{"operation":"hotel_search__searchHotel","arguments":{"address":"ソウル"}}]}\n```',
      ),
      usage(100, 20),
    ]
    const model = written(follows(plan, [...says('{"calls":[]}'), usage(200, 5)], ANSWER))
    const { stream, post, url, hotels } = await weatherAndHotels(await open(), [model])
    const events = parseClovaEvents((await stream(url, { ...SEED, query: BOTH })).body)
    expect(events.map(({ type }) => type)).toEqual(['planning', 'cot', 'token', 'token', 'token', 'finalAnswer'])
    expect(events.at(-1)?.data).toMatchObject({ finalAnswer: '明日のソウルは晴れ、27度です。', tokenCount: 535 })
    expect(hotels.requests[0]).toMatchObject({ path: '/search_reviews_get', query: { address: 'ソウル' } })
    expect(model.model.requests[0]?.responseFormat).toMatchObject({ type: 'json' })
    expect(model.model.requests[2]?.responseFormat).toBeUndefined()
    // It goes on with its last answer, which is no plan.
    expect((await post(url, { query: 'hi' })).json().status).toMatchObject({ code: '62001' })
  })

  it('is answered by the offline model, over two skills', async () => {
    const app = await weatherAndHotels(await open(), [], { offline: true, modelName: OFFLINE_MODELS[0]!.name })
    const { result } = (await app.post(app.url, { ...SEED, query: BOTH })).json()
    expect(result.apiResult.map(({ operationId }: { operationId: string }) => operationId).toSorted()).toEqual([
      'getWeather',
      'searchHotel',
    ])
    expect(app.weather.requests[0]?.query).toEqual({ city: 'ソウル' })
    expect(app.hotels.requests[0]?.query).toEqual({ address: 'ソウル' })
    expect(result.finalAnswer).toContain('晴れ')
    expect(result.finalAnswer).toContain('Luxury Hotel')
    const events = parseClovaEvents((await app.stream(app.url, SEED)).body)
    expect(events.slice(0, 2).map(({ type }) => type)).toEqual(['planning', 'cot'])
    expect(events.at(-1)).toMatchObject({
      type: 'finalAnswer',
      data: { finalAnswer: expect.stringContaining('晴れ'), useTask: false },
    })
  })
})
