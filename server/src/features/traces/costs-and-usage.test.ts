import { describe, expect, it } from 'vitest'
import { testDatabases } from '../../db/testing.ts'
import { endOf, PROJECT, startOf, tracesApp } from './testing.ts'

const usage = (model: string, input_tokens: number, output_tokens: number) => ({
  summary: { usage: { [model]: { input_tokens, output_tokens, requests: 1 } } },
})
const byId = (...ids: string[]) => ({
  $expr: { $or: ids.map((id) => ({ $eq: [{ $getField: 'id' }, { $literal: id }] })) },
})

describe.each(testDatabases)('costs and usage on $name', ({ open }) => {
  /** `root` asks `child`, which asks `leaf`; `other` is on its own and goes on. */
  async function family() {
    const test = await tracesApp(await open())
    await test.ada.upsert([
      startOf('leaf', { parent_id: 'child' }),
      startOf('child', { parent_id: 'root' }),
      startOf('root'),
      startOf('other', { trace_id: 'trace-2' }),
      endOf('leaf', usage('m', 10, 1)),
      endOf('child', usage('n', 5, 5)),
      endOf('root', usage('m', 1, 2)),
    ])
    const create = (costs: object) => test.ada.ok('/cost/create', { project_id: PROJECT, costs })
    const query = async (more: object = {}) =>
      (await test.ada.ok('/cost/query', { project_id: PROJECT, ...more })).results
    return { ...test, create, query }
  }

  it('adds up what calls used with all that they called', async () => {
    const { ada } = await family()
    const none = { prompt_tokens_total_cost: null, completion_tokens_total_cost: null }
    const trace = await ada.ok('/trace/usage', { project_id: PROJECT, filter: { trace_ids: ['trace-1'] } })
    expect(trace.unfinished_call_ids).toEqual([])
    expect(trace.call_usage.leaf).toMatchObject({
      m: { requests: 1, prompt_tokens: 10, completion_tokens: 1, total_tokens: 11, ...none },
    })
    expect(trace.call_usage.root).toMatchObject({
      m: { requests: 2, prompt_tokens: 11, completion_tokens: 3, total_tokens: 14 },
      n: { requests: 1, prompt_tokens: 5, completion_tokens: 5, total_tokens: 10 },
    })
    const calls = await ada.ok('/calls/usage', { project_id: PROJECT, call_ids: ['child', 'other', 'nobody'] })
    expect(calls.call_usage.child).toMatchObject({ m: { prompt_tokens: 10 }, n: { prompt_tokens: 5 } })
    expect(calls.call_usage).toMatchObject({ other: {}, nobody: {} })
    expect(calls.unfinished_call_ids).toEqual(['other'])
  })

  it('prices calls by what counted when they began', async () => {
    const { ada, create } = await family()
    await create({
      m: { prompt_token_cost: 1, completion_token_cost: 2, effective_date: '2026-11-01T00:00:00Z' },
      n: { prompt_token_cost: 0.5, completion_token_cost: 0, effective_date: '2026-12-01T00:00:00Z' },
    })
    await create({ m: { prompt_token_cost: 9, completion_token_cost: 9, effective_date: '2026-10-01T00:00:00Z' } })
    const calls = await ada.calls({ include_costs: true, filter: { trace_ids: ['trace-1'] } })
    const costs = Object.fromEntries(calls.map((call) => [call.id, call.summary.weave.costs]))
    expect(costs.leaf).toEqual({
      m: {
        requests: 1,
        prompt_tokens: 10,
        completion_tokens: 1,
        total_tokens: 11,
        cache_read_input_tokens: 0,
        cache_creation_input_tokens: 0,
        prompt_token_cost: 1,
        completion_token_cost: 2,
        cache_read_input_token_cost: 0,
        cache_creation_input_token_cost: 0,
        prompt_tokens_total_cost: 10,
        completion_tokens_total_cost: 2,
        cache_read_input_tokens_total_cost: 0,
        cache_creation_input_tokens_total_cost: 0,
        prompt_token_cost_unit: 'USD',
        completion_token_cost_unit: 'USD',
        effective_date: '2026-11-01T00:00:00.000000Z',
        provider_id: 'default',
        pricing_level: 'project',
        pricing_level_id: PROJECT,
        created_by: 'ada',
        created_at: expect.any(String),
      },
    })
    // A price that came later is better than none.
    expect(costs.child.n.prompt_tokens_total_cost).toBe(2.5)
    const rolledUp = await ada.ok('/calls/usage', { project_id: PROJECT, call_ids: ['root'], include_costs: true })
    expect(rolledUp.call_usage.root.m).toMatchObject({ prompt_tokens_total_cost: 11, completion_tokens_total_cost: 6 })
    expect((await ada.read('root')).summary.weave).not.toHaveProperty('costs')
    expect((await ada.read('root', { include_costs: true })).summary.weave.costs.m).toMatchObject({
      prompt_tokens_total_cost: 1,
    })
    const [other] = await ada.calls({ include_costs: true, filter: { trace_ids: ['trace-2'] } })
    expect(other.summary.weave).not.toHaveProperty('costs')
  })

  it('finds, sorts and purges costs by their ids only', async () => {
    const { ada, bob, create, query } = await family()
    const { ids } = await create({
      a: { prompt_token_cost: 1, completion_token_cost: 2, provider_id: 'p' },
      b: { prompt_token_cost: 2, completion_token_cost: 1 },
    })
    expect(ids.map(([, model]: string[]) => model)).toEqual(['a', 'b'])
    const $expr = { $gt: [{ $getField: 'prompt_token_cost' }, { $literal: 1 }] }
    expect(await query({ query: { $expr } })).toMatchObject([{ llm_id: 'b', provider_id: 'default' }])
    const sort_by = [{ field: 'llm_id', direction: 'desc' }]
    expect((await query({ sort_by })).map((cost: { llm_id: string }) => cost.llm_id)).toEqual(['b', 'a'])
    expect(await query({ fields: ['llm_id'], sort_by, limit: 1, offset: 1 })).toMatchObject([
      { id: null, llm_id: 'a', prompt_token_cost: null },
    ])
    const purge = (project_id: string, one: object) => ada.post('/cost/purge', { project_id, query: one })
    const refused = await purge(PROJECT, { $expr })
    expect([refused.statusCode, refused.json().reason]).toEqual([
      400,
      'Can only purge costs by specifying one or more cost ids',
    ])
    expect((await bob.post('/cost/purge', { project_id: PROJECT, query: byId(ids[0][0]) })).statusCode).toBe(403)
    expect((await purge('ada/other', byId(ids[0][0]))).json()).toEqual({})
    expect(await query()).toHaveLength(2)
    await purge(PROJECT, byId(ids[0][0], 'unknown'))
    expect(await query()).toMatchObject([{ llm_id: 'b' }])
  })

  it('tells conversations by their turns', async () => {
    const { ada } = await family()
    const turn = (id: string, thread_id: string, second: number, end?: number) => [
      startOf(id, { thread_id, turn_id: id, started_at: `2026-11-25T10:00:0${second}Z` }),
      startOf(`${id}-inner`, { thread_id, turn_id: id, parent_id: id }),
      ...(end === undefined ? [] : [endOf(id, { ended_at: `2026-11-25T10:00:0${end}Z` })]),
    ]
    await ada.upsert([
      ...turn('t1', 'one', 1, 2),
      ...turn('t2', 'one', 3, 6),
      ...turn('t3', 'two', 4),
      ...turn('t4', 'three', 5, 9),
    ])
    const threads = async (more: object = {}) => {
      const reply = await ada.post('/threads/stream_query', { project_id: PROJECT, ...more })
      expect(reply.headers['content-type']).toBe('application/jsonl')
      return reply.body
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line))
    }
    expect(await threads({ filter: { thread_ids: ['one'] } })).toEqual([
      {
        thread_id: 'one',
        turn_count: 2,
        start_time: '2026-11-25T10:00:01.000000Z',
        last_updated: '2026-11-25T10:00:06.000000Z',
        first_turn_id: 't1',
        last_turn_id: 't2',
        p50_turn_duration_ms: 2000,
        p99_turn_duration_ms: 2980,
      },
    ])
    const order = async (more: object) => (await threads(more)).map((thread) => thread.thread_id)
    expect(await order({})).toEqual(['three', 'one', 'two'])
    expect(await order({ sort_by: [{ field: 'turn_count', direction: 'desc' }], limit: 1 })).toEqual(['one'])
    expect(await order({ filter: { after_datetime: '2026-11-25T10:00:04.5Z' } })).toEqual(['three'])
    expect(
      (
        await ada.post('/threads/stream_query', { project_id: PROJECT, sort_by: [{ field: 'x', direction: 'asc' }] })
      ).json().reason,
    ).toContain('Unsupported sort field: x.')
  })
})
