import { describe, expect, it } from 'vitest'
import type { Database } from '../../../db/open.ts'
import { testDatabases } from '../../../db/testing.ts'
import { feedbackApp } from '../testing.ts'
import { BucketClock } from './buckets.ts'

const MONITOR = (version: string) => `weave:///ada/demo/object/monitor:${version}`
const SCORER = (name: string) => `weave:///ada/demo/object/${name}:v1`
const DAY = Date.parse('2026-11-20T00:00:00Z')
const HOUR = 3_600_000

describe.each(testDatabases)('feedback in numbers on $name', ({ open }) => {
  it('is averaged and counted over time', async () => {
    const { send, seed } = await analyticsApp(await open())
    await seed([
      { at: DAY + 1, payload: { output: { score: 1, ok: true, label: 'a' } } },
      { at: DAY + HOUR, payload: { output: { score: 2.5, ok: false } } },
      { at: DAY + HOUR + 1, payload: { output: { score: '4', ok: 'true' } } },
      { at: DAY + 2 * HOUR, payload: { output: { score: 100 } } },
    ])
    const metrics = [
      { json_path: 'output.score', aggregations: ['avg', 'sum', 'min', 'max', 'count'], percentiles: [50, 99.9] },
      { json_path: 'output.ok', value_type: 'boolean' },
      { json_path: 'output.label', value_type: 'categorical' },
    ]
    const asked = {
      project_id: 'ada/demo',
      start: '2026-11-20T00:00:00Z',
      end: '2026-11-20T02:00:00+00:00',
      granularity: 3600,
      metrics,
    }
    const { status, body } = await send('/feedback/stats', asked)
    expect(status).toBe(200)
    expect(body).toMatchObject({
      start: '2026-11-20T00:00:00.000000Z',
      end: '2026-11-20T02:00:00.000000Z',
      granularity: 3600,
      timezone: 'UTC',
    })
    expect(body.buckets).toEqual([
      {
        timestamp: '2026-11-20T00:00:00Z',
        count: 1,
        avg_output_score: 1,
        sum_output_score: 1,
        min_output_score: 1,
        max_output_score: 1,
        count_output_score: 1,
        p50_output_score: 1,
        p99_9_output_score: 1,
        count_true_output_ok: 1,
        count_false_output_ok: 0,
        count_output_label: 1,
      },
      expect.objectContaining({
        timestamp: '2026-11-20T01:00:00Z',
        count: 2,
        avg_output_score: 3.25,
        p50_output_score: 3.25,
        count_true_output_ok: 1,
        count_false_output_ok: 1,
      }),
    ])
    expect(body.window_stats.output_score).toMatchObject({ avg: 2.5, sum: 7.5, min: 1, max: 4, count: 3, p50: 2.5 })

    const empty = await send('/feedback/stats', { ...asked, feedback_type: 'none', end: '2026-11-20T00:30:00Z' })
    expect(empty.body.buckets).toMatchObject([
      { count: 0, avg_output_score: 0, sum_output_score: 0, min_output_score: null, p50_output_score: null },
    ])
    expect(empty.body.window_stats.output_score).toMatchObject({ avg: null, count: 0 })
    const wholeDay = { project_id: 'ada/demo', start: '2026-11-20T00:00:00Z', end: '2026-11-21T00:00:00Z' }
    expect((await send('/feedback/stats', wholeDay)).body).toMatchObject({ granularity: 21600, window_stats: null })
  })

  it('is refused when it cannot be counted', async () => {
    const { send } = await analyticsApp(await open())
    const start = '2026-11-20T00:00:00Z'
    const metric = (json_path: string, more: object = {}) => ({ metrics: [{ json_path, ...more }] })
    const refusals: [object, number, string][] = [
      [metric(''), 400, 'json_path cannot be empty'],
      [metric('a..b'), 400, 'json_path cannot be empty'],
      [metric(`a"b`), 400, 'json_path may only contain'],
      [metric('a[0]'), 400, 'json_path may only contain'],
      [metric('a', { percentiles: [101] }), 400, 'Percentiles are from 0 to 100'],
      [{ start: 'yesterday' }, 400, 'start is no time'],
      [{ end: '2026-11-19T00:00:00Z' }, 400, 'end must be after start'],
      [{ timezone: 'Mars/Olympus' }, 400, 'Invalid timezone: Mars/Olympus'],
      [{ granularity: 0 }, 400, 'granularity must be positive'],
      [{ granularity: 1 }, 400, 'The time range has more than 10000 buckets'],
    ]
    for (const [given, status, reason] of refusals) {
      const reply = await send('/feedback/stats', {
        project_id: 'ada/demo',
        start,
        end: '2026-11-21T00:00:00Z',
        ...given,
      })
      expect([reply.status, reply.body.reason?.slice(0, reason.length)], JSON.stringify(given)).toEqual([
        status,
        reason,
      ])
    }
    expect((await send('/feedback/stats', { project_id: 'bob/demo', start })).status).toBe(403)
    const aggregate = (more: object) =>
      send('/feedback/aggregate', { project_id: 'ada/demo', after_ms: 0, before_ms: 86_400_000, ...more })
    expect((await aggregate({ before_ms: 0 })).body.reason).toBe('before_ms must be greater than after_ms')
    expect((await aggregate({ time_bucket_seconds: 1 })).status).toBe(400)
    expect((await aggregate({ before_ms: 32 * 86_400_000, tags: ['a'] })).status).toBe(400)
    expect((await aggregate({ before_ms: 9e15 })).body.buckets).toEqual([])
    expect((await aggregate({ time_bucket_seconds: 0 })).status).toBe(422)
    expect((await aggregate({ rating_min: 2 })).status).toBe(422)
    expect((await aggregate({ group_by: ['creator'] })).status).toBe(422)
  })

  it('tells the paths of payloads and their types', async () => {
    const { send, seed } = await analyticsApp(await open())
    await seed([
      { at: DAY, trigger: 'a', payload: { output: { score: 1.0, 'a.b': 1, '': 2, list: [{ x: 1 }], none: null } } },
      { at: DAY + 1, trigger: 'a', payload: { output: { score: 2, ok: true, 'q"': 1 }, note: 'x' } },
      { at: DAY + 2, trigger: 'b', payload: { output: { score: 0.5, ok: 'no' } } },
    ])
    const asked = { project_id: 'ada/demo', start: '2026-11-20' }
    expect((await send('/feedback/payload_schema', asked)).body.paths).toEqual([
      { json_path: 'note', value_type: 'categorical' },
      { json_path: 'output.ok', value_type: 'categorical' },
      { json_path: 'output.score', value_type: 'numeric' },
    ])
    const ofB = await send('/feedback/payload_schema', { ...asked, trigger_ref: 'weave:///ada/demo/object/b:*' })
    expect(ofB.body.paths.map(({ json_path }: { json_path: string }) => json_path)).toEqual([
      'output.ok',
      'output.score',
    ])
    expect((await send('/feedback/payload_schema', { ...asked, sample_limit: 0 })).status).toBe(422)
  })

  it('is added up by time, scorer and agent', async () => {
    const { send, seed } = await analyticsApp(await open())
    await seed([
      { at: DAY, trigger: 'm1', scorer: 's1', tags: ['good', 'long'], rating: 0.5, agent: 'bot' },
      { at: DAY + HOUR, trigger: 'm1', scorer: 's2', tags: ['good'], rating: 1 },
      { at: DAY + HOUR + 1, trigger: 'm2', scorer: 's1', tags: [], agent: 'bot', ref: 'agent_turn/t' },
    ])
    const aggregate = async (more: object) => {
      const asked = { project_id: 'ada/demo', after_ms: DAY, before_ms: DAY + 2 * HOUR, ...more }
      return (await send('/feedback/aggregate', asked)).body
    }
    expect(await aggregate({})).toEqual({
      time_bucket_seconds: null,
      after_ms: DAY,
      before_ms: DAY + 2 * HOUR,
      buckets: [
        {
          time_bucket_start_ms: null,
          group: {},
          total_count: 3,
          scored_count: 2,
          tag_counts: { good: 2, long: 1 },
          rating_counts: { _rating_: 2 },
          rating_sums: { _rating_: 1.5 },
        },
      ],
    })
    expect((await aggregate({ time_bucket_seconds: 3600, group_by: ['scorer_id'] })).buckets).toMatchObject([
      { time_bucket_start_ms: DAY, group: { scorer_id: 's1' }, total_count: 1 },
      { time_bucket_start_ms: DAY + HOUR, group: { scorer_id: 's1' }, total_count: 1, scored_count: 0 },
      { time_bucket_start_ms: DAY + HOUR, group: { scorer_id: 's2' }, total_count: 1 },
    ])
    const total = async (more: object) => (await aggregate(more)).buckets[0]?.total_count ?? 0
    expect(await total({ feedback_types: ['wandb.agent*'] })).toBe(3)
    expect(await total({ feedback_types: ['custom'] })).toBe(0)
    expect(await total({ tags: ['long', 'other'] })).toBe(1)
    expect(await total({ rating_min: 0.6 })).toBe(1)
    expect(await total({ rating_max: 0.6 })).toBe(1)
    expect(await total({ monitor_ids: ['m1'] })).toBe(2)
    expect(await total({ monitor_ids: ['m*'] })).toBe(3)
    expect(await total({ scorer_ids: ['s'] })).toBe(0)
    expect(await total({ span_agent_names: ['bot'] })).toBe(2)
    expect(await total({ span_types: ['agent_turn'] })).toBe(1)
  })
})

