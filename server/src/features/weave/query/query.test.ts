import fc from 'fast-check'
import { type Kysely, sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { jsonSql } from '../../../db/json-sql.ts'
import type { Database } from '../../../db/open.ts'
import { testDatabases } from '../../../db/testing.ts'
import { type Json, parseExactJson, printJson } from '../exact-json.ts'
import { storeJson, storeText } from '../stored-json.ts'
import { compileQuery } from './compile.ts'
import { evaluate, type Row } from './evaluate.fixture.ts'
import { type FieldResolver, splitFieldName, toJsonPath } from './field.ts'
import { Query } from './query.ts'
import { compileSort } from './sort.ts'

const resolve: FieldResolver = (name) => {
  const [first, ...rest] = splitFieldName(name)
  if (first === 'payload') return { kind: 'json', document: sql.ref('payload'), path: toJsonPath(rest) }
  switch (name) {
    case 'name':
      return { kind: 'text', column: sql.ref(name), isNullable: true }
    case 'score':
      return { kind: 'number', column: sql.ref(name), isNullable: true }
    case 'at':
      return { kind: 'time', column: sql.ref(name), isNullable: false }
    case 'flag':
      return { kind: 'bool', column: sql.ref(name), isNullable: true }
    case 'tags':
      return { kind: 'list', document: sql.ref('tags') }
  }
  return undefined
}

describe.each(testDatabases)('queries on $name', ({ open }) => {
  it('find what a slow and obvious reading of them finds', async () => {
    const table = await newTable(await open())
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyRow, { minLength: 1, maxLength: 12 }),
        fc.array(anyQuery, { minLength: 12, maxLength: 12 }),
        async (rows, queries) => {
          await table.fill(rows)
          for (const query of queries) {
            const { $expr } = Query.parse({ $expr: query })
            const expected = rows.flatMap((row, index) => (evaluate($expr, row) === true ? [index] : []))
            expect(await table.find(query), printJson(query)).toEqual(expected)
          }
        },
      ),
      { numRuns: 25 },
    )
  })

  const row = (payload: string, rest: Partial<Row> = {}): Row => ({
    ...EMPTY,
    payload: parseExactJson(payload),
    ...rest,
  })

  it.each<[string, object, Row[], number[]]>([
    [
      'numbers beyond 2^53 exactly',
      { $eq: [{ $getField: 'payload.n' }, { $literal: 9007199254740993n }] },
      [row('{"n":9007199254740993}'), row('{"n":9007199254740992}'), row('{"n":"9007199254740993"}')],
      [0, 2],
    ],
    [
      'fractions where the literal is an integer',
      { $gt: [{ $getField: 'payload.n' }, { $literal: 0 }] },
      [row('{"n":0.87}'), row('{"n":-1}'), row('{"n":"abc"}'), row('{"n":true}'), row('{}')],
      [0],
    ],
    [
      'nothing that equals null, nor what does not',
      { $not: [{ $eq: [{ $getField: 'name' }, { $literal: null }] }] },
      [row('{}', { name: 'x' }), row('{}')],
      [],
    ],
    [
      'no nulls by a negation',
      { $not: [{ $eq: [{ $getField: 'name' }, { $literal: 'x' }] }] },
      [row('{}', { name: 'x' }), row('{}', { name: 'y' }), row('{}')],
      [1],
    ],
    [
      'truth values, and texts of them',
      { $eq: [{ $getField: 'payload.ok' }, { $literal: true }] },
      [row('{"ok":true}'), row('{"ok":"true"}'), row('{"ok":1}'), row('{"ok":false}')],
      [0, 1],
    ],
    [
      'keys with dots and places in lists',
      { $eq: [{ $getField: 'payload.a\\.b.1' }, { $literal: 'x' }] },
      [row('{"a.b":["y","x"]}'), row('{"a":{"b":["y","x"]}}'), row('{"a.b":{"1":"x"}}')],
      [0],
    ],
    [
      'what exists, null included',
      { $convert: { input: { $getField: 'payload.a' }, to: 'exists' } },
      [row('{"a":null}'), row('{"a":0}'), row('{"b":1}')],
      [0, 1],
    ].map((part, index) => (index === 1 ? { $and: [part] } : part)) as [string, object, Row[], number[]],
    [
      'NUL characters and halves of pairs',
      { $eq: [{ $getField: 'payload.a' }, { $literal: 'x\0y\ud800' }] },
      [row('{"a":"x\\u0000y\\ud800"}'), row('{"a":"x"}')],
      [0],
    ],
    [
      'moments, however they are written',
      { $gte: [{ $getField: 'at' }, { $literal: '2026-01-02T09:00:00.5+09:00' }] },
      [row('{}', { at: '2026-01-02T00:00:00.499999Z' }), row('{}', { at: '2026-01-02T00:00:00.500000Z' })],
      [1],
    ],
    [
      'moments by their seconds',
      { $lt: [{ $getField: 'at' }, { $literal: 1767312000.5 }] },
      [row('{}', { at: '2026-01-02T00:00:00.499999Z' }), row('{}', { at: '2026-01-02T00:00:00.500000Z' })],
      [0],
    ],
    [
      'members of a list, in any case',
      { $contains: { input: { $getField: 'tags' }, substr: { $literal: 'NSFW' }, case_insensitive: true } },
      [row('{}', { tags: ['nsfw'] }), row('{}', { tags: ['nsfw2'] }), row('{}')],
      [0],
    ],
    [
      'lists by their size',
      { $gte: [{ $size: { $getField: 'tags' } }, { $literal: 1 }] },
      [row('{}', { tags: ['nsfw'] }), row('{}')],
      [0],
    ],
    [
      'texts in nested values as they were written',
      { $contains: { input: { $getField: 'payload.a' }, substr: { $literal: '"n":1.0,"é' } } },
      [row('{"a":{"n":1.0,"é":2}}'), row('{"a":{"é":2,"n":1.0}}')],
      [0],
    ],
  ])('find %s', async (_, query, rows, expected) => {
    const table = await newTable(await open())
    await table.fill(rows)
    expect(await table.find(query)).toEqual(expected)
    const { $expr } = Query.parse({ $expr: query })
    expect(rows.flatMap((one, index) => (evaluate($expr, one) === true ? [index] : []))).toEqual(expected)
  })

  it('sort numbers as numbers and what is missing last, both ways', async () => {
    const table = await newTable(await open())
    await table.fill(
      ['{"a":10}', '{"a":9.5}', '{}', '{"a":"Ab"}', '{"a":"aa"}', '{"a":"2"}', '{"a":null}'].map((one) => row(one)),
    )
    expect(await table.sorted('payload.a', 'asc')).toEqual([5, 1, 0, 3, 4, 2, 6])
    expect(await table.sorted('payload.a', 'desc')).toEqual([0, 1, 5, 4, 3, 2, 6])
  })

  it('find among thousands of literals, in conditions as wide as that', async () => {
    const table = await newTable(await open())
    await table.fill([row('{"a":"7"}'), row('{"a":"-"}')])
    const literals = Array.from({ length: 3000 }, (_, index) => ({ $literal: String(index) }))
    expect(await table.find({ $in: [{ $getField: 'payload.a' }, literals] })).toEqual([0])
    expect(
      await table.find({ $or: literals.map((literal) => ({ $eq: [{ $getField: 'payload.a' }, literal] })) }),
    ).toEqual([0])
  })

  it('say what is wrong with them', async () => {
    const table = await newTable(await open())
    await expect(table.find({ $and: [] })).rejects.toThrow('Empty AND operation')
    await expect(table.find({ $or: [] })).rejects.toThrow('Empty OR operation')
    await expect(table.find({ $eq: [{ $getField: 'other' }, { $literal: 1 }] })).rejects.toThrow('Unknown field: other')
    await expect(table.sorted('payloads', 'asc')).rejects.toThrow('Unknown field: payloads')
    const deep = Array.from({ length: 200 }).reduce<object>((inner) => ({ $not: [inner] }), { $and: [] })
    const many = Array.from({ length: 30_000 }, () => ({ $literal: 'x' }))
    await expect(table.find({ $in: [{ $getField: 'name' }, many] })).rejects.toThrow('more than 20000 operands')
    for (const [query, path] of [
      [{}, '$expr'],
      [{ $expr: { $literal: 1 } }, '$expr'],
      [{ $expr: { $eq: [{ $getField: 'name' }] } }, '$expr.$eq'],
      [{ $expr: { $eq: [{ $getField: 1 }, { $literal: 1 }] } }, '$expr.$eq.0.$getField'],
      [{ $expr: { $eq: ['name', { $literal: 1 }] } }, '$expr.$eq.0'],
      [
        { $expr: { $gt: [{ $convert: { input: { $literal: 1 }, to: 'date' } }, { $literal: 1 }] } },
        '$expr.$gt.0.$convert.to',
      ],
      [{ $expr: { $contains: { input: { $literal: 1 } } } }, '$expr.$contains.substr'],
      [{ $expr: deep }, '$expr'],
    ] as const) {
      const issue = Query.safeParse(query).error?.issues[0]
      expect(issue?.path.join('.'), JSON.stringify(query).slice(0, 80)).toBe(path)
    }
  })
})

