import { describe, expect, it } from 'vitest'
import { testDatabases } from '../../db/testing.ts'
import { ModelError } from '../../models/model-error.ts'
import { ScriptedModel, says } from '../../models/testing.ts'
import { appForTest, askAndLeave, parseEvents } from '../../testing.ts'

const counting = (name: string) => new ScriptedModel(name, (_, index) => says(`${name} ${index}`))
const contents = (model: ScriptedModel, index: number) => model.requests[index]?.messages.map(({ content }) => content)

describe.each(testDatabases)('lanes on $name', ({ open }) => {
  async function session(...models: ScriptedModel[]) {
    const test = await appForTest(await open(), models)
    const mina = await test.person('mina')
    const turn = (await mina.post('/user/practice/sessions/run?class_id=1', { prompt_text: 'A' })).json()
    const path = `/user/practice/sessions/${turn.session_id}`
    const chat = async (prompt_text: string, more: object = {}) =>
      (await mina.post(`${path}/chat`, { prompt_text, ...more })).json()
    return { ...test, ...mina, turn, path, chat }
  }

  it('can be added, several of one model too, each with its own parameters and history', async () => {
    const one = counting('one')
    const { post, path, chat, get } = await session(one)
    const added = await post(`${path}/models`, {
      session_id: 7,
      model_name: 'one',
      generation_params: { temperature: 0 },
    })
    expect([added.statusCode, added.json()]).toEqual([
      201,
      expect.objectContaining({
        model_name: 'one',
        is_primary: false,
        is_active: true,
        generation_params: { temperature: 0 },
      }),
    ])
    await chat('B')
    expect(one.requests.map(({ parameters }) => parameters)).toEqual([{}, {}, { temperature: 0 }])
    expect([contents(one, 1), contents(one, 2)]).toEqual([['A', 'one 0', 'B'], ['B']])
    const byId = await chat('C', { session_model_ids: [added.json().session_model_id] })
    expect(byId.results).toHaveLength(1)
    expect(contents(one, 3)).toEqual(['B', 'one 2', 'C'])
    expect((await get(`${path}/models`)).json()).toHaveLength(2)
    expect((await post(`${path}/models`, { model_name: 'gpt-9' })).json().detail).toBe('unknown_model')
  })

  it('have exactly one primary, and the choice is sticky', async () => {
    const { patch, path, get, chat, turn } = await session(counting('one'), counting('two'))
    const [first, second] = turn.results.map((result: { session_model_id: number }) => result.session_model_id)
    expect(
      (await patch(`/user/practice/models/${second}`, { is_primary: true, generation_params: { seed: 1 } })).json(),
    ).toMatchObject({ is_primary: true, generation_params: { seed: 1 } })
    const { results } = await chat('B')
    expect(results.map((result: { is_primary: boolean }) => result.is_primary)).toEqual([false, true])
    expect((await get(`${path}/models`)).json()).toMatchObject([
      { session_model_id: second, is_primary: true },
      { session_model_id: first, is_primary: false },
    ])
    expect((await patch(`/user/practice/models/${second}`, { is_primary: false })).json().detail).toBe(
      'primary_required',
    )
    await Promise.all([first, second, first].map((id) => patch(`/user/practice/models/${id}`, { is_primary: true })))
    expect(
      (await get(`${path}/models`)).json().filter((lane: { is_primary: boolean }) => lane.is_primary),
    ).toHaveLength(1)
  })

  it('can be switched off, left alone, and removed', async () => {
    const { patch, post, path, get, chat, remove, turn } = await session(
      counting('one'),
      counting('two'),
      counting('three'),
    )
    const [one, two, three] = turn.results.map((result: { session_model_id: number }) => result.session_model_id)
    await patch(`/user/practice/models/${two}`, { is_active: false })
    expect((await chat('B')).results).toHaveLength(2)
    expect((await chat('C', { model_names: ['two'] })).results).toHaveLength(1)
    await post(`/user/practice/models/${three}/continue-only`)
    expect((await chat('D')).results).toMatchObject([{ session_model_id: three }])
    expect((await remove(`/user/practice/models/${one}`)).statusCode).toBe(204)
    expect((await get(`${path}/models`)).json()).toMatchObject([
      { session_model_id: two, is_primary: true },
      { session_model_id: three },
    ])
    await remove(`/user/practice/models/${two}`)
    expect((await remove(`/user/practice/models/${three}`)).json().detail).toBe('last_session_model')
    expect(
      (await get(`/user/practice/models/${three}/responses`))
        .json()
        .map((response: { prompt_text: string }) => response.prompt_text),
    ).toEqual(['A', 'B', 'D'])
  })

  it('can be asked once more in the same turn; the latest answer is what they remember', async () => {
    const flaky = new ScriptedModel('flaky', (_, index) =>
      index === 0 ? [new ModelError('timeout', 'Too slow.')] : says(`try ${index}`),
    )
    const { post, get, chat, turn } = await session(flaky, counting('two'))
    const failed = turn.results[0]
    const retried = (await post(`/user/practice/responses/${failed.response_id}/retry`)).json()
    expect(retried).toMatchObject({ turn_id: turn.turn_id, status: 'complete' })
    expect(
      retried.results.map((result: { model_name: string; attempt: number; status: string }) => [
        result.model_name,
        result.attempt,
        result.status,
      ]),
    ).toEqual([
      ['flaky', 1, 'failed'],
      ['two', 1, 'complete'],
      ['flaky', 2, 'complete'],
    ])
    await post(`/user/practice/responses/${failed.response_id}/retry`)
    await chat('B')
    expect(contents(flaky, 3)).toEqual(['A', 'try 2', 'B'])
    const events = parseEvents((await get(`/user/practice/turns/${turn.turn_id}/events`)).body)
    expect(events.map(({ type }) => type).filter((type) => type === 'turn-end')).toHaveLength(3)
    expect(events.map(({ id }) => id)).toEqual([...events.map(({ id }) => id)].sort((a, b) => a - b))
    expect(events.at(-1)?.data.result).toEqual((await get(`/user/practice/turns/${turn.turn_id}`)).json())
  })

  it('can be asked once more while others are still answering, but not while they answer themselves', async () => {
    const flaky = new ScriptedModel('flaky', (_, index) =>
      index === 0 ? [new ModelError('timeout', 'Too slow.')] : says('better'),
    )
    const slow = new ScriptedModel('slow', [...says('begun'), 'hang'])
    const test = await appForTest(await open(), [flaky, slow])
    const { post, get, authorization } = await test.person('mina')
    const { turn_id, lanes } = await askAndLeave({ app: test.app, authorization }, { prompt_text: 'A' })
    const responses = async () =>
      (await get(`/user/practice/turns/${turn_id}`))
        .json()
        .results.map((result: { model_name: string; status: string }) => `${result.model_name} ${result.status}`)
    await expect.poll(responses).toEqual(['flaky failed', 'slow running'])
    const again = post(`/user/practice/responses/${lanes[0]?.response_id}/retry`)
    await expect.poll(responses).toEqual(['flaky failed', 'slow running', 'flaky complete'])
    expect((await post(`/user/practice/responses/${lanes[1]?.response_id}/retry`)).json().detail).toBe(
      'response_running',
    )
    await post(`/user/practice/turns/${turn_id}/cancel`)
    expect((await again).json().results).toMatchObject([
      { status: 'failed' },
      { status: 'stopped' },
      { status: 'complete', attempt: 2 },
    ])
  })

  it('cannot be removed while they answer, and neither can their answers', async () => {
    const slow = new ScriptedModel('slow', [...says('begun'), 'hang'])
    const test = await appForTest(await open(), [slow, counting('two')])
    const { remove, authorization } = await test.person('mina')
    const { lanes } = await askAndLeave({ app: test.app, authorization }, { prompt_text: 'A' })
    const [first] = lanes as { response_id: number; session_model_id?: number }[]
    expect((await remove(`/user/practice/models/${first?.session_model_id}`)).json().detail).toBe('response_running')
    expect((await remove(`/user/practice/responses/${first?.response_id}`)).json().detail).toBe('response_running')
  })

  it('answer an edited prompt as a sibling, and go on from whichever turn one likes', async () => {
    const one = counting('one')
    const { post, chat, get, path, turn } = await session(one)
    const second = await chat('B')
    const edited = (await post(`/user/practice/turns/${second.turn_id}/ask-again`, { prompt_text: 'B, edited' })).json()
    expect(edited).toMatchObject({ parent_turn_id: turn.turn_id, prompt_text: 'B, edited' })
    expect(contents(one, 2)).toEqual(['A', 'one 0', 'B, edited'])
    await chat('C', { after_turn_id: second.turn_id })
    expect(contents(one, 3)).toEqual(['A', 'one 0', 'B', 'one 1', 'C'])
    await post(`/user/practice/turns/${turn.turn_id}/ask-again`, {})
    expect(contents(one, 4)).toEqual(['A'])
    const { turns } = (await get(path)).json()
    expect(turns.map((one: { parent_turn_id: number | null }) => one.parent_turn_id)).toEqual([
      null,
      turn.turn_id,
      turn.turn_id,
      second.turn_id,
      null,
    ])
    expect((await post(`${path}/chat`, { prompt_text: 'D', after_turn_id: 999_999 })).json().detail).toBe(
      'turn_not_found',
    )
  })

  it('can go on from another lane’s answer', async () => {
    const [one, two] = [counting('one'), counting('two')]
    const { post, chat, turn } = await session(one, two)
    const [own, other] = turn.results
    const adopted = await post(`/user/practice/turns/${turn.turn_id}/adopt`, {
      session_model_id: own.session_model_id,
      response_id: other.response_id,
    })
    expect(adopted.statusCode).toBe(204)
    await chat('B')
    expect(contents(one, 1)).toEqual(['A', 'two 0', 'B'])
    expect(contents(two, 1)).toEqual(['A', 'two 0', 'B'])
    expect(
      (
        await post(`/user/practice/turns/${turn.turn_id}/adopt`, {
          session_model_id: own.session_model_id,
          response_id: 999_999,
        })
      ).json().detail,
    ).toBe('response_not_found')
  })

  it('still answer after 200 turns on three models, and say what was left out', async () => {
    const long = 'x'.repeat(400)
    const models = ['one', 'two', 'three'].map((name) => new ScriptedModel(name, says(long)))
    const { chat, path, post } = await session(...models)
    let last:
      | { results: { status: string; trim: { turns_left_out: number; used: number; context: number } | null }[] }
      | undefined
    for (let index = 0; index < 200; index++) last = await chat(`${index} ${long}`)
    for (const { status, trim } of last?.results ?? []) {
      expect(status).toBe('complete')
      expect(trim?.turns_left_out).toBeGreaterThan(50)
      expect(trim?.used).toBeLessThan(trim?.context ?? 0)
    }
    const { lanes } = (await post(`${path}/window`, { prompt_text: 'Next' })).json()
    expect(lanes).toMatchObject([
      {
        model_name: 'one',
        fits: false,
        turns_left_out: expect.any(Number),
        tokens: { history: expect.any(Number), prompt: expect.any(Number) },
      },
      {},
      {},
    ])
    expect(models[0]?.requests.at(-1)?.messages.at(-1)?.content).toBe(`199 ${long}`)
  }, 120_000)

  it('end with a clear error before anybody is asked when even the prompt does not fit; the others go on', async () => {
    const [one, two] = [counting('one'), Object.assign(counting('two'), { contextTokens: 200_000 })]
    const { post } = await session(one, two)
    const huge = 'many words '.repeat(10_000)
    const { results } = (await post('/user/practice/sessions/run?class_id=1', { prompt_text: huge })).json()
    expect(results[0]).toMatchObject({ status: 'failed', error: { code: 'context_too_long' }, token_usage: null })
    expect(results[1]).toMatchObject({ status: 'complete', trim: null })
    expect(one.requests).toHaveLength(1)
  })

  it('are nobody else’s', async () => {
    const { person, turn, path } = await session(counting('one'))
    const other = await person('jun')
    const { session_model_id, response_id } = turn.results[0]
    const replies = await Promise.all([
      other.get(`${path}/models`),
      other.post(`${path}/models`, { model_name: 'one' }),
      other.patch(`/user/practice/models/${session_model_id}`, { is_primary: true }),
      other.remove(`/user/practice/models/${session_model_id}`),
      other.post(`/user/practice/models/${session_model_id}/continue-only`),
      other.get(`/user/practice/models/${session_model_id}/responses`),
      other.get(`/user/practice/responses/${response_id}`),
      other.post(`/user/practice/responses/${response_id}/retry`),
      other.post(`/user/practice/turns/${turn.turn_id}/ask-again`, {}),
      other.post(`/user/practice/turns/${turn.turn_id}/adopt`, { session_model_id, response_id }),
      other.post(`${path}/window`, { prompt_text: 'x' }),
      other.get(`${path}/settings`),
      other.patch(`${path}/settings`, { style_preset: 'custom' }),
    ])
    expect(replies.map(({ statusCode }) => statusCode)).toEqual(replies.map(() => 404))
  })
})