describe('buckets', () => {
  it('begin at midnight where somebody lives, in summer and winter', () => {
    const clock = new BucketClock(86_400, 'Europe/Berlin')
    const at = (text: string) => new Date(clock.startOf(Date.parse(text))).toISOString()
    expect(at('2026-07-01T21:59:59Z')).toBe('2026-06-30T22:00:00.000Z')
    expect(at('2026-07-01T22:00:00Z')).toBe('2026-07-01T22:00:00.000Z')
    expect(at('2026-12-01T23:00:00Z')).toBe('2026-12-01T23:00:00.000Z')
    const days = clock.all(Date.parse('2026-10-23T22:00:00Z'), Date.parse('2026-10-26T23:00:00Z'))
    expect(days.map((start) => new Date(start).toISOString().slice(0, 13))).toEqual([
      '2026-10-23T22',
      '2026-10-24T22',
      '2026-10-25T23',
    ])
  })
})

type Seed = {
  at: number
  payload?: object
  trigger?: string
  scorer?: string
  tags?: string[]
  rating?: number
  agent?: string
  ref?: string
}

async function analyticsApp(database: Database) {
  const app = await feedbackApp(database)
  return {
    ...app,
    /** Stores what a monitor said at given moments. */
    async seed(items: readonly Seed[]) {
      for (const [index, { at, payload, trigger, scorer, tags, rating, agent, ref }] of items.entries()) {
        const { status, text } = await app.create({
          id: String(index),
          feedback_type: 'wandb.agent_monitor',
          weave_ref: `weave:///ada/demo/${ref ?? 'call/1'}`,
          runnable_ref: SCORER(scorer ?? 'judge'),
          call_ref: 'weave:///ada/demo/call/1',
          trigger_ref: trigger ? `weave:///ada/demo/object/${trigger}:v1` : MONITOR(String(index)),
          payload: payload ?? {},
          scorer_tags: tags ?? [],
          scorer_ratings: rating === undefined ? {} : { _rating_: rating },
          span_agent_name: agent ?? '',
        })
        if (status !== 200) throw new Error(text)
        await database.db
          .updateTable('feedback')
          .set({ created_at: new Date(at).toISOString().replace('Z', '000Z') })
          .where('id', '=', String(index))
          .execute()
      }
    },
  }
}
