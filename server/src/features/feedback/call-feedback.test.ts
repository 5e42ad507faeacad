import { describe, expect, it } from 'vitest'
import { testDatabases } from '../../db/testing.ts'
import { feedbackApp } from './testing.ts'

describe.each(testDatabases)('feedback on calls on $name', ({ open }) => {
  it('is told with the calls, oldest first, and only when it is asked for', async () => {
    const { calls, create } = await appWithCalls(await open())
    await create({ weave_ref: refOf('b'), payload: { n: 1.5 } })
    await create({ weave_ref: refOf('b'), payload: { n: 2 }, creator: 'Jane' })
    const told = await calls({ include_feedback: true })
    expect(told.map((call) => call.summary.weave.feedback)).toMatchObject([
      [],
      [
        { feedback_type: 'custom', weave_ref: refOf('b'), payload: { n: 1.5 }, wb_user_id: 'ada', runnable_ref: null },
        { payload: { n: 2 }, creator: 'Jane', scorer_tags: [] },
      ],
      [],
    ])
    const [first] = await calls({})
    expect(first?.summary.weave).not.toHaveProperty('feedback')
  })

  it('finds calls and sorts them', async () => {
    const { calls, ids, create, send } = await appWithCalls(await open())
    const score = (id: string, output: unknown) => ({
      weave_ref: refOf(id),
      feedback_type: 'wandb.runnable.judge',
      runnable_ref: 'weave:///ada/demo/object/judge:v1',
      payload: { output },
    })
    await create(score('a', { value: 10 }))
    await create(score('c', { value: 9.5 }))
    await create({ weave_ref: refOf('a'), payload: { note: 'good' } })
    await create({ weave_ref: refOf('b'), payload: { note: 'bad' } })
    await create({ weave_ref: refOf('b'), payload: { note: 'good' } })
    const value = 'feedback.[wandb.runnable.judge].payload.output.value'
    const is = ($getField: string, $literal: unknown) => ({ $eq: [{ $getField }, { $literal }] })
    expect(await ids({ $gt: [{ $getField: value }, { $literal: 9 }] })).toEqual(['a', 'c'])
    expect(await ids(is('feedback.[custom].payload.note', 'good'))).toEqual(['a', 'b'])
    expect(await ids({ $not: [is('feedback.[*].payload.note', 'good')] })).toEqual(['c'])
    expect(await ids(is('feedback.[wandb.runnable.judge].runnable_ref', 'weave:///ada/demo/object/judge:v1'))).toEqual([
      'a',
      'c',
    ])
    const sorted = async (direction: string) =>
      (await calls({ sort_by: [{ field: value, direction }] })).map(({ id }) => id)
    expect(await sorted('asc')).toEqual(['c', 'a', 'b'])
    expect(await sorted('desc')).toEqual(['a', 'c', 'b'])

    for (const field of ['feedback.[x].creator', 'feedback.x.payload', 'feedback.[x].runnable_ref.y']) {
      const query = { $expr: is(field, 1) }
      const reply = await send('/calls/query_stats', { project_id: 'ada/demo', query })
      expect([reply.status, reply.body]).toEqual([
        422,
        { reason: `Invalid feedback path: ${field}`, error_type: 'InvalidFieldError' },
      ])
    }
  })
})

async function appWithCalls(database: Parameters<typeof feedbackApp>[0]) {
  const app = await feedbackApp(database)
  const batch = ['a', 'b', 'c'].map((id, second) => ({
    mode: 'start',
    req: {
      start: {
        project_id: 'ada/demo',
        id,
        op_name: 'predict',
        trace_id: id,
        started_at: `2026-11-25T10:00:0${second}Z`,
        attributes: {},
        inputs: {},
      },
    },
  }))
  await app.send('/call/upsert_batch', { batch })
  type Told = { id: string; summary: { weave: Record<string, unknown> } }
  const calls = async (body: object): Promise<Told[]> => {
    const { text } = await app.send('/calls/stream_query', { project_id: 'ada/demo', ...body })
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line))
  }
  const ids = async ($expr: object) => (await calls({ query: { $expr } })).map(({ id }) => id)
  return { ...app, calls, ids }
}

function refOf(id: string): string {
  return `weave:///ada/demo/call/${id}`
}
