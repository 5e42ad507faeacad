import { describe, expect, it } from 'vitest'
import { testDatabases } from '../../db/testing.ts'
import type { ModelRequest } from '../../models/language-model.ts'
import { ModelError } from '../../models/model-error.ts'
import { ScriptedModel, type ScriptedStep, says } from '../../models/testing.ts'
import { appForTest, askAndLeave } from '../../testing.ts'

const LONG = 'many words '.repeat(150)
const systemOf = (request: ModelRequest | undefined) =>
  request?.messages.filter(({ role }) => role === 'system').map(({ content }) => String(content)) ?? []

/** Says what it was told to remember, by numbers. */
const remembering = () =>
  new ScriptedModel('memory', ({ messages }) => {
    const told = String(messages.at(-1)?.content)
    const numbers = [...told.matchAll(/#(\d+)/g)].map(([, number]) => Number(number))
    return [
      ...says(`From #${Math.min(...numbers)} to #${Math.max(...numbers)}.`),
      { type: 'usage', usage: { inputTokens: 100, outputTokens: 7 } },
    ]
  })

describe.each(testDatabases)('summaries of what leaves the window on $name', ({ open }) => {
  async function session(models: ScriptedModel[], body: object) {
    const test = await appForTest(await open(), models)
    const mina = await test.person('mina')
    const run = await mina.post('/user/practice/sessions/run?class_id=1', { prompt_text: `#0 ${LONG}`, ...body })
    const path = `/user/practice/sessions/${run.json().session_id}`
    const chat = async (prompt_text: string) => (await mina.post(`${path}/chat`, { prompt_text })).json()
    /** Goes on until something has been left out. */
    async function untilTrimmed(isEnough: (result: Result) => boolean = ({ trim }) => trim !== null) {
      for (let index = 1; index < 40; index++) {
        const { results } = await chat(`#${index} ${LONG}`)
        if (isEnough(results[0])) return { results: results as Result[], index }
      }
      throw new Error('nothing was ever left out')
    }
    return { ...test, ...mina, run, path, chat, untilTrimmed }
  }
  type Result = {
    response_id: number
    status: string
    cost: number | null
    // biome-ignore lint/suspicious/noExplicitAny: the shape is what is tested
    trim: any
  }

  it('stand in the request for the turns that are left out, and are shown with the answer that they were written for', async () => {
    const [one, memory] = [new ScriptedModel('one', says(LONG)), remembering()]
    const test = await session([one, memory], { model_names: ['one'], summary_model: 'memory' })
    const { results, index } = await test.untilTrimmed()
    const { trim } = results[0]!
    const { summary } = trim
    expect(summary).toMatchObject({
      model_name: 'memory',
      text: `From #0 to #${summary.turns - 1}.`,
      is_new: true,
      prompt_tokens: 100,
      completion_tokens: 7,
      error: null,
    })
    expect(trim).toMatchObject({ turns_left_out: summary.turns, messages_left_out: 2 * summary.turns })
    expect(trim.used + trim.reserved).toBeLessThanOrEqual(trim.context)

    const sent = one.requests.at(-1)
    expect(systemOf(sent)).toEqual([expect.stringContaining(summary.text)])
    expect(sent?.messages).toHaveLength(1 + 2 * (index - summary.turns) + 1)
    expect(sent?.messages.at(-1)?.content).toBe(`#${index} ${LONG}`)
    expect(memory.requests).toHaveLength(1)
    expect(memory.requests[0]?.parameters.maxOutputTokens).toBeLessThanOrEqual(512)

    const { body } = await test.post('/calls/stream_query', { project_id: 'practice/practice' })
    const calls = body
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    const call = calls.find(({ op_name }) => op_name === 'etude.summary')
    const answered = calls.find(({ id }) => id === call.parent_id)
    expect([call, answered]).toMatchObject([
      {
        display_name: 'memory',
        output: { text: summary.text },
        summary: { usage: { memory: { prompt_tokens: 100 } } },
      },
      { op_name: 'etude.answer', attributes: { etude: { response_id: results[0]?.response_id } } },
    ])
    expect(body).not.toContain('digest')

    const stored = (await test.get(`/user/practice/responses/${results[0]?.response_id}`)).json()
    expect(stored.trim).toEqual(trim)
    const markdown = (await test.get(`${test.path}/export?format=markdown`)).body
    expect(markdown).toContain(`a summary of ${summary.turns} by memory was sent in their place`)
    expect(markdown).toContain(`> ${summary.text}`)
  })

  it('are used again while they are enough, and grow from themselves', async () => {
    const [one, memory] = [new ScriptedModel('one', says(LONG)), remembering()]
    const test = await session([one, memory], { model_names: ['one'], summary_model: 'memory' })
    const { results } = await test.untilTrimmed()
    const first = results[0]?.trim.summary
    const next = (await test.chat(`#50 ${LONG}`)).results[0].trim.summary
    expect(next).toMatchObject({ text: first.text, turns: first.turns, is_new: false, prompt_tokens: 0, cost: null })
    expect(memory.requests).toHaveLength(1)

    const grown = await test.untilTrimmed(({ trim }) => trim?.summary.is_new)
    const second = grown.results[0]?.trim.summary
    expect(second.turns).toBeGreaterThan(first.turns)
    expect(second.text).toMatch(/^From #0 to #/)
    expect(memory.requests).toHaveLength(2)
    const told = String(memory.requests[1]?.messages.at(-1)?.content)
    expect(told).toContain(first.text)
    expect(told).not.toContain('#1 many')

    const { lanes } = (await test.post(`${test.path}/window`, { prompt_text: 'Next' })).json()
    expect(lanes[0]).toMatchObject({
      fits: false,
      turns_left_out: second.turns,
      summary: { model_name: 'memory', turns: second.turns, text: second.text },
    })
    expect(lanes[0].tokens.summary).toBeGreaterThan(0)
    expect(memory.requests).toHaveLength(2)
  })

  it('are written anew when an answer that they stand for is gone, and go along when a session is forked', async () => {
    const [one, memory] = [new ScriptedModel('one', says(LONG)), remembering()]
    const test = await session([one, memory], { model_names: ['one'], summary_model: 'memory' })
    await test.untilTrimmed()
    const { turns, responses } = (await test.get(test.path)).json()
    const fork = await test.post(`${test.path}/fork`, { turn_id: turns.at(-1).turn_id })
    const path = `/user/practice/sessions/${fork.json().session_id}`
    const inFork = (await test.post(`${path}/chat`, { prompt_text: 'And?' })).json()
    expect(inFork.results[0].trim.summary.is_new).toBe(false)
    expect(memory.requests).toHaveLength(1)

    await test.remove(`/user/practice/responses/${responses[0].response_id}`)
    await test.untilTrimmed(({ trim }) => trim?.summary.is_new)
    expect(String(memory.requests.at(-1)?.messages.at(-1)?.content)).not.toContain('#0')
  })

  it('are left out with a word when their model fails, and the other lane does not wait for one', async () => {
    const failing = new ScriptedModel('memory', [new ModelError('rate_limited', 'Too much is asked of it.')])
    const test = await session([new ScriptedModel('one', says(LONG)), failing], {
      model_names: ['one'],
      summary_model: 'memory',
    })
    const { results } = await test.untilTrimmed()
    expect(results[0]).toMatchObject({
      status: 'complete',
      trim: {
        turns_left_out: expect.any(Number),
        summary: {
          turns: 0,
          text: '',
          is_new: false,
          error: { code: 'rate_limited', message: 'Too much is asked of it.' },
        },
      },
    })
    expect((await test.get(`${test.path}/export?format=markdown`)).body).toContain('no summary of them: Too much')
  })

  it('keep no other lane waiting, end with their lane when it is stopped, and cost nothing of it then', async () => {
    const memory = new ScriptedModel('memory', ['hang'])
    const short = new ScriptedModel('short', says('short'))
    const test = await session([new ScriptedModel('one', says(LONG)), short, memory], { model_names: ['one', 'short'] })
    await test.untilTrimmed()
    expect((await test.patch(`${test.path}/settings`, { summary_model: 'memory' })).statusCode).toBe(200)
    const { app, authorization } = test
    const { turn_id, lanes } = await askAndLeave(
      { app, authorization, path: `${test.path}/chat` },
      { prompt_text: 'So?' },
    )
    await expect
      .poll(async () => (await test.get(`/user/practice/responses/${lanes[1]?.response_id}`)).json().status)
      .toBe('complete')
    const waiting = (await test.get(`/user/practice/responses/${lanes[0]?.response_id}`)).json()
    expect(waiting).toMatchObject({
      status: 'running',
      trim: { summary: { model_name: 'memory', is_new: true, text: '' } },
    })
    await test.post(`/user/practice/turns/${turn_id}/cancel`)
    await expect
      .poll(async () => (await test.get(`/user/practice/responses/${lanes[0]?.response_id}`)).json())
      .toMatchObject({ status: 'stopped', token_usage: null, cost: null })
    expect(memory.cancelled).toBe(1)
  })

  it('are read in parts by a model with a small window, and cut out the middle of a turn that is too long for it', async () => {
    const steps = (request: ModelRequest): ScriptedStep[] =>
      says(`Read ${String(request.messages.at(-1)?.content).length}`)
    const memory = Object.assign(new ScriptedModel('memory', steps), { contextTokens: 1200 })
    const test = await session([new ScriptedModel('one', says(LONG)), memory], {
      model_names: ['one'],
      summary_model: 'memory',
    })
    const { results } = await test.untilTrimmed()
    expect(results[0]?.trim.summary.error).toBeNull()
    expect(memory.requests.length).toBeGreaterThan(1)
    for (const { messages } of memory.requests) expect(String(messages.at(-1)?.content).length).toBeLessThan(5000)
  })

  it('are written only by a model of the class', async () => {
    const test = await session([new ScriptedModel('one', says('fine'))], {})
    const unknown = await test.patch(`${test.path}/settings`, { summary_model: 'gpt-9' })
    expect([unknown.statusCode, unknown.json().detail]).toEqual([400, 'unknown_model'])
    const run = await test.post('/user/practice/sessions/run?class_id=1', { prompt_text: 'x', summary_model: 'gpt-9' })
    expect(run.json().detail).toBe('unknown_model')
    expect((await test.patch(`${test.path}/settings`, { summary_model: 'one' })).json().summary_model).toBe('one')
    expect((await test.patch(`${test.path}/settings`, {})).json().summary_model).toBe('one')
    expect((await test.patch(`${test.path}/settings`, { summary_model: null })).json().summary_model).toBeNull()
  })
})
