import { describe, expect, it } from 'vitest'
import { testDatabases } from '../../db/testing.ts'
import { ModelError } from '../../models/model-error.ts'
import { ScriptedModel, says } from '../../models/testing.ts'
import { appForTest, askAndLeave, parseEvents } from '../../testing.ts'

const endless = (name: string) => new ScriptedModel(name, [...says('begun '), 'hang'])

describe.each(testDatabases)('practice sessions on $name', ({ open }) => {
  async function practice(...models: ScriptedModel[]) {
    const test = await appForTest(await open(), models)
    const mina = await test.person('mina')
    return { ...test, ...mina }
  }

  it('answers a prompt with several models, in the order asked, exactly as the seed shows it', async () => {
    const { post } = await practice(
      new ScriptedModel('one', [...says('first'), { type: 'usage', usage: { inputTokens: 2, outputTokens: 1 } }]),
      new ScriptedModel('two', says('second')),
    )
    const reply = await post('/user/practice/sessions/run?class_id=1', {
      prompt_text: 'Hello\nthere',
      model_names: ['two', 'one'],
    })
    expect(reply.statusCode).toBe(201)
    const body = reply.json()
    expect(body).toMatchObject({
      session_id: expect.any(Number),
      session_title: 'Hello',
      prompt_text: 'Hello\nthere',
      status: 'complete',
      results: [
        {
          model_name: 'two',
          response_text: 'second',
          is_primary: true,
          prompt_text: 'Hello\nthere',
          status: 'complete',
        },
        {
          model_name: 'one',
          response_text: 'first',
          is_primary: false,
          token_usage: { prompt_tokens: 2, completion_tokens: 1, total_tokens: 3, source: 'provider' },
          generation_params: {},
        },
      ],
    })
    for (const result of body.results) {
      expect(Number.isInteger(result.latency_ms)).toBe(true)
      expect(new Date(result.created_at).toISOString()).toBe(result.created_at)
      expect(result.call_ref).toMatch(/^weave:\/\/\/practice\/practice\/call\/[0-9a-f-]{36}$/)
    }
  })

  it('asks every model of the class when none is named', async () => {
    const { post } = await practice(new ScriptedModel('one', says('1')), new ScriptedModel('two', says('2')))
    for (const model_names of [undefined, null, []]) {
      const { results } = (
        await post('/user/practice/sessions/run?class_id=1', { prompt_text: 'Hi', model_names })
      ).json()
      expect(results.map((result: { model_name: string }) => result.model_name)).toEqual(['one', 'two'])
    }
  })

  it('sends the parameters it was given, keeps them for the next turn, and reports those a model cannot take', async () => {
    const free = new ScriptedModel('free', says('ok'))
    const strict = new ScriptedModel('strict', says('ok'))
    const { post } = await practice(free, Object.assign(strict, { unsupported: ['temperature'] }))
    const first = (
      await post('/user/practice/sessions/run?class_id=1', {
        prompt_text: 'Hi',
        generation_params: {
          temperature: 0.3,
          max_tokens: 9,
          max_completion_tokens: 50,
          response_length_preset: 'short',
        },
      })
    ).json()
    expect(free.requests[0]?.parameters).toEqual({ temperature: 0.3, maxOutputTokens: 50 })
    expect(strict.requests[0]?.parameters).toEqual({ maxOutputTokens: 50 })
    expect(first.results[1]).toMatchObject({
      generation_params: { max_completion_tokens: 50 },
      dropped_params: [{ name: 'temperature', reason: expect.any(String) }],
    })
    await post(`/user/practice/sessions/${first.session_id}/chat`, { prompt_text: 'Again' })
    expect(free.requests[1]?.parameters).toEqual({ temperature: 0.3, maxOutputTokens: 50 })
  })

  it('gives every lane its own history', async () => {
    const one = new ScriptedModel('one', (_, index) => says(`one says ${index}`))
    const two = new ScriptedModel('two', (_, index) =>
      index === 0 ? [new ModelError('timeout', 'Too slow.')] : says('two says'),
    )
    const { post } = await practice(one, two)
    const { session_id } = (await post('/user/practice/sessions/run?class_id=1', { prompt_text: 'A' })).json()
    await post(`/user/practice/sessions/${session_id}/chat`, { prompt_text: 'B', model_names: ['one'] })
    await post(`/user/practice/sessions/${session_id}/chat`, { prompt_text: 'C' })
    expect(one.requests[2]?.messages.map(({ content }) => content)).toEqual(['A', 'one says 0', 'B', 'one says 1', 'C'])
    expect(two.requests[1]?.messages.map(({ content }) => content)).toEqual(['C'])
  })

  it('streams the same as it replies, and replays it to whoever comes later', async () => {
    const { post, get } = await practice(new ScriptedModel('one', says('Hel', 'lo')))
    const stream = await post(
      '/user/practice/sessions/run?class_id=1',
      { prompt_text: 'Hi' },
      { accept: 'text/event-stream' },
    )
    expect(stream.headers['content-type']).toContain('text/event-stream')
    const events = parseEvents(stream.body)
    expect(events.map(({ type }) => type)).toEqual([
      'turn-start',
      'response-start',
      'text-delta',
      'response-end',
      'turn-end',
    ])
    const turn_id = events[0]?.data.turn_id
    const stored = (await get(`/user/practice/turns/${turn_id}`)).json()
    expect(events.at(-1)?.data).toEqual({ result: stored })
    expect(parseEvents((await get(`/user/practice/turns/${turn_id}/events`)).body)).toEqual(events)
    const after = await get(`/user/practice/turns/${turn_id}/events`, { 'last-event-id': String(events[2]?.id) })
    expect(parseEvents(after.body)).toEqual(events.slice(3))
    expect(parseEvents((await get(`/user/practice/turns/${turn_id}/events?after=${events[3]?.id}`)).body)).toEqual(
      events.slice(4),
    )
  })

  it('keeps the other answers when one model fails', async () => {
    const { post } = await practice(
      new ScriptedModel('down', [
        new ModelError('model_unavailable', 'It is down.', { providerMessage: 'overloaded' }),
      ]),
      new ScriptedModel('up', says('fine')),
    )
    const { results } = (await post('/user/practice/sessions/run?class_id=1', { prompt_text: 'Hi' })).json()
    expect(results).toMatchObject([
      {
        status: 'failed',
        response_text: '',
        error: { code: 'model_unavailable', message: 'It is down.', provider_message: 'overloaded' },
      },
      { status: 'complete', response_text: 'fine', error: null },
    ])
  })

  it('stops a turn or one of its lanes, and refuses the next prompt until then', async () => {
    const { post, get, app, authorization } = await practice(endless('one'), endless('two'))
    const { session_id, turn_id, lanes } = await askAndLeave({ app, authorization }, { prompt_text: 'Hi' })
    expect((await post(`/user/practice/sessions/${session_id}/chat`, { prompt_text: 'Next' })).json()).toMatchObject({
      detail: 'turn_running',
    })
    const one = await post(`/user/practice/turns/${turn_id}/cancel`, { response_ids: [lanes[0]?.response_id] })
    expect(one.statusCode).toBe(202)
    await expect
      .poll(async () => statuses(await get(`/user/practice/turns/${turn_id}`)))
      .toEqual(['stopped', 'running'])
    expect((await post(`/user/practice/turns/${turn_id}/cancel`)).statusCode).toBe(202)
    await expect
      .poll(async () => (await get(`/user/practice/turns/${turn_id}`)).json())
      .toMatchObject({
        status: 'stopped',
        results: [{ response_text: 'begun ' }, { response_text: 'begun ' }],
      })
  })

  it('lists, finds, shows, renames and deletes sessions', async () => {
    const { post, get, patch, remove } = await practice(new ScriptedModel('one', says('fine')))
    for (const prompt_text of ['Apples', '100% pears', 'Plums'])
      await post('/user/practice/sessions/run?class_id=1', { prompt_text })
    const page = (await get('/user/practice/sessions?page=1&size=2')).json()
    expect(page).toMatchObject({
      total: 3,
      page: 1,
      size: 2,
      items: [{ title: 'Plums', model_names: ['one'], turn_count: 1 }, { title: '100% pears' }],
    })
    expect((await get('/user/practice/sessions?q=0%25%20P')).json().items).toMatchObject([{ title: '100% pears' }])
    const { session_id } = page.items[0]
    await post(`/user/practice/sessions/${session_id}/chat`, { prompt_text: 'More' })
    expect((await get(`/user/practice/sessions/${session_id}`)).json()).toMatchObject({
      title: 'Plums',
      turn_count: 2,
      models: [{ model_name: 'one', is_primary: true }],
      turns: [{ prompt_text: 'Plums' }, { prompt_text: 'More' }],
      responses: [{ prompt_text: 'Plums', response_text: 'fine' }, { prompt_text: 'More' }],
    })
    expect((await patch(`/user/practice/sessions/${session_id}`, { title: 'Mine' })).json()).toMatchObject({
      title: 'Mine',
    })
    expect((await remove(`/user/practice/sessions/${session_id}`)).statusCode).toBe(204)
    expect((await get(`/user/practice/sessions/${session_id}`)).statusCode).toBe(404)
    expect((await get('/user/practice/sessions')).json().total).toBe(2)
  })

  it('keeps the history of a class that has ended readable, and refuses to go on in it', async () => {
    const { database, post, get, patch, remove } = await practice(new ScriptedModel('one', says('fine')))
    const { session_id, turn_id, results } = (
      await post('/user/practice/sessions/run?class_id=1', { prompt_text: 'Hi' })
    ).json()
    const path = `/user/practice/sessions/${session_id}`
    for (const status of ['ended', 'planned'] as const) {
      await database.db.updateTable('classes').set({ status }).where('class_id', '=', 1).execute()
      for (const url of [
        path,
        `${path}/settings`,
        `${path}/models`,
        `/user/practice/turns/${turn_id}`,
        `${path}/export`,
      ])
        expect((await get(url)).statusCode).toBe(200)
      const refused = [
        await post(`${path}/chat`, { prompt_text: 'More' }),
        await post(`/user/practice/responses/${results[0].response_id}/retry`),
        await post(`/user/practice/turns/${turn_id}/ask-again`, {}),
        await post('/user/practice/sessions', { class_id: 1 }),
        await patch(`${path}/settings`, { style_preset: 'accurate' }),
        await post(`${path}/settings/revisions/1/restore`),
        await patch(path, { agent_id: null }),
        await patch(`/user/practice/models/${results[0].session_model_id}`, { generation_params: { temperature: 1 } }),
        await remove(`/user/practice/models/${results[0].session_model_id}`),
      ]
      expect(refused.map((reply) => reply.json().detail)).toEqual(refused.map(() => 'class_not_active'))
    }
    expect((await patch(`/user/practice/turns/${turn_id}`, { prompt_text: 'Edited' })).json().detail).toBe(
      'route_not_found',
    )
  })

  it('pages through ten thousand sessions', async () => {
    const { database, get } = await practice(new ScriptedModel('one', says('fine')))
    const { person } = (await get('/user/me')).json()
    const createdAt = new Date().toISOString()
    const rows = Array.from({ length: 10_000 }, (_, index) => ({
      session_id: 1_000 + index,
      person_id: person.user_id,
      class_id: 1,
      title: `Session ${index}`,
      title_source: 'prompt' as const,
      preview: '',
      setting_id: 1_000 + index,
      revision: 1,
      turn_count: 0,
      created_at: createdAt,
      updated_at: createdAt,
      last_turn_at: createdAt,
    }))
    for (let start = 0; start < rows.length; start += 1_000)
      await database.db
        .insertInto('practice_sessions')
        .values(rows.slice(start, start + 1_000))
        .execute()
    await database.db
      .updateTable('people')
      .set({ session_count: 10_000 })
      .where('person_id', '=', person.user_id)
      .execute()
    const last = (await get('/user/practice/sessions?page=200&size=50')).json()
    expect(last).toMatchObject({ total: 10_000, page: 200, size: 50 })
    expect(last.items.at(-1)).toMatchObject({ title: 'Session 0' })
    expect((await get('/user/practice/sessions?q=session%209999')).json()).toMatchObject({ total: 1 })
    expect((await get('/user/practice/sessions?size=201')).statusCode).toBe(422)
  })

  it('opens a session without a prompt; the first one gives it a title', async () => {
    const { post, get, remove } = await practice(
      new ScriptedModel('one', says('fine')),
      new ScriptedModel('two', says('fine')),
    )
    const opened = await post('/user/practice/sessions', { class_id: 1, notes: 'mine' })
    expect([opened.statusCode, opened.json()]).toEqual([
      201,
      expect.objectContaining({ title: '', turn_count: 0, notes: 'mine', model_names: ['one', 'two'], responses: [] }),
    ])
    const path = `/user/practice/sessions/${opened.json().session_id}`
    const { results } = (await post(`${path}/chat`, { prompt_text: 'First words' })).json()
    expect((await get(path)).json()).toMatchObject({ title: 'First words', turn_count: 1 })
    expect((await remove(`/user/practice/responses/${results[0].response_id}`)).statusCode).toBe(204)
    expect((await get(path)).json().responses).toHaveLength(1)
    expect((await get(`/user/practice/responses/${results[0].response_id}`)).json().detail).toBe('response_not_found')
    expect((await post('/user/practice/sessions', { class_id: 999 })).json().detail).toBe('class_not_found')
    const without = await post('/user/practice/sessions', { title: 'Of no class' })
    expect([without.statusCode, without.json().detail]).toEqual([400, 'class_id_required'])
    expect((await get('/user/practice/sessions/99999999999999999999')).json().detail).toHaveLength(1)
  })

  it('stops what runs in a session that is deleted', async () => {
    const model = endless('one')
    const { get, remove, app, authorization } = await practice(model)
    const { session_id, turn_id } = await askAndLeave({ app, authorization }, { prompt_text: 'Hi' })
    expect((await remove(`/user/practice/sessions/${session_id}`)).statusCode).toBe(204)
    expect(model.cancelled).toBe(1)
    expect((await get(`/user/practice/turns/${turn_id}`)).statusCode).toBe(404)
  })

  it('shows nobody what is somebody else’s', async () => {
    const { post, person } = await practice(new ScriptedModel('one', says('fine')))
    const { session_id, turn_id } = (
      await post('/user/practice/sessions/run?class_id=1', { prompt_text: 'Mine' })
    ).json()
    const other = await person('jun')
    const replies = await Promise.all([
      other.get(`/user/practice/sessions/${session_id}`),
      other.patch(`/user/practice/sessions/${session_id}`, { title: 'Yours' }),
      other.remove(`/user/practice/sessions/${session_id}`),
      other.post(`/user/practice/sessions/${session_id}/chat`, { prompt_text: 'Hi' }),
      other.get(`/user/practice/turns/${turn_id}`),
      other.get(`/user/practice/turns/${turn_id}/events`),
      other.post(`/user/practice/turns/${turn_id}/cancel`),
    ])
    expect(replies.map(({ statusCode }) => statusCode)).toEqual([404, 404, 404, 404, 404, 404, 404])
    expect((await other.get('/user/practice/sessions')).json()).toMatchObject({ items: [], total: 0 })
  })

  it('lets only members run in a class, and admins everywhere', async () => {
    const { database, person } = await practice(new ScriptedModel('one', says('fine')))
    await database.db
      .insertInto('classes')
      .values({ class_id: 50, slug: 'other', name: 'Other', status: 'active', created_at: new Date().toISOString() })
      .execute()
    const run = (who: Awaited<ReturnType<typeof person>>, id: number) =>
      who.post(`/user/practice/sessions/run?class_id=${id}`, { prompt_text: 'Hi' })
    expect((await run(await person('stranger'), 50)).json()).toMatchObject({ detail: 'class_not_found' })
    expect((await run(await person('boss', { isAdmin: true }), 50)).statusCode).toBe(201)
    await database.db.updateTable('classes').set({ status: 'ended' }).where('class_id', '=', 50).execute()
    expect((await run(await person('boss2', { isAdmin: true }), 50)).json()).toMatchObject({
      detail: 'class_not_active',
    })
  })

  it('asks no model that the class does not allow any more, or that a file names; the other lanes go on', async () => {
    const [one, two] = [new ScriptedModel('one', says('1')), new ScriptedModel('two', says('2'))]
    const { database, post, get } = await practice(one, two)
    const { session_id, results } = (await post('/user/practice/sessions/run?class_id=1', { prompt_text: 'Hi' })).json()
    const path = `/user/practice/sessions/${session_id}`
    const file = (await get(`${path}/export?format=json`)).json()
    await database.db.updateTable('classes').set({ allowed_models: '["two"]' }).where('class_id', '=', 1).execute()

    const turn = await post(`${path}/chat`, { prompt_text: 'More' })
    expect([turn.statusCode, turn.json().results]).toMatchObject([
      201,
      [{ status: 'failed', error: { code: 'model_not_allowed_for_class' }, token_usage: null }, { response_text: '2' }],
    ])
    file.models = file.models.filter((model: { model_name: string }) => model.model_name === 'one')
    file.turns[0].responses = file.turns[0].responses.slice(0, 1)
    const imported = (await post('/user/practice/sessions/import?class_id=1', file)).json()
    const refused = [
      await post(`${path}/chat`, { prompt_text: 'More', model_names: ['one'] }),
      await post(`/user/practice/responses/${results[0].response_id}/retry`),
      await post(`/user/practice/sessions/${imported.session_id}/chat`, { prompt_text: 'More' }),
    ]
    expect(refused.map((reply) => [reply.statusCode, reply.json().detail])).toEqual(
      refused.map(() => [400, 'model_not_allowed_for_class']),
    )
    expect(one.requests).toHaveLength(1)
  })

  it('runs only models that the class allows, and says which one it refused', async () => {
    const { database, post } = await practice(new ScriptedModel('one', says('1')), new ScriptedModel('two', says('2')))
    await database.db
      .updateTable('classes')
      .set({ allowed_models: '["two"]', primary_model: 'two' })
      .where('class_id', '=', 1)
      .execute()
    const refused = await post('/user/practice/sessions/run?class_id=1', { prompt_text: 'Hi', model_names: ['one'] })
    expect([refused.statusCode, refused.json().detail]).toEqual([400, 'model_not_allowed_for_class'])
    const { results } = (await post('/user/practice/sessions/run?class_id=1', { prompt_text: 'Hi' })).json()
    expect(results).toMatchObject([{ model_name: 'two', is_primary: true }])
    await database.db.updateTable('classes').set({ allowed_models: '["gone"]' }).where('class_id', '=', 1).execute()
    expect((await post('/user/practice/sessions/run?class_id=1', { prompt_text: 'Hi' })).json().detail).toBe(
      'no_models',
    )
  })

  it('names a model that does not exist, and asks nobody', async () => {
    const one = new ScriptedModel('one', says('1'))
    const { post, get } = await practice(one)
    const reply = await post('/user/practice/sessions/run?class_id=1', {
      prompt_text: 'Hi',
      model_names: ['one', 'gpt-9'],
    })
    expect([reply.statusCode, reply.json().detail]).toEqual([400, 'unknown_model'])
    expect(reply.json().message).toContain('gpt-9')
    expect(one.requests).toHaveLength(0)
    expect((await get('/user/practice/sessions')).json().total).toBe(0)
    const { session_id } = (await post('/user/practice/sessions/run?class_id=1', { prompt_text: 'Hi' })).json()
    const chat = await post(`/user/practice/sessions/${session_id}/chat`, { prompt_text: 'Hi', model_names: ['gpt-9'] })
    expect([chat.statusCode, chat.json().detail]).toEqual([400, 'model_not_in_session'])
  })

  it.each([
    ['an empty prompt', { prompt_text: '' }, 'prompt_text', 'string_too_short'],
    ['a blank prompt', { prompt_text: ' \n\t' }, 'prompt_text', 'value_error'],
    ['a prompt with NUL', { prompt_text: 'a\0b' }, 'prompt_text', 'value_error'],
    ['no prompt', {}, 'prompt_text', 'missing'],
    ['a prompt that is a number', { prompt_text: 5 }, 'prompt_text', 'string_type'],
    ['an unknown key', { prompt_text: 'Hi', colour: 'red' }, 'colour', 'extra_forbidden'],
    ['models that are no list', { prompt_text: 'Hi', model_names: 'one' }, 'model_names', 'list_type'],
    [
      'knowledge, which cannot be honoured yet',
      { prompt_text: 'Hi', knowledge_ids: [1] },
      'knowledge_ids',
      'value_error',
    ],
    [
      'a temperature that is too high',
      { prompt_text: 'Hi', generation_params: { temperature: 3 } },
      'generation_params',
      'less_than_equal',
    ],
  ])('refuses %s with the field and the reason', async (_, body, field, type) => {
    const one = new ScriptedModel('one', says('1'))
    const { post } = await practice(one)
    const reply = await post('/user/practice/sessions/run?class_id=1', body)
    expect(reply.statusCode).toBe(422)
    expect(reply.json().detail[0]).toMatchObject({ loc: expect.arrayContaining(['body', field]), type })
    expect(one.requests).toHaveLength(0)
  })

  it('accepts fields of features to come when they ask for nothing', async () => {
    const { post } = await practice(new ScriptedModel('one', says('1')))
    const nothing = {
      agent_id: null,
      project_id: null,
      knowledge_ids: [],
      style_preset: null,
      style_params: {},
      few_shot_example_ids: null,
    }
    expect((await post('/user/practice/sessions/run?class_id=1', { prompt_text: 'Hi', ...nothing })).statusCode).toBe(
      201,
    )
  })

  it('refuses malformed JSON, other media types and bodies that are too large', async () => {
    const { app, authorization } = await practice(new ScriptedModel('one', says('1')))
    const send = (payload: string, type = 'application/json') =>
      app.inject({
        method: 'POST',
        url: '/user/practice/sessions/run?class_id=1',
        headers: { authorization, 'content-type': type },
        payload,
      })
    const malformed = await send('{"prompt_text": ')
    expect([malformed.statusCode, malformed.json().detail[0].type]).toEqual([422, 'json_invalid'])
    expect((await send('prompt_text=x', 'application/x-www-form-urlencoded')).json().detail).toBe(
      'unsupported_media_type',
    )
    expect((await send(JSON.stringify({ prompt_text: 'x'.repeat(5_000_000) }))).json().detail).toBe('body_too_large')
    expect((await send('')).statusCode).toBe(422)
  })

  it('refuses addresses that name nothing', async () => {
    const { post, get } = await practice(new ScriptedModel('one', says('1')))
    for (const id of ['0', '-1', 'abc', '9'.repeat(30)])
      expect((await get(`/user/practice/sessions/${id}`)).statusCode).toBe(422)
    expect((await get('/user/practice/sessions/999999')).json()).toMatchObject({ detail: 'session_not_found' })
    for (const query of ['', '?class_id=0', '?class_id=x']) {
      expect((await post(`/user/practice/sessions/run${query}`, { prompt_text: 'Hi' })).statusCode).toBe(422)
    }
    expect((await get('/user/practice/nothing')).json()).toMatchObject({ detail: 'route_not_found' })
  })
})

function statuses(reply: { json(): { results: { status: string }[] } }): string[] {
  return reply.json().results.map(({ status }) => status)
}
