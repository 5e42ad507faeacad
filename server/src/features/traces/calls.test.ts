import { describe, expect, it } from 'vitest'
import { testDatabases } from '../../db/testing.ts'
import { endOf, PROJECT, startOf, tracesApp } from './testing.ts'

describe.each(testDatabases)('calls on $name', ({ open }) => {
  it('tells a call as Weave does', async () => {
    const { ada } = await tracesApp(await open())
    const reply = await ada.upsert([
      startOf('c1', { inputs: { question: '왜?' }, attributes: { weave: { client_version: '0.11.1' } } }),
      endOf('c1', { output: { answer: 42 }, summary: { usage: { m: { input_tokens: 3, output_tokens: 4 } } } }),
    ])
    expect(reply).toEqual({ res: [{ id: 'c1', trace_id: 'trace-1' }, {}] })
    const call = await ada.read('c1')
    expect(call).toEqual({
      id: 'c1',
      project_id: PROJECT,
      op_name: 'predict',
      display_name: null,
      trace_id: 'trace-1',
      parent_id: null,
      thread_id: null,
      turn_id: null,
      started_at: '2026-11-25T10:00:00.000000Z',
      attributes: { weave: { client_version: '0.11.1' } },
      inputs: { question: '왜?' },
      ended_at: '2026-11-25T10:00:01.500000Z',
      exception: null,
      output: { answer: 42 },
      summary: {
        usage: { m: { input_tokens: 3, output_tokens: 4 } },
        weave: { status: 'success', trace_name: 'predict', latency_ms: 1500 },
      },
      wb_user_id: 'ada',
      wb_username: null,
      wb_run_id: null,
      wb_run_step: null,
      wb_run_step_end: null,
      deleted_at: null,
      expire_at: null,
      storage_size_bytes: null,
      total_storage_size_bytes: null,
    })
    expect(await ada.calls({})).toEqual([call])
    expect(await ada.read('c2')).toBeNull()
  })

  it('joins ends and beginnings in whichever order they come, and however often', async () => {
    const { ada } = await tracesApp(await open())
    await ada.upsert([endOf('late', { output: 1, exception: 'boom' })])
    expect(await ada.read('late')).toBeNull()
    expect(await ada.calls({})).toEqual([])
    const begin = startOf('late', { inputs: { a: 1 }, parent_id: 'parent', display_name: 'shown' })
    await ada.upsert([begin])
    const call = await ada.read('late')
    expect(call).toMatchObject({ inputs: { a: 1 }, output: 1, exception: 'boom', display_name: 'shown' })
    expect(call.summary.weave).toEqual({
      status: 'error',
      trace_name: 'shown',
      latency_ms: 1500,
      display_name: 'shown',
    })
    await ada.upsert([begin, endOf('late', { output: 1, exception: 'boom' })])
    expect(await ada.calls({})).toEqual([call])
  })

  it('shows a call whose end never comes as running, and one whose child failed as such', async () => {
    const { ada } = await tracesApp(await open())
    await ada.upsert([
      startOf('child', { parent_id: 'parent' }),
      startOf('parent'),
      startOf('other'),
      endOf('parent', { summary: { status_counts: { error: 1, success: 1 } } }),
    ])
    const calls = await ada.calls({})
    expect(calls.map((call) => [call.id, call.summary.weave.status])).toEqual([
      ['child', 'running'],
      ['other', 'running'],
      ['parent', 'descendant_error'],
    ])
    expect(calls[0].summary.weave).not.toHaveProperty('latency_ms')
  })

  it('takes a rename for what it is, and not what an end or a beginning that is sent again says', async () => {
    const { ada } = await tracesApp(await open())
    await ada.upsert([startOf('c1', { display_name: 'first' }), endOf('c1', { display_name: 'ignored' })])
    const update = (display_name: string | null) =>
      ada.ok('/call/update', { project_id: PROJECT, call_id: 'c1', display_name })
    expect(await update('second')).toEqual({})
    await ada.upsert([startOf('c1', { display_name: 'first' }), endOf('c1', { display_name: 'ignored' })])
    expect(await ada.read('c1')).toMatchObject({ display_name: 'second', summary: { weave: { trace_name: 'second' } } })
    await update(null)
    await ada.upsert([startOf('c1', { display_name: 'first' })])
    expect(await ada.read('c1')).toMatchObject({ display_name: null, summary: { weave: { trace_name: 'predict' } } })
  })

  it('removes calls with everything that they called, even in a ring', async () => {
    const { ada } = await tracesApp(await open())
    await ada.upsert([
      startOf('root'),
      startOf('child', { parent_id: 'root' }),
      startOf('grandchild', { parent_id: 'child' }),
      startOf('sibling'),
      startOf('ring-1', { parent_id: 'ring-2' }),
      startOf('ring-2', { parent_id: 'ring-1' }),
    ])
    const remove = (...call_ids: string[]) => ada.ok('/calls/delete', { project_id: PROJECT, call_ids })
    expect(await remove('root', 'nobody')).toEqual({ num_deleted: 3 })
    expect(await remove('ring-1')).toEqual({ num_deleted: 2 })
    expect(await remove()).toEqual({ num_deleted: 0 })
    expect((await ada.calls({})).map((call) => call.id)).toEqual(['sibling'])
    const tooMany = await ada.post('/calls/delete', { project_id: PROJECT, call_ids: Array(1001).fill('c') })
    expect(tooMany.statusCode).toBe(400)
  })

  it('keeps exactly what was sent: NUL, halves of pairs, numbers beyond 2^53, deep and wide JSON', async () => {
    const { ada } = await tracesApp(await open())
    const deep = `${'{"a":'.repeat(200)}1${'}'.repeat(200)}`
    const wide = JSON.stringify(Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`key ${index}`, index])))
    const inputs = `{"big":123456789012345678901234567890,"float":1.0,"nul":"a\\u0000b","half":"\\ud800","deep":${deep},"wide":${wide}}`
    const reply = await ada.post('/call/upsert_batch', {
      batch: [startOf('c1', { display_name: 'n\0l' }), endOf('c1', { exception: 'e\0e' })],
    })
    expect(reply.statusCode).toBe(200)
    const text = JSON.stringify({ batch: [startOf('c2')] }).replace('"inputs":{}', () => `"inputs":${inputs}`)
    const sent = await ada.raw('/call/upsert_batch', text)
    expect(sent.statusCode).toBe(200)
    expect((await ada.raw('/call/read', JSON.stringify({ project_id: PROJECT, id: 'c2' }))).body).toContain(
      `"inputs":${inputs}`,
    )
    expect(await ada.read('c1')).toMatchObject({ display_name: 'n\0l', exception: 'e\0e' })
  })

  it('streams thousands of calls once each, in both directions, also when they began at the same moment', async () => {
    const { ada } = await tracesApp(await open())
    const ids = Array.from({ length: 2_300 }, (_, index) => `call ${String(index).padStart(4, '0')}`)
    await ada.upsert(ids.map((id) => startOf(id)))
    const streamed = async (more: object) => (await ada.calls(more)).map((call) => call.id)
    expect(await streamed({})).toEqual(ids)
    expect(await streamed({ sort_by: [{ field: 'started_at', direction: 'desc' }] })).toEqual(ids.toReversed())
    expect(await streamed({ sort_by: [{ field: 'id', direction: 'desc' }], limit: 1_500 })).toEqual(
      ids.toReversed().slice(0, 1_500),
    )
    expect(await streamed({ limit: 1_500, offset: 600 })).toEqual(ids.slice(600, 2_100))
  })

  it('takes beginnings and ends that come at the same moment in any order', async () => {
    const { ada } = await tracesApp(await open())
    const ids = Array.from({ length: 100 }, (_, index) => `call ${index}`)
    await Promise.all([
      ada.upsert(ids.map((id) => startOf(id))),
      ada.upsert(ids.toReversed().map((id) => endOf(id))),
      ada.upsert(ids.map((id) => endOf(id))),
      ada.upsert(ids.toReversed().map((id) => startOf(id))),
    ])
    const { count } = await ada.ok('/calls/query_stats', {
      project_id: PROJECT,
      query: { $expr: { $eq: [{ $getField: 'summary.weave.status' }, { $literal: 'success' }] } },
    })
    expect(count).toBe(100)
  })
})
