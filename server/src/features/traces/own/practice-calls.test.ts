import { describe, expect, it } from 'vitest'
import { testDatabases } from '../../../db/testing.ts'
import { ModelError } from '../../../models/model-error.ts'
import { ScriptedModel, says } from '../../../models/testing.ts'
import { appForTest } from '../../../testing.ts'

type Asked = { turn_id: number; session_id: number; results: { call_ref: string; response_id: number }[] }

describe.each(testDatabases)('practice in the trace on $name', ({ open }) => {
  async function practised() {
    const test = await appForTest(await open(), [
      new ScriptedModel('good', says('An answer.')),
      new ScriptedModel('bad', [new ModelError('model_unavailable', 'It is down.')]),
    ])
    const [mina, joon, teacher] = [
      await test.person('mina'),
      await test.person('joon'),
      await test.person('teacher', { isAdmin: true }),
    ]
    const reply = await mina.post('/user/practice/sessions/run?class_id=1', {
      prompt_text: 'Why is the sea salty?',
      model_names: ['good', 'bad'],
      generation_params: { temperature: 0.5 },
    })
    return { mina, joon, teacher, asked: reply.json<Asked>() }
  }

  const callsOf = async (person: { post: (url: string, body: object) => Promise<{ body: string }> }) => {
    const { body } = await person.post('/calls/stream_query', {
      project_id: 'practice/practice',
      sort_by: [{ field: 'op_name', direction: 'desc' }],
    })
    return body
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line))
  }

  it('is a call for the turn with one for each answer, found by its ref as soon as the answer is there', async () => {
    const { mina, asked } = await practised()
    const calls = await callsOf(mina)
    const [turn] = calls
    expect(calls.map(({ op_name }) => op_name)).toEqual(['etude.turn', 'etude.answer', 'etude.answer'])
    expect(turn).toMatchObject({
      parent_id: null,
      wb_user_id: 'mina',
      thread_id: `session-${asked.session_id}`,
      inputs: { prompt: 'Why is the sea salty?' },
    })
    const byRef = new Map(calls.map((call) => [`weave:///practice/practice/call/${call.id}`, call]))
    const [good, bad] = asked.results.map(({ call_ref }) => byRef.get(call_ref))
    expect(good).toMatchObject({
      parent_id: turn.id,
      trace_id: turn.trace_id,
      display_name: 'good',
      inputs: { model: 'good', prompt: 'Why is the sea salty?', generation_params: { temperature: 0.5 } },
      output: { text: 'An answer.', status: 'complete', finish_reason: 'stop' },
      exception: null,
      attributes: { etude: { response_id: asked.results[0]?.response_id } },
    })
    expect(good.summary.usage.good).toMatchObject({ requests: 1 })
    expect(good.summary.weave.status).toBe('success')
    expect(bad).toMatchObject({ exception: 'model_unavailable: It is down.', output: { status: 'failed' } })
    expect(bad.summary.weave.status).toBe('error')
  })

  it('is seen by whoever practised and by those who look after the class, and by nobody else', async () => {
    const { mina, joon, teacher } = await practised()
    expect(await callsOf(joon)).toEqual([])
    expect(await callsOf(teacher)).toHaveLength(3)
    expect(await callsOf(mina)).toHaveLength(3)
  })

  it('has an answer that was asked for once more as a call of its own', async () => {
    const { mina, asked } = await practised()
    const again = await mina.post(`/user/practice/responses/${asked.results[1]?.response_id}/retry`)
    expect(again.statusCode).toBe(201)
    const calls = await callsOf(mina)
    expect(calls.filter(({ op_name }) => op_name === 'etude.answer')).toHaveLength(3)
    expect(calls.filter(({ op_name }) => op_name === 'etude.turn')).toHaveLength(1)
  })
})
