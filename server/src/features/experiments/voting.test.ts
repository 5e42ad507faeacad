import { describe, expect, it } from 'vitest'
import { testDatabases } from '../../db/testing.ts'
import { ModelError } from '../../models/model-error.ts'
import { ScriptedModel, type ScriptedStep } from '../../models/testing.ts'
import { twoClasses } from '../classes/sharing-testing.ts'
import { type Blind, EXPERIMENTS, laboratory } from './testing.ts'

const says = (text: string): ScriptedStep[] => [{ type: 'text-delta', text }]
const counting = (name: string) => new ScriptedModel(name, (_, index) => says(`${name.length}:${index}`))

describe.each(testDatabases)('blind votes on $name', ({ open }) => {
  it('are about answers without their models, in an order that is each person’s own and stays', async () => {
    const { mina, jun, run, blind, share } = await laboratory(await open(), [counting('gold'), counting('lead-1')])
    const experiment = await run([{ model_name: 'gold', label: 'The shiny one' }, { model_name: 'lead-1' }], {
      repeats: 6,
    })
    await share(experiment)
    const seen = await blind(jun, experiment)
    expect(seen.answers.map(({ name }) => name)).toEqual([...'ABCDEFGHIJKL'])
    expect(seen.pairs_left).toBe(36)
    const words = JSON.stringify(seen)
    for (const secret of ['gold', 'lead-1', 'shiny', 'token', 'model', 'latency', 'response_id', 'label', 'revision'])
      expect(words).not.toContain(secret)
    expect(seen.votes).toEqual([])
    expect(await blind(jun, experiment)).toEqual(seen)
    const texts = ({ answers }: Blind) => answers.map(({ text }) => text)
    const others = await blind(mina, experiment)
    expect(texts(others)).not.toEqual(texts(seen))
    expect(texts(others).sort()).toEqual(texts(seen).sort())
    const ids = new Set(seen.answers.map(({ answer_id }) => answer_id))
    expect(others.answers.filter(({ answer_id }) => ids.has(answer_id))).toEqual([])
  })

  it('reveal the two answers, replace an earlier vote from either side, and can be taken back', async () => {
    const { jun, run, blind, share, database } = await laboratory(await open(), [counting('gold'), counting('lead-1')])
    const experiment = await run([{ model_name: 'gold' }, { model_name: 'lead-1' }])
    await share(experiment)
    const { pairs, answers } = await blind(jun, experiment)
    const [pair] = pairs as [Blind['pairs'][number]]
    const path = `${EXPERIMENTS}/${experiment.experiment_id}/votes`
    const voted = await jun.post(path, { ...pair, outcome: 'left' })
    expect(voted.statusCode).toBe(201)
    const { left, right } = voted.json()
    expect([left.model_name, right.model_name].sort()).toEqual(['gold', 'lead-1'])
    expect(left).toMatchObject({ answer_id: pair.left_answer_id, label: left.model_name })
    const gold = experiment.variants[0]?.responses[0]
    const [goldSide] = [left, right].filter(({ model_name }) => model_name === 'gold')
    expect(goldSide.response_id).toBe(gold?.response_id)
    expect(answers.find(({ answer_id }) => answer_id === goldSide.answer_id)?.text).toBe(gold?.response_text)

    const swapped = { left_answer_id: pair.right_answer_id, right_answer_id: pair.left_answer_id }
    await jun.post(path, { ...swapped, outcome: 'left' })
    expect(await blind(jun, experiment)).toMatchObject({
      pairs: [],
      pairs_left: 0,
      votes: [{ ...pair, outcome: 'right' }],
    })
    expect(await database.db.selectFrom('experiment_votes').selectAll().execute()).toHaveLength(1)
    for (const outcome of ['tie', 'both_bad']) {
      await jun.post(path, { ...pair, outcome })
      expect((await blind(jun, experiment)).votes).toMatchObject([{ outcome }])
    }
    const undo = () => jun.remove(`${path}/${swapped.left_answer_id}/${swapped.right_answer_id}`)
    expect((await undo()).statusCode).toBe(204)
    expect((await undo()).json().detail).toBe('vote_not_found')
    expect(await blind(jun, experiment)).toMatchObject({ pairs: [pair], votes: [] })
  })

  it('are the class’s when the owner shares the experiment, and only the owner’s otherwise', async () => {
    const test = await twoClasses(await open())
    const { sam, mina, tea, olga, stranger, expired, ours, setStatus } = test
    const variants = [{ model_name: 'one' }, { model_name: 'one', generation_params: { seed: 1 } }]
    const experiment = (await sam.post(`${EXPERIMENTS}?class_id=${ours}`, { prompt_text: 'A', variants })).json()
    const path = `${EXPERIMENTS}/${experiment.experiment_id}`
    const blindCode = async (person: { get: typeof sam.get }) => (await person.get(`${path}/blind`)).statusCode
    const codes = () => Promise.all([sam, mina, tea, olga, stranger, expired].map(blindCode))
    expect(await codes()).toEqual([200, 404, 404, 404, 404, 401])
    const shared = async (person: { get: typeof sam.get }) => (await person.get(`/classes/${ours}/experiments`)).json()
    expect((await shared(mina)).total).toBe(0)
    await sam.patch(path, { is_shared: true })
    expect(await codes()).toEqual([200, 200, 200, 404, 404, 401])
    expect(await shared(mina)).toMatchObject({
      items: [{ experiment_id: experiment.experiment_id, owner_id: sam.personId, preview: 'A' }],
      total: 1,
    })
    expect(JSON.stringify(await shared(mina))).not.toMatch(/session_id|model/)
    for (const outsider of [olga, stranger]) expect((await shared(outsider)).detail).toBe('class_not_found')
    // Teachers may read it with its models, classmates may not.
    expect((await tea.get(path)).statusCode).toBe(200)
    expect((await mina.get(path)).statusCode).toBe(404)

    const [pair] = (await mina.get(`${path}/blind`)).json().pairs
    const vote = { ...pair, outcome: 'tie' }
    expect((await mina.post(`${path}/votes`, vote)).statusCode).toBe(201)
    expect((await sam.post(`${path}/votes`, vote)).json().detail).toBe('answer_not_found')
    expect((await olga.post(`${path}/votes`, vote)).json().detail).toBe('experiment_not_found')
    await setStatus(ours, 'ended')
    expect(await blindCode(mina)).toBe(200)
    expect((await mina.post(`${path}/votes`, vote)).json().detail).toBe('class_not_active')
    await setStatus(ours, 'active')
    await sam.patch(path, { is_shared: false })
    expect((await mina.post(`${path}/votes`, vote)).json().detail).toBe('experiment_not_found')
  })

  it('refuse answers that failed or say nothing, the same answer twice, and two of one variant', async () => {
    const models = [
      counting('gold'),
      new ScriptedModel('down', [new ModelError('timeout', 'Too slow.')]),
      new ScriptedModel('mute', says(' ')),
    ]
    const { mina, run, blind, database } = await laboratory(await open(), models)
    const experiment = await run(
      models.map(({ name }) => ({ model_name: name })),
      { repeats: 2 },
    )
    const { answers, pairs } = await blind(mina, experiment)
    expect([answers.map(({ name }) => name), pairs]).toEqual([['A', 'B'], []])
    const [a, b] = answers.map(({ answer_id }) => answer_id) as [string, string]
    const post = async (left_answer_id: unknown, right_answer_id: unknown, outcome: unknown = 'tie') => {
      const body = { left_answer_id, right_answer_id, outcome }
      const reply = await mina.post(`${EXPERIMENTS}/${experiment.experiment_id}/votes`, body)
      return reply.statusCode === 422 ? 422 : (reply.json().detail ?? reply.json())
    }
    expect(await post(a, a)).toBe('same_answer')
    expect(await post(a, b)).toBe('same_variant')
    expect(await post(a, 'f'.repeat(24))).toBe('answer_not_found')
    for (const bad of [1, '', 'A', null, 'f'.repeat(25)]) expect(await post(a, bad)).toBe(422)
    expect(await post(a, b, 'maybe')).toBe(422)
    expect((await mina.get(`${EXPERIMENTS}/0/blind`)).statusCode).toBe(422)
    expect((await mina.get(`${EXPERIMENTS}/99999/blind`)).json().detail).toBe('experiment_not_found')

    // Nobody is told the ids of answers that cannot be judged, so these two become such after they were told.
    const [first, second] = experiment.variants[0]?.responses ?? []
    const change = (response_id: number | undefined, set: { status: 'failed' } | { revision: number }) =>
      database.db
        .updateTable('practice_responses')
        .set(set)
        .where('response_id', '=', response_id ?? 0)
        .execute()
    await change(first?.response_id, { revision: 2 })
    expect(await post(a, b)).toMatchObject({ outcome: 'tie' })
    await change(second?.response_id, { status: 'failed' })
    expect(await post(a, b)).toBe('answer_not_votable')
  })
})

