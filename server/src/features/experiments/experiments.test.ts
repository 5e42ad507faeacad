import { describe, expect, it } from 'vitest'
import { testDatabases } from '../../db/testing.ts'
import { ModelError } from '../../models/model-error.ts'
import { ScriptedModel, says } from '../../models/testing.ts'
import { parseEvents } from '../../testing.ts'
import { EXPERIMENTS, laboratory, type WireExperiment } from './testing.ts'

const counting = (name: string) => new ScriptedModel(name, (_, index) => says(`${name} ${index}`))

describe.each(testDatabases)('experiments on $name', ({ open }) => {
  it('ask every variant with settings of its own, as often as wanted, and keep them side by side', async () => {
    const [one, two] = [counting('one'), counting('two')]
    const { mina, run } = await laboratory(await open(), [one, two])
    const agent = (await mina.post('/agents', { name: 'Tutor', system_prompt: 'Only ask questions.' })).json()
    const example = (
      await mina.post('/user/practice/few-shot-examples', { input_text: 'Ping', output_text: 'Pong' })
    ).json()
    const experiment = await run(
      [
        { model_name: 'one', generation_params: { temperature: 0 } },
        { model_name: 'one', label: 'wild', style_preset: 'creative', agent_id: agent.agent_id },
        { model_name: 'two', few_shot_example_ids: [example.example_id], use_knowledge: false },
      ],
      { repeats: 2 },
    )
    expect(experiment).toMatchObject({
      repeats: 2,
      is_shared: false,
      status: 'complete',
      prompt_text: 'Why is the sky blue?',
      variants: [
        { variant_id: 1, label: 'one (1)', model_name: 'one', generation_params: { temperature: 0 }, agent: null },
        { label: 'wild', style_preset: 'creative', agent: { agent_id: agent.agent_id, version: 1, name: 'Tutor' } },
        { label: 'two', few_shot_example_ids: [example.example_id], metrics: { answers: 2, complete: 2, failures: 0 } },
      ],
    })
    const answers = experiment.variants.map(({ responses }) => responses.map(({ response_text }) => response_text))
    expect(answers.map((texts) => texts.length)).toEqual([2, 2, 2])

    const asked = (model: ScriptedModel, temperature: number | undefined) =>
      model.requests
        .filter(({ parameters }) => parameters.temperature === temperature)
        .map(({ messages }) => messages.map(({ content }) => content))
    const plain = ['Why is the sky blue?']
    expect(asked(one, 0)).toEqual([plain, plain])
    const wild = [expect.stringContaining('Only ask questions.'), ...plain]
    expect(asked(one, 1)).toEqual([wild, wild])
    expect(asked(two, undefined)).toEqual([
      ['Ping', 'Pong', ...plain],
      ['Ping', 'Pong', ...plain],
    ])
    expect((await mina.get(`${EXPERIMENTS}/${experiment.experiment_id}`)).json()).toEqual(experiment)
  })

  it('say what differs between variants, and what each took', async () => {
    const fast = new ScriptedModel('fast', (_, index) => [
      ...says('ok'),
      { type: 'usage', usage: { inputTokens: 10, outputTokens: 5 + index * 10 } },
    ])
    const broken = new ScriptedModel('broken', [new ModelError('timeout', 'Too slow.')])
    const { run } = await laboratory(await open(), [fast, broken])
    const experiment = await run(
      [
        { model_name: 'fast', generation_params: { temperature: 0, seed: 3 } },
        { model_name: 'fast', generation_params: { temperature: 1, seed: 3 } },
        { model_name: 'broken', generation_params: { seed: 3 }, style_params: { persona: 'a pirate' } },
      ],
      { repeats: 2 },
    )
    const [first, , third] = experiment.variants
    expect(first?.metrics).toMatchObject({
      complete: 2,
      prompt_tokens: { mean: 10, min: 10, max: 10 },
      completion_tokens: { mean: 10, min: 5, max: 15 },
      latency_ms: { min: expect.any(Number) },
      first_token_ms: { mean: expect.any(Number) },
      cost: null,
    })
    expect(third?.metrics).toMatchObject({ answers: 2, complete: 0, failures: 2, latency_ms: null, cost: null })
    expect(experiment).toMatchObject({
      differences: [
        { path: 'generation_params.temperature', values: [0, 1, null] },
        { path: 'model_name', values: ['fast', 'fast', 'broken'] },
        { path: 'style_params.persona', values: [null, null, 'a pirate'] },
      ],
    })
  })

  it('stream like any turn, name themselves in a header, and can be stopped', async () => {
    const { app, mina } = await laboratory(await open(), [counting('one'), new ScriptedModel('slow', ['hang'])])
    const variants = [{ model_name: 'one' }, { model_name: 'slow' }]
    const url = `${await app.listen({ port: 0, host: '127.0.0.1' })}${EXPERIMENTS}?class_id=1`
    const reply = await fetch(url, {
      method: 'POST',
      headers: {
        authorization: mina.authorization,
        accept: 'text/event-stream',
        'content-type': 'application/json',
      },
      body: JSON.stringify({ prompt_text: 'A', variants }),
    })
    const path = reply.headers.get('location') ?? ''
    expect(path).toMatch(/^\/user\/practice\/experiments\/\d+$/)
    const { turn_id, status }: WireExperiment & { status: string } = (await mina.get(path)).json()
    expect(status).toBe('running')
    expect((await mina.get(`${path}/blind`)).json().detail).toBe('experiment_running')
    await mina.post(`/user/practice/turns/${turn_id}/cancel`)
    const events = parseEvents(await reply.text())
    expect([events[0]?.type, events.at(-1)?.type]).toEqual(['turn-start', 'turn-end'])
    expect((await mina.get(path)).json()).toMatchObject({
      status: 'complete',
      variants: [{ responses: [{ status: 'complete' }] }, { responses: [{ status: 'stopped' }] }],
    })
  })

  it('keep to their settings when a lane is asked once more, and when the conversation goes on', async () => {
    const flaky = new ScriptedModel('flaky', (_, index) =>
      index === 0 ? [new ModelError('timeout', 'Too slow.')] : says(`try ${index}`),
    )
    const { mina, run } = await laboratory(await open(), [flaky])
    const example = (
      await mina.post('/user/practice/few-shot-examples', { input_text: 'Ping', output_text: 'Pong' })
    ).json()
    const experiment = await run([
      { model_name: 'flaky', generation_params: { temperature: 0.1 }, few_shot_example_ids: [example.example_id] },
      { model_name: 'flaky', generation_params: { temperature: 0.9 } },
    ])
    const failed = experiment.variants.flatMap(({ responses }) => responses).find(({ status }) => status === 'failed')
    const first = flaky.requests[0]
    await mina.post(`/user/practice/responses/${failed?.response_id}/retry`)
    expect(flaky.requests[2]).toEqual(first)
    const { variants } = (await mina.get(`${EXPERIMENTS}/${experiment.experiment_id}`)).json()
    expect(variants.map(({ metrics }: { metrics: object }) => metrics)).toMatchObject([
      { answers: 1, complete: 1, failures: 0 },
      { answers: 1, complete: 1, failures: 0 },
    ])
    await mina.post(`/user/practice/sessions/${experiment.session_id}/chat`, { prompt_text: 'And at night?' })
    const later = flaky.requests
      .slice(3)
      .sort((a, b) => (a.parameters.temperature ?? 0) - (b.parameters.temperature ?? 0))
    expect(later.map(({ parameters }) => parameters.temperature)).toEqual([0.1, 0.9])
    expect(later.map(({ messages }) => messages[0]?.content)).toEqual(['Ping', 'Why is the sky blue?'])
  })

  it('are listed newest first, and removed with everything', async () => {
    const { mina, jun, run, database } = await laboratory(await open(), [counting('one')])
    const first = await run([{ model_name: 'one' }])
    const second = await run([{ model_name: 'one' }])
    const list = async (query = '') => (await mina.get(`${EXPERIMENTS}${query}`)).json()
    expect(await list()).toMatchObject({
      items: [{ experiment_id: second.experiment_id, preview: 'Why is the sky blue?' }, { status: 'complete' }],
      total: 2,
    })
    expect((await list('?page=2&size=1')).items).toMatchObject([{ experiment_id: first.experiment_id }])
    expect((await jun.get(EXPERIMENTS)).json()).toMatchObject({ items: [], total: 0 })
    expect((await mina.remove(`${EXPERIMENTS}/${first.experiment_id}`)).statusCode).toBe(204)
    expect((await mina.get(`${EXPERIMENTS}/${first.experiment_id}`)).json().detail).toBe('experiment_not_found')
    expect((await mina.get(`/user/practice/sessions/${first.session_id}`)).statusCode).toBe(404)
    await mina.remove(`/user/practice/sessions/${second.session_id}`)
    expect(await list()).toMatchObject({ items: [], total: 0 })
    for (const table of ['experiments', 'experiment_variants', 'practice_setting_revisions'] as const)
      expect(await database.db.selectFrom(table).selectAll().execute()).toEqual([])
  })

  it('refuse what cannot be run before anything is stored or anybody is asked', async () => {
    const one = counting('one')
    const { mina, jun, database } = await laboratory(await open(), [one])
    const variant = { model_name: 'one' }
    const agent = (await jun.post('/agents', { name: 'Secret', system_prompt: 'Hm.' })).json()
    const example = (await jun.post('/user/practice/few-shot-examples', { input_text: 'I', output_text: 'O' })).json()
    const post = async (body: object, query = '?class_id=1') => {
      const reply = await mina.post(`${EXPERIMENTS}${query}`, { prompt_text: 'A', variants: [variant], ...body })
      return [reply.statusCode, reply.json().detail, reply.json().message] as const
    }
    const invalid = [
      { variants: [] },
      { variants: undefined },
      { variants: Array.from({ length: 65 }, () => variant) },
      { variants: Array.from({ length: 7 }, () => variant), repeats: 10 },
      { repeats: 0 },
      { repeats: 11 },
      { repeats: 'two' },
      { prompt_text: ' ' },
      { prompt_text: 'a\0b' },
      { variants: [{}] },
      { variants: [{ ...variant, agent_id: 0 }] },
      { variants: [{ ...variant, colour: 'red' }] },
      { variants: [{ ...variant, label: '' }] },
      { variants: [{ ...variant, generation_params: { temperature: 3 } }] },
      { variants: [variant, { ...variant, use_knowledge: true }] },
      { colour: 'red' },
    ]
    for (const body of invalid) expect([body, (await post(body))[0]]).toEqual([body, 422])
    expect((await post({}, ''))[0]).toBe(422)
    expect((await post({ variants: [{ ...variant, use_knowledge: true }] }))[1]).toMatchObject([
      { loc: ['body', 'variants', 0, 'use_knowledge'], msg: expect.stringContaining('not supported') },
    ])
    const [status, detail, message] = await post({ variants: [variant, { model_name: 'gpt-9' }] })
    expect([status, detail, message]).toEqual([400, 'unknown_model', expect.stringContaining('gpt-9')])
    expect((await post({ variants: [{ ...variant, agent_id: agent.agent_id }] }))[1]).toBe('agent_not_found')
    expect((await post({ variants: [variant, { ...variant, few_shot_example_ids: [example.example_id] }] }))[1]).toBe(
      'invalid_few_shot_example_ids',
    )
    expect((await post({ variants: [{ ...variant, few_shot_example_ids: [1, 1] }] }))[1]).toBe(
      'duplicate_few_shot_example_ids',
    )
    expect((await post({}, '?class_id=99'))[1]).toBe('class_not_found')
    await database.db.updateTable('classes').set({ status: 'ended' }).execute()
    expect((await post({}))[1]).toBe('class_not_active')
    expect(one.requests).toEqual([])
    expect(await database.db.selectFrom('practice_sessions').selectAll().execute()).toEqual([])
  })

  it('run 64 answers at once', async () => {
    const { run } = await laboratory(await open(), [counting('one')])
    const { variants } = await run(
      Array.from({ length: 8 }, (_, seed) => ({ model_name: 'one', generation_params: { seed } })),
      { repeats: 8 },
    )
    const texts = variants.flatMap(({ responses }) => responses.map(({ response_text }) => response_text))
    expect(new Set(texts).size).toBe(64)
  })

  it('are nobody else’s', async () => {
    const { mina, jun, run, share } = await laboratory(await open(), [counting('one')])
    const experiment = await run([{ model_name: 'one' }])
    const path = `${EXPERIMENTS}/${experiment.experiment_id}`
    const codes = async () => {
      const replies = await Promise.all([jun.get(path), jun.patch(path, { is_shared: true }), jun.remove(path)])
      return replies.map((reply) => reply.json().detail)
    }
    expect(await codes()).toEqual(Array(3).fill('experiment_not_found'))
    await share(experiment)
    expect(await codes()).toEqual(Array(3).fill('experiment_not_found'))
    expect((await mina.get(path)).json().is_shared).toBe(true)
  })
})
