import { describe, expect, it } from 'vitest'
import { testDatabases } from '../../db/testing.ts'
import { weaveApp } from './testing.ts'

const GOLDEN = '03b86e8588d298a1814945664597d94281cb0dbca3b4ff8b0fcff30a6305d33e'
const GOLDEN_ROWS = [
  'mriP98RC2VPGkzk0QeZZ2hq4pUA8fQnhNlsivPxyYYA',
  'DT31YGNzrm7UClL9NXjXYHGXBhYZJsh4Ct9jjBWY74s',
  '1dMFHVoxulzjLOSTzDQMrTQ5ckPCI3aF2487OjvmxJI',
]
const NUMBERS = [
  { id: 1, value: 2 },
  { id: 2, value: 3 },
  { id: 3, value: 4 },
]
const project_id = 'sam/demo'

describe.each(testDatabases)('tables on $name', ({ open }) => {
  async function tables() {
    const test = await weaveApp(await open())
    const { post } = test.as.sam
    const create = async (rows: unknown[]) => (await post('/table/create', { table: { project_id, rows } })).body
    const query = async (digest: string, more: object = {}) =>
      (await post('/table/query', { project_id, digest, ...more })).body.rows as {
        digest: string
        val: Record<string, unknown>
        original_index: number
      }[]
    return { ...test, post, create, query }
  }

  it('give back their rows in their order, each as often as it came', async () => {
    const { create, query, database } = await tables()
    expect(await create(NUMBERS)).toEqual({ digest: GOLDEN, row_digests: GOLDEN_ROWS })
    expect(await create(NUMBERS)).toEqual({ digest: GOLDEN, row_digests: GOLDEN_ROWS })
    expect(await query(GOLDEN)).toEqual(
      NUMBERS.map((val, index) => ({ digest: GOLDEN_ROWS[index], val, original_index: index })),
    )
    const doubled = await create([...NUMBERS, NUMBERS[0]])
    expect((await query(doubled.digest)).map(({ val }) => val.id)).toEqual([1, 2, 3, 1])
    const { count } = await database.db
      .selectFrom('weave_table_rows')
      .select((select) => select.fn.countAll().as('count'))
      .executeTakeFirstOrThrow()
    expect(Number(count)).toBe(3)
    expect(await query('nothing')).toEqual([])
    const empty = await create([])
    expect(await query(empty.digest)).toEqual([])
  })

  it('keep numbers, NULs and the order of keys', async () => {
    const { post, as } = await tables()
    const row = '{"b":1.0,"a":12345678901234567890,"t":"\\u0000"}'
    const created = await as.sam.python(
      '/table/create',
      `{"table":{"project_id":"${project_id}","rows":[${row}],"expected_digest":null}}`,
    )
    const { text } = await post('/table/query', { project_id, digest: created.body.digest })
    expect(text).toContain(row)
  })

  it('are read in pages, filtered and sorted; what has no value comes last', async () => {
    const { create, query } = await tables()
    const rows = [
      { n: 10, text: 'b', in: { deep: [3] } },
      { n: 9, text: '환불', in: { deep: [1] } },
      { n: null, text: 'a' },
      { n: 9.5, text: '🙂', in: { deep: [2] } },
      { text: '\uffee' },
    ]
    const { digest, row_digests } = await create(rows)
    const order = async (more: object) => (await query(digest, more)).map(({ original_index }) => original_index)
    expect(await order({ limit: 2, offset: 1 })).toEqual([1, 2])
    expect(await order({ offset: 4 })).toEqual([4])
    expect(await order({ limit: 0 })).toEqual([])
    expect(await order({ filter: { row_digests: [row_digests[3], row_digests[0]] } })).toEqual([0, 3])
    expect(await order({ filter: { row_digests: [row_digests[3], row_digests[0]] }, offset: 1 })).toEqual([3])
    const by = (field: string, direction: string) => ({ sort_by: [{ field, direction }] })
    expect(await order(by('n', 'asc'))).toEqual([1, 3, 0, 2, 4])
    expect(await order(by('n', 'desc'))).toEqual([0, 3, 1, 2, 4])
    expect(await order(by('text', 'asc'))).toEqual([2, 0, 1, 4, 3])
    expect(await order({ ...by('in.deep.0', 'desc'), limit: 2, offset: 1 })).toEqual([3, 1])
    expect(await order({ ...by('n', 'asc'), filter: { row_digests: [row_digests[0], row_digests[1]] } })).toEqual([
      1, 0,
    ])
  })

  it('of thousands of rows are streamed whole', async () => {
    const { create, query, post } = await tables()
    const rows = Array.from({ length: 1_234 }, (_, index) => ({ index, pad: 'x'.repeat(200) }))
    const { digest } = await create(rows)
    expect((await query(digest)).map(({ val }) => val.index)).toEqual(rows.map(({ index }) => index))
    const sorted = await query(digest, { sort_by: [{ field: 'index', direction: 'desc' }], limit: 700 })
    expect(sorted.map(({ val }) => val.index)).toEqual(rows.map(({ index }) => 1_233 - index).slice(0, 700))
    const { text, headers } = await post('/table/query_stream', { project_id, digest, limit: 3 })
    expect(headers['content-type']).toContain('application/jsonl')
    expect(
      text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).val.index),
    ).toEqual([0, 1, 2])
    expect((await post('/table/query_stats', { project_id, digest })).body).toEqual({ count: 1_234 })
    const stats = await post('/table/query_stats_batch', {
      project_id,
      digests: [digest, 'nothing'],
      include_storage_size: true,
    })
    expect(stats.body.tables).toEqual([{ count: 1_234, digest, storage_size_bytes: expect.any(Number) }])
    expect(stats.body.tables[0].storage_size_bytes).toBeGreaterThan(1_234 * 200)
    const none = await post('/table/query_stats', { project_id, digest: 'nothing' })
    expect([none.status, none.body.reason]).toEqual([404, 'Table nothing not found'])
  })

  it('are stored by many at the same moment, whatever the order of their rows', async () => {
    const { create, query } = await tables()
    const rows = Array.from({ length: 60 }, (_, id) => ({ id }))
    const [forwards, backwards] = [rows, rows.toReversed()]
    const made = await Promise.all(Array.from({ length: 10 }, (_, n) => create(n % 2 === 0 ? forwards : backwards)))
    expect(new Set(made.map(({ digest }) => digest)).size).toBe(2)
    expect((await query(made[1].digest)).map(({ val }) => val.id)).toEqual(backwards.map(({ id }) => id))
  })

  it('are changed into new ones, row by row', async () => {
    const { create, query, post } = await tables()
    await create(NUMBERS)
    const update = (updates: object[], base_digest = GOLDEN) =>
      post('/table/update', { project_id, base_digest, updates })
    const { body } = await update([
      { append: { row: { id: 4 } } },
      { pop: { index: 0 } },
      { insert: { index: 1, row: { id: 5, f: 1 } } },
    ])
    expect((await query(body.digest)).map(({ val }) => val.id)).toEqual([2, 5, 3, 4])
    expect(body.updated_row_digests).toHaveLength(3)
    expect(body.updated_row_digests[1]).toBe(GOLDEN_ROWS[0])
    expect((await query(GOLDEN)).map(({ val }) => val.id)).toEqual([1, 2, 3])
    for (const change of [{ pop: { index: 3 } }, { pop: { index: -1 } }, { insert: { index: 9, row: {} } }])
      expect((await update([change])).body.reason).toBe('Index out of range')
    expect((await update([], 'nothing')).status).toBe(404)
    expect((await update([{ append: { row: [] } }])).status).toBe(422)
  })

  it('are made of rows that are there', async () => {
    const { create, query, post } = await tables()
    await create(NUMBERS)
    const [first, , third] = GOLDEN_ROWS
    const made = await post('/table/create_from_digests', {
      project_id,
      row_digests: [third, first],
      expected_digest: null,
    })
    expect((await query(made.body.digest)).map(({ val }) => val.id)).toEqual([3, 1])
    const missing = await post('/table/create_from_digests', { project_id, row_digests: [first, 'nothing'] })
    expect([missing.status, missing.body.missing_object_digests]).toEqual([404, ['nothing']])
  })

  it('are refused when they are none, and nothing of them is stored', async () => {
    const { post, database } = await tables()
    const create = (rows: unknown, more: object = {}) => post('/table/create', { table: { project_id, rows, ...more } })
    const row = await create([{ fine: 1 }, 'not a row'])
    expect([row.status, row.body.detail[0]]).toEqual([
      422,
      {
        type: 'dict_type',
        loc: ['body', 'table', 'rows', 1],
        msg: 'Input should be a valid dictionary',
        input: 'not a row',
      },
    ])
    expect((await create({})).status).toBe(422)
    expect((await create([{ a: 1 }], { expected_digest: 'other' })).status).toBe(409)
    for (const more of [{ limit: -1 }, { offset: -1 }])
      expect((await post('/table/query', { project_id, digest: 'x', ...more })).status).toBe(400)
    for (const field of ['', '.a', 'a..b'])
      expect(
        (await post('/table/query', { project_id, digest: 'x', sort_by: [{ field, direction: 'asc' }] })).status,
        field,
      ).toBe(400)
    expect(await database.db.selectFrom('weave_table_rows').selectAll().execute()).toEqual([])
  })

  it('of somebody else are not found', async () => {
    const { create, as } = await tables()
    await create(NUMBERS)
    for (const [url, body] of [
      ['/table/query', { digest: GOLDEN }],
      ['/table/query_stream', { digest: GOLDEN }],
      ['/table/query_stats', { digest: GOLDEN }],
      ['/table/query_stats_batch', { digests: [GOLDEN] }],
      ['/table/create_from_digests', { row_digests: GOLDEN_ROWS }],
      ['/table/update', { base_digest: GOLDEN, updates: [] }],
    ] as const)
      expect((await as.mina.post(url, { project_id, ...body })).status, url).toBe(403)
    expect((await as.mina.post('/table/query', { project_id: 'mina/demo', digest: GOLDEN })).body.rows).toEqual([])
    const stolen = { project_id: 'mina/demo', row_digests: GOLDEN_ROWS }
    expect((await as.mina.post('/table/create_from_digests', stolen)).status).toBe(404)
  })
})