describe.each(testDatabases)('the leaderboard on $name', ({ open }) => {
  it('rates the models of a class by its votes, and is its members’', async () => {
    const models = ['gold', 'silver', 'lead'].map((name) => new ScriptedModel(name, says(name)))
    const { mina, jun, run, blind, share } = await laboratory(await open(), models)
    const experiment = await run(models.map(({ name }) => ({ model_name: name })))
    await share(experiment)
    const rank = ['lead', 'silver', 'gold']
    for (const voter of [mina, jun]) {
      const seen = await blind(voter, experiment)
      const text = (id: string) => seen.answers.find(({ answer_id }) => answer_id === id)?.text ?? ''
      for (const pair of seen.pairs) {
        const isLeft = rank.indexOf(text(pair.left_answer_id)) > rank.indexOf(text(pair.right_answer_id))
        const vote = { ...pair, outcome: isLeft ? 'left' : 'right' }
        await voter.post(`${EXPERIMENTS}/${experiment.experiment_id}/votes`, vote)
      }
    }
    const board = (await jun.get('/classes/1/leaderboard')).json()
    expect(board).toMatchObject({
      class_id: 1,
      votes: 6,
      models: [
        { model_name: 'gold', votes: 4, wins: 4, ties: 0, losses: 0, both_bad: 0 },
        { model_name: 'silver', wins: 2, losses: 2 },
        { model_name: 'lead', wins: 0, losses: 4 },
      ],
    })
    expect(board.models[0].low).toBeLessThan(board.models[0].rating)
    expect(board.models[0].length_corrected.rating).toBeGreaterThan(board.models[2].length_corrected.rating)
    expect((await jun.get('/classes/99/leaderboard')).json().detail).toBe('class_not_found')
    expect((await jun.get('/classes/0/leaderboard')).statusCode).toBe(422)
    await mina.remove(`${EXPERIMENTS}/${experiment.experiment_id}`)
    expect((await jun.get('/classes/1/leaderboard')).json()).toMatchObject({ votes: 0, models: [] })
  })
})