const EMPTY: Row = { name: null, score: null, at: '2026-01-01T00:00:00.000000Z', flag: null, tags: [], payload: {} }

async function newTable({ db: tables, kind }: Database) {
  const db = tables as unknown as Kysely<{ things: { id: number } }>
  const json = jsonSql(kind)
  await sql`create table things (id integer, name text, score double precision, at text, flag integer, tags text, payload text)`.execute(
    db,
  )
  return {
    async fill(rows: readonly Row[]) {
      await sql`delete from things`.execute(db)
      for (const [id, { name, score, at, flag, tags, payload }] of rows.entries())
        await sql`insert into things values (${id}, ${name === null ? null : storeText(name)}, ${score}, ${at},
          ${flag === null ? null : Number(flag)}, ${storeJson(tags)}, ${storeJson(payload)})`.execute(db)
    },
    async find(query: unknown): Promise<number[]> {
      const { $expr } = Query.parse({ $expr: query })
      const rows = await db
        .selectFrom('things')
        .select('id')
        .where(compileQuery($expr, { resolve, json }))
        .orderBy('id')
        .execute()
      return rows.map(({ id }) => id)
    },
    async sorted(field: string, direction: 'asc' | 'desc'): Promise<number[]> {
      let query = db.selectFrom('things').select('id')
      for (const order of compileSort([{ field, direction }], { resolve, json })) query = query.orderBy(order)
      return (await query.orderBy('id').execute()).map(({ id }) => id)
    },
  }
}

