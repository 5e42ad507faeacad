import { describe, expect, it } from 'vitest'
import { testDatabases } from '../../db/testing.ts'
import { ScriptedModel, says } from '../../models/testing.ts'
import { appForTest } from '../../testing.ts'

describe.each(testDatabases)('settings on $name', ({ open }) => {
  async function session(body: object = {}) {
    const model = new ScriptedModel('one', says('fine'))
    const test = await appForTest(await open(), [model])
    const mina = await test.person('mina')
    const run = await mina.post('/user/practice/sessions/run?class_id=1', { prompt_text: 'Hi', ...body })
    const { session_id } = run.json()
    const path = `/user/practice/sessions/${session_id}/settings`
    const chat = (more: object = {}) =>
      mina.post(`/user/practice/sessions/${session_id}/chat`, { prompt_text: 'Go on', ...more })
    return { ...test, ...mina, model, run, session_id, path, chat }
  }

  async function example(post: Awaited<ReturnType<typeof session>>['post'], input_text: string) {
    return (await post('/user/practice/few-shot-examples', { input_text, output_text: `${input_text}!` })).json()
      .example_id
  }

  it('shows what /run was given, field by field as the seed does', async () => {
    const { get, path, session_id } = await session({
      style_preset: 'accurate',
      style_params: { persona: 'a sailor', unknown: 1 },
      generation_params: {
        temperature: 1,
        top_p: 0.5,
        response_length_preset: 'short',
        max_completion_tokens: 2,
        max_tokens: 2,
      },
    })
    const reply = await get(path)
    expect(reply.headers.etag).toBe('"1"')
    expect(reply.json()).toEqual({
      setting_id: expect.any(Number),
      session_id,
      created_at: expect.any(String),
      updated_at: expect.any(String),
      revision: 1,
      style_preset: 'accurate',
      style_params: { persona: 'a sailor', unknown: 1 },
      generation_params: {
        temperature: 1,
        top_p: 0.5,
        response_length_preset: 'short',
        max_completion_tokens: 2,
        max_tokens: 2,
      },
      agent_snapshot: {},
      summary_model: null,
      agent_latest_version: null,
      few_shot_links: [],
      resolved: {
        temperature: { value: 1, origin: 'settings' },
        top_p: { value: 0.5, origin: 'settings' },
        max_completion_tokens: { value: 2, origin: 'settings' },
      },
    })
  })

  it('shows the settings with their session, too', async () => {
    const { get, path, session_id } = await session({ style_preset: 'creative' })
    const { settings } = (await get(`/user/practice/sessions/${session_id}`)).json()
    expect(settings).toEqual((await get(path)).json())
  })

  it('refuses a cap that contradicts the length preset, and says so', async () => {
    const { patch, path } = await session()
    const generation_params = { response_length_preset: 'short', max_tokens: 5000 }
    const reply = await patch(path, { generation_params })
    expect([reply.statusCode, reply.json().detail[0]]).toEqual([
      422,
      expect.objectContaining({ type: 'value_error', msg: expect.stringContaining('contradicts the length preset') }),
    ])
  })

  it('leaves what is omitted, clears what is null, merges objects and removes keys of null', async () => {
    const { patch, path } = await session({
      style_preset: 'creative',
      style_params: { persona: 'a sailor', language: 'Korean' },
      generation_params: { temperature: 0.3, top_p: 0.5 },
    })
    const change = async (body: object) => (await patch(path, body)).json()
    expect(await change({ generation_params: { temperature: null, seed: 7 } })).toMatchObject({
      revision: 2,
      style_preset: 'creative',
      generation_params: { top_p: 0.5, seed: 7 },
      style_params: { persona: 'a sailor', language: 'Korean' },
    })
    expect((await change({ style_params: { persona: null } })).style_params).toEqual({ language: 'Korean' })
    const cleared = await change({ style_preset: null, style_params: null, generation_params: null })
    expect([cleared.style_preset, cleared.style_params, cleared.generation_params]).toEqual([null, {}, {}])
    expect((await change({})).revision).toBe(cleared.revision)
  })

  it('keeps both names of the token cap equal; max_completion_tokens wins', async () => {
    const { patch, path } = await session()
    const params = async (generation_params: object) =>
      (await patch(path, { generation_params })).json().generation_params
    expect(await params({ max_tokens: 50 })).toEqual({ max_tokens: 50, max_completion_tokens: 50 })
    expect(await params({ max_tokens: 10, max_completion_tokens: 20 })).toEqual({
      max_tokens: 20,
      max_completion_tokens: 20,
    })
    expect(await params({ max_tokens: null })).toEqual({})
  })

  it('sends a preset’s parameters and sentences, and lets stronger levels win', async () => {
    const { model, patch, path, chat, get, session_id } = await session({
      style_preset: 'accurate',
      style_params: { hint_mode: true, system_prompt: 'Say ahoy.' },
    })
    expect(model.requests[0]?.parameters).toEqual({ temperature: 0.2, topP: 0.9 })
    const system = model.requests[0]?.messages[0]
    expect(system).toMatchObject({
      role: 'system',
      content: expect.stringMatching(/^Be accurate[\s\S]*hints[\s\S]*Say ahoy\.$/),
    })
    await patch(path, { generation_params: { temperature: 0.5, response_length_preset: 'long' } })
    await chat()
    expect(model.requests[1]?.parameters).toEqual({ temperature: 0.5, topP: 0.9, maxOutputTokens: 1024 })
    const [lane] = (await get(`/user/practice/sessions/${session_id}/models`)).json()
    await patch(`/user/practice/models/${lane.session_model_id}`, {
      generation_params: { temperature: 0.6, response_length_preset: 'short' },
    })
    await chat({ generation_params: { temperature: 0.7 } })
    expect(model.requests[2]?.parameters).toEqual({ temperature: 0.7, topP: 0.9, maxOutputTokens: 256 })
    expect((await get(path)).json().resolved).toMatchObject({
      temperature: { value: 0.5, origin: 'settings' },
      top_p: { value: 0.9, origin: 'preset' },
      max_completion_tokens: { value: 2048, origin: 'settings' },
    })
  })

  it('names the revision that produced each response, compares revisions and restores one', async () => {
    const { patch, path, chat, get, post, run } = await session({ generation_params: { temperature: 0.1 } })
    await patch(path, { generation_params: { temperature: 0.9 }, style_preset: 'balanced' })
    expect([run.json().results[0].revision, (await chat()).json().results[0].revision]).toEqual([1, 2])
    expect((await get(`${path}/revisions/compare?from=1&to=2`)).json().differences).toEqual(
      expect.arrayContaining([
        { path: 'style_preset', from: null, to: 'balanced' },
        { path: 'generation_params.temperature', from: 0.1, to: 0.9 },
      ]),
    )
    const restored = (await post(`${path}/revisions/1/restore`)).json()
    expect(restored).toMatchObject({ revision: 3, style_preset: null, generation_params: { temperature: 0.1 } })
    const page = (await get(`${path}/revisions`)).json()
    expect(page).toMatchObject({ total: 3, items: [{ revision: 3 }, { revision: 2 }, { revision: 1 }] })
    expect((await get(`${path}/revisions/compare?from=1&to=9`)).json().detail).toBe('revision_not_found')
  })

  it('lets one of two simultaneous changes win when they name the revision, and merges them when they do not', async () => {
    const { patch, path, get } = await session()
    const both = await Promise.all(
      [0.1, 0.2].map((temperature) => patch(path, { generation_params: { temperature } }, { 'if-match': '"1"' })),
    )
    expect(both.map(({ statusCode }) => statusCode).sort()).toEqual([200, 412])
    expect(both.find(({ statusCode }) => statusCode === 412)?.json().detail).toBe('revision_conflict')
    await Promise.all([
      patch(path, { generation_params: { top_p: 0.5 } }),
      patch(path, { generation_params: { seed: 3 } }),
      patch(path, { style_preset: 'custom' }),
    ])
    expect((await get(path)).json()).toMatchObject({
      revision: 5,
      style_preset: 'custom',
      generation_params: { top_p: 0.5, seed: 3 },
    })
  })

  it('uses few-shot examples in their order, and freezes with a turn what it used', async () => {
    const { post, patch, path, chat, model } = await session()
    const [first, second] = [await example(post, 'one'), await example(post, 'two')]
    const linked = (await patch(path, { few_shot_example_ids: [second, first] })).json()
    expect(linked.few_shot_links).toMatchObject([
      { example_id: second, sort_order: 0, example: { input_text: 'two', output_text: 'two!' } },
      { example_id: first, sort_order: 1 },
    ])
    const turn = (await chat()).json()
    expect(model.requests[1]?.messages.map(({ content }) => content)).toEqual([
      'two',
      'two!',
      'one',
      'one!',
      'Hi',
      'fine',
      'Go on',
    ])
    await patch(`/user/practice/few-shot-examples/${second}`, { output_text: 'changed' })
    await patch(`/user/practice/few-shot-examples/${first}`, { is_active: false })
    await post(`/user/practice/responses/${turn.results[0].response_id}/retry`)
    expect(model.requests[2]?.messages.map(({ content }) => content)).toEqual([
      'two',
      'two!',
      'one',
      'one!',
      'Hi',
      'fine',
      'Go on',
    ])
    await chat()
    expect(model.requests[3]?.messages.slice(0, 3).map(({ content }) => content)).toEqual(['two', 'changed', 'Hi'])
    const kept = (await patch(path, { few_shot_example_ids: [first === 0 ? 1 : second] })).json().few_shot_links
    expect(kept[0].id).toBe(linked.few_shot_links[0].id)
    expect((await patch(path, { few_shot_example_ids: null })).json().few_shot_links).toEqual([])
  })

  it('refuses examples that are doubled, unknown, inactive or somebody else’s, and changes nothing', async () => {
    const { post, patch, path, get, person } = await session()
    const mine = await example(post, 'mine')
    const inactive = await example(post, 'old')
    await patch(`/user/practice/few-shot-examples/${inactive}`, { is_active: false })
    const foreign = await example((await person('jun')).post, 'foreign')
    expect((await patch(path, { few_shot_example_ids: [mine, mine] })).json().detail).toBe(
      'duplicate_few_shot_example_ids',
    )
    for (const id of [inactive, foreign, 999_999]) {
      const reply = await patch(path, { few_shot_example_ids: [mine, id] })
      expect([reply.statusCode, reply.json().detail]).toEqual([403, 'invalid_few_shot_example_ids'])
    }
    for (const ids of [[0], [-1], ['1'], Array(65).fill(1)])
      expect((await patch(path, { few_shot_example_ids: ids })).statusCode).toBe(422)
    expect((await get(path)).json().revision).toBe(1)
    const run = await post('/user/practice/sessions/run?class_id=1', {
      prompt_text: 'Hi',
      few_shot_example_ids: [foreign],
    })
    expect(run.statusCode).toBe(403)
  })

  it('freezes the agent it is given, says when it is behind, and can be brought up to date', async () => {
    const { post, patch, get, path, chat, model, session_id } = await session()
    const body = {
      name: 'Pirate',
      system_prompt: 'Talk like a pirate.',
      generation_params: { temperature: 0.9, seed: 1 },
    }
    const { agent_id } = (await post('/agents', body)).json()
    await patch(`/user/practice/sessions/${session_id}`, { agent_id })
    await chat({ generation_params: { seed: 2 } })
    expect(model.requests[1]).toMatchObject({
      parameters: { temperature: 0.9, seed: 2 },
      messages: [{ role: 'system', content: 'Talk like a pirate.' }, {}, {}, {}],
    })
    await patch(`/agents/${agent_id}`, { system_prompt: 'Talk like a poet.' })
    expect((await get(path)).json()).toMatchObject({
      agent_latest_version: 2,
      agent_snapshot: { version: 1, system_prompt: 'Talk like a pirate.', captured_at: expect.any(String) },
    })
    const updated = (await post(`${path}/update-agent`)).json()
    expect(updated.agent_snapshot).toMatchObject({ version: 2, system_prompt: 'Talk like a poet.' })
    expect(updated.agent_snapshot).not.toHaveProperty('owner_id')
    expect((await patch(`/user/practice/sessions/${session_id}`, { agent_id: null })).json().agent_id).toBeNull()
    expect(
      (await post('/user/practice/sessions/run?class_id=1', { prompt_text: 'Hi', agent_id: 999_999 })).json().detail,
    ).toBe('agent_not_found')
    expect((await post(`${path}/update-agent`)).json().detail).toBe('agent_not_found')
  })

  it('does not show a shared agent’s hidden prompt to those who only use it, and goes on when it is unshared', async () => {
    const { post, path, get, model, person, services, chat, patch, session_id } = await session()
    const teacher = await person('kim', { isAdmin: true })
    await services.classes.getRunnable({ personId: 0, handle: '', name: '', isAdmin: true }, 1)
    const { agent_id } = (
      await teacher.post('/agents', { name: 'Tutor', system_prompt: 'The secret recipe.', is_prompt_hidden: true })
    ).json()
    expect((await teacher.post(`/agents/${agent_id}/share?class_id=1`)).statusCode).toBe(201)
    await patch(`/user/practice/sessions/${session_id}`, { agent_id })
    const turn = await chat()
    expect(JSON.stringify(model.requests[1]?.messages)).toContain('The secret recipe.')
    const seen = [
      turn.body,
      (await get(path)).body,
      (await get(`${path}/revisions`)).body,
      (await get(`/user/practice/sessions/${session_id}`)).body,
    ]
    expect(seen.join('')).not.toContain('secret recipe')
    await teacher.remove(`/agents/${agent_id}/share?class_id=1`)
    expect((await chat()).statusCode).toBe(201)
    expect((await post(`${path}/update-agent`)).json().detail).toBe('agent_not_found')
  })

  it.each([
    [{ style_preset: 'loud' }, 'style_preset'],
    [{ style_params: { hint_mode: 'yes' } }, 'hint_mode'],
    [{ generation_params: { temperature: 2.1 } }, 'temperature'],
    [{ generation_params: { response_length_preset: 'short', max_tokens: 1000 } }, 'max_completion_tokens'],
    [{ generation_params: { max_tokens: 0 } }, 'max_tokens'],
    [{ agent_snapshot: {} }, 'agent_snapshot'],
    [{ few_shot_example_ids: 'all' }, 'few_shot_example_ids'],
  ])('refuses %j with the field and the reason', async (body, field) => {
    const { patch, path, get } = await session()
    const reply = await patch(path, body)
    expect([reply.statusCode, JSON.stringify(reply.json().detail)]).toEqual([422, expect.stringContaining(field)])
    expect((await get(path)).json().revision).toBe(1)
  })

  it('lowers a cap above the model’s limit and says so', async () => {
    const { chat } = await session()
    const { results } = (await chat({ generation_params: { max_completion_tokens: 1_000_000 } })).json()
    expect(results[0]).toMatchObject({
      generation_params: { max_completion_tokens: 1024 },
      dropped_params: [{ name: 'max_completion_tokens' }],
    })
  })

  it('begins with the class’s defaults, and what is asked for goes over them', async () => {
    const { database, post, get } = await session()
    const defaults = { style_preset: 'accurate', generation_params: { seed: 5, temperature: 0.4 } }
    await database.db
      .updateTable('classes')
      .set({ default_settings: JSON.stringify(defaults) })
      .where('class_id', '=', 1)
      .execute()
    const { session_id } = (
      await post('/user/practice/sessions/run?class_id=1', {
        prompt_text: 'Hi',
        generation_params: { temperature: 0.8 },
      })
    ).json()
    expect((await get(`/user/practice/sessions/${session_id}/settings`)).json()).toMatchObject({
      style_preset: 'accurate',
      generation_params: { seed: 5, temperature: 0.8 },
    })
  })
})
