import { describe, expect, it } from 'vitest'
import { testDatabases } from '../../db/testing.ts'
import { ScriptedModel, says } from '../../models/testing.ts'
import { appForTest } from '../../testing.ts'

describe.each(testDatabases)('verdicts on answers on $name', ({ open }) => {
  async function answered() {
    const models = [new ScriptedModel('one', says('1')), new ScriptedModel('two', says('2'))]
    const test = await appForTest(await open(), models)
    const [mina, joon] = [await test.person('mina'), await test.person('joon')]
    const teacher = await test.person('teacher', { isAdmin: true })
    const asked = await mina.post('/user/practice/sessions/run?class_id=1', { prompt_text: 'Count.' })
    const { session_id, results } = asked.json<{
      session_id: number
      results: { response_id: number; call_ref: string }[]
    }>()
    const [first, second] = results.map(({ response_id }) => `/user/practice/responses/${response_id}/feedback`)
    const all = `/user/practice/sessions/${session_id}/feedback`
    return { mina, joon, teacher, results, first: first ?? '', second: second ?? '', all, sessionId: session_id }
  }

  it('are changed, taken back, and never about the neighbour', async () => {
    const { mina, results, first, second, all } = await answered()
    const given = await mina.post(first, { thumb: 'down', reasons: ['wrong', 'too_long', 'wrong'], note: ' No. ' })
    expect(given.json()).toEqual([
      {
        response_id: results[0]?.response_id,
        call_ref: results[0]?.call_ref,
        handle: 'mina',
        thumb: 'down',
        reasons: ['wrong', 'too_long'],
        note: 'No.',
      },
    ])
    await mina.post(second, { thumb: 'up' })
    await mina.post(first, { thumb: 'up' })
    expect((await mina.get(all)).json()).toMatchObject([
      { response_id: results[0]?.response_id, thumb: 'up', reasons: [], note: null },
      { response_id: results[1]?.response_id, thumb: 'up' },
    ])
    await mina.post(first, {})
    expect((await mina.get(all)).json()).toMatchObject([{ response_id: results[1]?.response_id }])
  })

  it('are Weave feedback about the answer’s call, and the other way round', async () => {
    const { mina, results, first, all } = await answered()
    const project_id = 'practice/practice'
    const weave_ref = results[0]?.call_ref
    await mina.post(first, { thumb: 'up', reasons: ['clear'], note: 'Good.' })
    const { body } = await mina.post('/feedback/query', {
      project_id,
      fields: ['feedback_type', 'payload', 'weave_ref'],
      sort_by: [{ field: 'feedback_type', direction: 'asc' }],
    })
    expect(JSON.parse(body).result).toMatchObject([
      { feedback_type: 'etude.reasons', payload: { reasons: ['clear'] }, weave_ref },
      { feedback_type: 'wandb.note.1', payload: { note: 'Good.' }, weave_ref },
      { feedback_type: 'wandb.reaction.1', payload: { emoji: '👍', alias: ':thumbs_up:' }, weave_ref },
    ])
    await mina.post(first, {})
    const reaction = { project_id, weave_ref, feedback_type: 'wandb.reaction.1', payload: { emoji: '👎🏽' } }
    expect((await mina.post('/feedback/create', reaction)).statusCode).toBe(200)
    expect((await mina.get(all)).json()).toMatchObject([{ thumb: 'down', handle: 'mina' }])
  })

  it('are seen by those who look after the class, who have their own, and by no classmate', async () => {
    const { mina, joon, teacher, first, all } = await answered()
    await mina.post(first, { thumb: 'up' })
    await teacher.post(first, { thumb: 'down', note: 'Look again.' })
    expect((await teacher.get(all)).json()).toMatchObject([
      { handle: 'mina', thumb: 'up' },
      { handle: 'teacher', thumb: 'down', note: 'Look again.' },
    ])
    expect((await mina.get(all)).json()).toMatchObject([{ handle: 'mina' }])
    expect((await joon.get(all)).statusCode).toBe(404)
    expect((await joon.post(first, { thumb: 'up' })).statusCode).toBe(404)
  })

  it('are refused when they say nothing that is known, and on answers that came from a file', async () => {
    const { mina, first, sessionId } = await answered()
    for (const body of [{ thumb: 'sideways' }, { note: 'x'.repeat(1025) }, { reasons: [''] }, { stars: 5 }])
      expect((await mina.post(first, body)).statusCode, JSON.stringify(body)).toBe(422)
    const file = (await mina.get(`/user/practice/sessions/${sessionId}/export?format=json`)).json()
    const copy = await mina.post('/user/practice/sessions/import?class_id=1', file)
    expect(copy.statusCode, copy.body).toBe(201)
    const session = await mina.get(`/user/practice/sessions/${copy.json().session_id}`)
    const [response] = session.json<{ responses: { response_id: number; call_ref: null }[] }>().responses
    expect(response?.call_ref).toBeNull()
    const refused = await mina.post(`/user/practice/responses/${response?.response_id}/feedback`, { thumb: 'up' })
    expect(refused.statusCode).toBe(409)
    expect(refused.json().detail).toBe('answer_without_call')
  })
})
