import { describe, expect, it } from 'vitest'
import { testDatabases } from '../../db/testing.ts'
import { endOf, PROJECT, startOf, tracesApp } from './testing.ts'

const field = ($getField: string) => ({ $getField })
const literal = ($literal: unknown) => ({ $literal })
const DIGEST = 'x'.repeat(43)
const OP = `weave:///ada/tests/op/ask:${DIGEST}`

describe.each(testDatabases)('finding calls on $name', ({ open }) => {
  /** Five calls in one trace; `a` asks `b` and `c`, `d` fails, `e` goes on. */
  async function fiveCalls() {
    const test = await tracesApp(await open())
    const { ada } = test
    const at = (second: number) => `2026-11-25T10:00:0${second}.000Z`
    await ada.upsert([
      startOf('b', { op_name: OP, parent_id: 'a', started_at: at(2), inputs: { n: 2, who: { name: 'Bob' } } }),
      startOf('c', { parent_id: 'a', started_at: at(3), inputs: { n: 10 }, thread_id: 'thread', turn_id: 'c' }),
      startOf('a', { started_at: at(1), inputs: { n: 1, data: 'weave:///ada/tests/object/data:v0' } }),
      endOf('a', { ended_at: at(9), summary: { status_counts: { error: 1 } }, output: { score: 0.5 } }),
      endOf('b', { ended_at: '2026-11-25T10:00:02.250Z', output: { score: 0.9 } }),
      endOf('c', { ended_at: '2026-11-25T10:00:03.001Z', output: 'weave:///ada/tests/object/data:v1' }),
      startOf('d', { started_at: at(4), trace_id: 'trace-2', display_name: 'named', inputs: { n: '3' } }),
      endOf('d', { ended_at: at(5), exception: 'boom' }),
      startOf('e', { started_at: at(5), trace_id: 'trace-2', wb_run_id: 'run', attributes: { tag: 'x' } }),
    ])
    const ids = async (body: object) => (await ada.calls(body)).map((call) => call.id).join('')
    return { ...test, ids, query: ($expr: object) => ids({ query: { $expr } }) }
  }

  it('filters by everything that a filter has', async () => {
    const { ids } = await fiveCalls()
    const filter = (one: object) => ids({ filter: one })
    expect(await filter({})).toBe('abcde')
    expect(await filter({ op_names: [] })).toBe('abcde')
    expect(await filter({ op_names: [OP] })).toBe('b')
    expect(await filter({ op_names: ['weave:///ada/tests/op/ask:*'] })).toBe('b')
    expect(await filter({ op_names: ['weave:///ada/tests/op/as:*', 'predict'] })).toBe('acde')
    expect(await filter({ input_refs: ['weave:///ada/tests/object/data:v0'] })).toBe('a')
    expect(await filter({ input_refs: ['weave:///ada/tests/object/data:v1'] })).toBe('')
    expect(await filter({ input_refs: ['weave:///ada/tests/object/data:*'] })).toBe('a')
    expect(await filter({ output_refs: ['weave:///ada/tests/object/data:v1'] })).toBe('c')
    expect(await filter({ parent_ids: ['a'] })).toBe('bc')
    expect(await filter({ trace_ids: ['trace-2'] })).toBe('de')
    expect(await filter({ call_ids: ['e', 'a', 'nobody'] })).toBe('ae')
    expect(await filter({ thread_ids: ['thread'] })).toBe('c')
    expect(await filter({ turn_ids: ['c'] })).toBe('c')
    expect(await filter({ trace_roots_only: true })).toBe('ade')
    expect(await filter({ trace_roots_only: true, trace_ids: ['trace-1'] })).toBe('a')
    expect(await filter({ wb_user_ids: ['bob'] })).toBe('')
    expect(await filter({ wb_run_ids: ['run'] })).toBe('e')
  })

  it('queries by columns, paths into JSON and what is derived', async () => {
    const { query } = await fiveCalls()
    expect(await query({ $eq: [field('inputs.who.name'), literal('Bob')] })).toBe('b')
    expect(await query({ $gt: [field('inputs.n'), literal(2)] })).toBe('cd')
    expect(await query({ $gte: [field('output.score'), literal(0.9)] })).toBe('b')
    expect(await query({ $eq: [field('attributes.tag'), literal('x')] })).toBe('e')
    expect(await query({ $eq: [field('summary.weave.status'), literal('descendant_error')] })).toBe('a')
    expect(await query({ $in: [field('summary.weave.status'), [literal('error'), literal('running')]] })).toBe('de')
    expect(await query({ $eq: [field('summary.weave.trace_name'), literal('ask')] })).toBe('b')
    expect(await query({ $eq: [field('summary.weave.trace_name'), literal('named')] })).toBe('d')
    expect(await query({ $lt: [field('summary.weave.latency_ms'), literal(2)] })).toBe('c')
    expect(await query({ $eq: [field('summary.weave.latency_ms'), literal(250)] })).toBe('b')
    expect(await query({ $gte: [field('started_at'), literal('2026-11-25T11:00:04+01:00')] })).toBe('de')
    expect(await query({ $contains: { input: field('exception'), substr: literal('oo') } })).toBe('d')
    expect(await query({ $not: [{ $eq: [field('parent_id'), literal('a')] }] })).toBe('')
    expect(await query({ $eq: [{ $convert: { input: field('output'), to: 'exists' } }, literal(false)] })).toBe('e')
  })

  it('sorts by any field, with missing values last, and pages', async () => {
    const { ids } = await fiveCalls()
    const sorted = (sort: string, direction: string, more: object = {}) =>
      ids({ sort_by: [{ field: sort, direction }], ...more })
    expect(await sorted('started_at', 'desc')).toBe('edcba')
    expect(await sorted('started_at', 'desc', { limit: 2, offset: 1 })).toBe('dc')
    expect(await sorted('started_at', 'asc', { limit: 2 })).toBe('ab')
    expect(await sorted('inputs.n', 'desc')).toBe('cdbae')
    expect(await sorted('inputs.n', 'asc')).toBe('abdce')
    expect(await sorted('output.score', 'desc', { limit: 2 })).toBe('ba')
    expect(await sorted('summary.weave.latency_ms', 'asc')).toBe('cbdae')
    expect(await ids({ limit: 0 })).toBe('')
    expect(await ids({ offset: 3 })).toBe('de')
  })

  it('counts, up to a limit, and says how much is stored', async () => {
    const { ada } = await fiveCalls()
    const stats = (more: object) => ada.ok('/calls/query_stats', { project_id: PROJECT, ...more })
    expect(await stats({})).toEqual({ count: 5, has_more: false, total_storage_size_bytes: null })
    expect(await stats({ limit: 5 })).toMatchObject({ count: 5, has_more: false })
    expect(await stats({ limit: 2 })).toMatchObject({ count: 2, has_more: true })
    expect(await stats({ filter: { call_ids: ['e'] }, include_total_storage_size: true })).toMatchObject({
      count: 1,
      total_storage_size_bytes: '{"tag":"x"}{}'.length,
    })
    const [call] = await ada.calls({
      filter: { call_ids: ['d'] },
      include_storage_size: true,
      include_total_storage_size: true,
    })
    expect(call.storage_size_bytes).toBe('{}{"n":"3"}null{}'.length)
    expect(call.total_storage_size_bytes).toBe('{}{"n":"3"}null{}{"tag":"x"}{}'.length)
  })

  it('leaves out the JSON of columns that nobody wants', async () => {
    const { ada } = await fiveCalls()
    const [call] = await ada.calls({ columns: ['inputs.n'], limit: 1, include_usernames: true })
    expect(call).toMatchObject({ id: 'a', attributes: {}, output: null, summary: null, wb_username: 'ada' })
    expect(call.inputs.n).toBe(1)
  })

  it('puts what refs lead to in their place, also inside of it, and leaves refs that lead nowhere', async () => {
    const { ada } = await fiveCalls()
    const publish = async (object_id: string, val: object) =>
      (await ada.ok('/obj/create', { obj: { project_id: PROJECT, object_id, val } })).digest
    const author = `weave:///ada/tests/object/author:${await publish('author', { name: 'Ada' })}`
    const book = `weave:///ada/tests/object/book:${await publish('book', { title: 'On engines', author })}`
    await ada.upsert([startOf('f', { inputs: { book, list: [book], lost: 'weave:///ada/tests/object/lost:v0' } })])
    const inputs = async (more: object) => (await ada.calls({ filter: { call_ids: ['f'] }, ...more }))[0].inputs
    expect(await inputs({ expand_columns: ['inputs.book', 'inputs.lost', 'inputs.list.0'] })).toEqual({
      book: { title: 'On engines', author, _ref: book },
      list: [{ title: 'On engines', author, _ref: book }],
      lost: 'weave:///ada/tests/object/lost:v0',
    })
    expect((await inputs({ expand_columns: ['inputs.book.author', 'inputs.book'] })).book.author).toEqual({
      name: 'Ada',
      _ref: author,
    })
    expect((await inputs({ expand_columns: ['inputs.book'], return_expanded_column_values: false })).book).toBe(book)
  })

  it('answers as a list, as CSV and as TSV when a client reads those', async () => {
    const { ada } = await fiveCalls()
    const send = async (accept: string) =>
      ada.post('/calls/stream_query', { project_id: PROJECT, columns: ['inputs'], limit: 2 }, { accept })
    expect((await send('application/json')).json()).toHaveLength(2)
    const csv = await send('text/csv')
    expect(csv.headers['content-type']).toContain('text/csv')
    expect(csv.body.split('\r\n')[0]).toMatch(/^id,project_id,op_name/)
    expect(csv.body).toContain('"{""n"":2,""who"":{""name"":""Bob""}}"')
    expect((await send('text/tab-separated-values')).body.split('\n')).toHaveLength(4)
    expect((await send('*/*')).headers['content-type']).toBe('application/jsonl')
    const none = await ada.post('/calls/stream_query', { project_id: 'ada/other' }, { accept: 'application/json' })
    expect(none.json()).toEqual([])
    expect((await ada.post('/calls/stream_query', { project_id: 'ada/other' })).body).toBe('')
  })

  it('refuses in Weave’s words before it streams', async () => {
    const { ada, bob } = await fiveCalls()
    const refusal = async (body: object) => {
      const reply = await ada.post('/calls/stream_query', { project_id: PROJECT, ...body })
      return [reply.statusCode, reply.json().reason ?? reply.json().detail]
    }
    expect(await refusal({ filter: { call_ids: Array(1001).fill('c') } })).toEqual([
      400,
      "Parameter: 'call_ids' request length is greater than max length (1000). Actual length: 1001",
    ])
    expect(await refusal({ limit: -1 })).toEqual([400, 'Limit must be non-negative'])
    expect(await refusal({ offset: -1 })).toEqual([400, 'Offset must be non-negative'])
    expect(await refusal({ query: { $expr: { $eq: [field('nothing'), literal(1)] } } })).toEqual([
      400,
      'Unknown field: nothing',
    ])
    expect(await refusal({ sort_by: [{ field: 'nothing', direction: 'asc' }] })).toEqual([
      400,
      'Unknown field: nothing',
    ])
    expect((await refusal({ sort_by: [{ field: 'id', direction: 'ASC' }] }))[0]).toBe(422)
    expect((await refusal({ query: { $and: [] } }))[0]).toBe(422)
    expect((await bob.post('/calls/stream_query', { project_id: PROJECT })).json()).toEqual({
      detail: 'Project not found',
    })
  })
})
