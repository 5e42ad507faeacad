import { describe, expect, it } from 'vitest'
import { testDatabases } from '../../db/testing.ts'
import { ModelError } from '../../models/model-error.ts'
import { ScriptedModel, says } from '../../models/testing.ts'
import { appForTest, parseEvents } from '../../testing.ts'

const contents = (model: ScriptedModel, index: number) => model.requests[index]?.messages.map(({ content }) => content)

describe.each(testDatabases)('sessions that are copied, exported and retried on $name', ({ open }) => {
  async function session(options: Parameters<typeof appForTest>[2] = {}, body: object = {}) {
    const one = new ScriptedModel('one', (_, index) => says(`one ${index}`))
    const two = new ScriptedModel('two', (_, index) =>
      index === 1 ? [new ModelError('timeout', 'Too slow.')] : says(`two ${index}`),
    )
    const test = await appForTest(await open(), [one, two], options)
    const mina = await test.person('mina')
    const turn = (
      await mina.post('/user/practice/sessions/run?class_id=1', { prompt_text: '=SUM(A1)', ...body })
    ).json()
    const path = `/user/practice/sessions/${turn.session_id}`
    const chat = async (prompt_text: string) => (await mina.post(`${path}/chat`, { prompt_text })).json()
    return { ...test, ...mina, one, two, turn, path, chat }
  }

  it('fork at a turn: what came before is remembered, what came after is not', async () => {
    const { post, get, chat, path, turn, one } = await session({}, { generation_params: { seed: 4 } })
    const second = await chat('B')
    await chat('C')
    const { session_id } = (await post(`${path}/fork`, { turn_id: second.turn_id, title: 'Another way' })).json()
    const forked = (await get(`/user/practice/sessions/${session_id}`)).json()
    expect(forked).toMatchObject({
      title: 'Another way',
      turn_count: 2,
      turns: [{ prompt_text: '=SUM(A1)' }, { prompt_text: 'B' }],
    })
    expect(forked.turns[0].turn_id).not.toBe(turn.turn_id)
    await post(`/user/practice/sessions/${session_id}/chat`, { prompt_text: 'D' })
    expect(contents(one, 3)).toEqual(['=SUM(A1)', 'one 0', 'B', 'one 1', 'D'])
    expect(one.requests[3]?.parameters).toEqual({ seed: 4 })
    const events = parseEvents((await get(`/user/practice/turns/${forked.turns[1].turn_id}/events`)).body)
    expect(events.map(({ type }) => type)).toEqual([
      'turn-start',
      'response-start',
      'text-delta',
      'response-end',
      'response-start',
      'response-error',
      'turn-end',
    ])
    expect((await post(`${path}/fork`, { turn_id: 999_999 })).json().detail).toBe('turn_not_found')
  })

  it('leave as JSON with all lanes and come back the same', async () => {
    const { post, get, chat, path, person, patch } = await session(
      {},
      { style_preset: 'custom', style_params: { persona: 'a sailor' } },
    )
    await chat('B')
    await patch(path, { notes: 'my notes' })
    const exported = await get(`${path}/export?format=json`)
    expect(exported.headers['content-disposition']).toMatch(/attachment; filename="session-\d+\.json"/)
    const jun = await person('jun')
    const imported = await jun.post('/user/practice/sessions/import?class_id=1', exported.json())
    expect(imported.statusCode).toBe(201)
    const again = (await jun.get(`/user/practice/sessions/${imported.json().session_id}/export`)).json()
    const withoutIds = (file: {
      session: object
      models: { id: number }[]
      turns: { id: number; parent_id: number | null; responses: { model_id: number }[] }[]
    }) => ({
      ...file,
      session: { ...file.session, created_at: '' },
      models: file.models.map((model) => ({ ...model, id: 0 })),
      turns: file.turns.map((turn) => ({
        ...turn,
        id: 0,
        parent_id: turn.parent_id && 0,
        responses: turn.responses.map((response) => ({ ...response, model_id: 0 })),
      })),
    })
    expect(withoutIds(again)).toEqual(withoutIds(exported.json()))
    expect((await post('/user/practice/sessions/import?class_id=999', exported.json())).statusCode).toBe(404)
  })

  it('are refused as files that do not fit together, and nothing of them is kept', async () => {
    const { post, get, path } = await session()
    const file = (await get(`${path}/export`)).json()
    const wrong: [object, string][] = [
      [{ ...file, turns: [{ ...file.turns[0], parent_id: 77 }] }, 'invalid_session_file'],
      [
        { ...file, models: file.models.map((model: object) => ({ ...model, is_primary: true })) },
        'invalid_session_file',
      ],
      [
        { ...file, turns: [{ ...file.turns[0], responses: [{ ...file.turns[0].responses[0], model_id: 77 }] }] },
        'invalid_session_file',
      ],
      [{ ...file, format: 'other' }, 'literal_error'],
      [{ ...file, more: 1 }, 'extra_forbidden'],
    ]
    for (const [body, code] of wrong)
      expect((await post('/user/practice/sessions/import?class_id=1', body)).body).toContain(code)
    expect((await get('/user/practice/sessions')).json().total).toBe(1)
  })

  it('leave as Markdown and CSV with every lane, harmless for spreadsheets', async () => {
    const { get, chat, path } = await session()
    await chat('B')
    const markdown = (await get(`${path}/export?format=markdown`)).body
    for (const part of ['> =SUM(A1)', '### one', 'one 0', '### two', 'two 0', '**timeout**: Too slow.'])
      expect(markdown).toContain(part)
    const csv = (await get(`${path}/export?format=csv`)).body
    expect(csv.split('\r\n')).toHaveLength(1 + 4 + 1)
    expect(csv).toContain("'=SUM(A1)")
  })

  it('give a retry with the same Idempotency-Key the first outcome, also at the same time', async () => {
    const { post, get, one, path } = await session()
    const send = (body: object = { prompt_text: 'Hi' }) =>
      post('/user/practice/sessions/run?class_id=1', body, { 'idempotency-key': 'k1' })
    const both = await Promise.all([send(), send()])
    const third = await send()
    const turns = [...both, third].map((reply) => [reply.statusCode, reply.json().turn_id])
    expect(turns).toEqual([
      [201, turns[0]?.[1]],
      [201, turns[0]?.[1]],
      [201, turns[0]?.[1]],
    ])
    expect((await get('/user/practice/sessions')).json().total).toBe(2)
    expect((await send({ prompt_text: 'Something else' })).json().detail).toBe('idempotency_key_reused')
    const asked = one.requests.length
    const chat = () =>
      post(`${path}/chat`, { prompt_text: 'B' }, { 'idempotency-key': 'k2', accept: 'text/event-stream' })
    const [first, second] = [await chat(), await chat()]
    expect(parseEvents(second.body)).toEqual(parseEvents(first.body))
    expect(one.requests).toHaveLength(asked + 1)
  })

  it('are given a title by a model when there is one for it, but never over a person’s', async () => {
    const writer = new ScriptedModel('writer', says('"A fine\u0000 title."\nmore'))
    const one = new ScriptedModel('one', says('fine'))
    const { person } = await appForTest(await open(), [one, writer], { titleModel: 'writer' })
    const { get, post, patch } = await person('mina')
    const run = async () =>
      (await post('/user/practice/sessions/run?class_id=1', { prompt_text: 'What?', model_names: ['one'] })).json()
    const { session_id, session_title } = await run()
    expect(['What?', 'A fine title']).toContain(session_title)
    const title = async (id: number) => (await get(`/user/practice/sessions/${id}`)).json().title
    await expect.poll(() => title(session_id)).toBe('A fine title')
    const named = await run()
    await patch(`/user/practice/sessions/${named.session_id}`, { title: 'Mine' })
    await expect.poll(() => writer.requests.length).toBe(2)
    expect(await title(named.session_id)).toMatch(/^(Mine)$/)
  })
})