const anyText = fc.oneof(
  fc.constantFrom(
    '',
    'a',
    'A',
    'ab',
    'true',
    'false',
    '1',
    '1.0',
    '-2',
    '1e3',
    ' 1',
    '01',
    'é',
    '😀',
    '\uffee',
    'null',
    'a.b',
    '\0',
    '\'"\\',
  ),
  fc.string({ maxLength: 3 }),
)
const anyNumber = fc.oneof(
  fc.constantFrom(0, 1, 2, -2, 10, 0.1, 0.87, 1000, 1.5e-7, 2 ** 53 - 1),
  fc.integer({ min: -3, max: 3 }),
  fc.double({ noNaN: true, min: -1e9, max: 1e9 }).filter((value) => !Object.is(value, -0)),
)
const exactNumber = fc
  .constantFrom('1.0', '9007199254740993', '-9007199254740993', '1e22', '0.30000000000000004')
  .map(parseExactJson)
const anyScalar: fc.Arbitrary<Json> = fc.oneof(anyText, anyNumber, exactNumber, fc.boolean(), fc.constant(null))
const anyPayload = fc.dictionary(
  fc.constantFrom('a', 'b', 'c d', '0', 'a.b'),
  fc.oneof(
    { weight: 3, arbitrary: anyScalar },
    { weight: 1, arbitrary: fc.array(anyScalar, { maxLength: 3 }) },
    { weight: 1, arbitrary: fc.dictionary(fc.constantFrom('a', '1', 'é'), anyScalar) },
  ),
)
const anyRow: fc.Arbitrary<Row> = fc.record({
  name: fc.option(anyText),
  score: fc.option(anyNumber),
  at: fc.integer({ min: 0, max: 4 }).map((second) => `2026-01-01T00:00:0${second}.000000Z`),
  flag: fc.option(fc.boolean()),
  tags: fc.array(fc.constantFrom('a', 'A', 'ab', 'é'), { maxLength: 3 }),
  payload: anyPayload,
})

const anyField = fc
  .constantFrom(
    'name',
    'score',
    'at',
    'flag',
    'tags',
    'payload',
    'payload.a',
    'payload.a.a',
    'payload.a.1',
    'payload.b',
    'payload.a\\.b',
    'payload.c d',
    'payload.0',
  )
  .map(($getField) => ({ $getField }))
const anyLiteral = fc
  .oneof(anyScalar, fc.constantFrom('2026-01-01T00:00:02Z', '2026-01-01 09:00:03+09:00', 1767225602))
  .map(($literal) => ({ $literal }))
const anyInput = fc.oneof(
  anyField,
  fc
    .record({ input: anyField, to: fc.constantFrom('double', 'int', 'bool', 'exists') })
    .map(($convert) => ({ $convert })),
  anyField.filter(({ $getField }) => !['score', 'flag'].includes($getField)).map(($size) => ({ $size })),
)
const textField = anyField.filter(({ $getField }) => !['score', 'flag', 'at'].includes($getField))
const { query: anyQuery } = fc.letrec((tie) => ({
  query: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    fc
      .tuple(
        fc.constantFrom('$eq', '$gt', '$lt', '$gte', '$lte'),
        anyInput,
        fc.oneof({ weight: 3, arbitrary: anyLiteral }, { weight: 1, arbitrary: anyInput }),
      )
      .map(([name, left, right]) => ({ [name]: [left, right] })),
    fc.tuple(anyInput, fc.array(anyLiteral, { maxLength: 3 })).map(($in) => ({ $in })),
    fc
      .record({
        input: textField,
        substr: anyLiteral.filter(({ $literal }) => typeof $literal === 'string'),
        case_insensitive: fc.boolean(),
      })
      .map(($contains) => ({ $contains })),
    fc.tuple(tie('query')).map(($not) => ({ $not })),
    fc.array(tie('query'), { minLength: 1, maxLength: 3 }).map(($and) => ({ $and })),
    fc.array(fc.oneof(tie('query'), anyField), { minLength: 1, maxLength: 3 }).map(($or) => ({ $or })),
  ),
}))
