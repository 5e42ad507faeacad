import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import type { Database } from '../../db/open.ts'
import { testDatabases } from '../../db/testing.ts'
import { equals, feedback, feedbackApp } from './testing.ts'

describe.each(testDatabases)('feedback on $name', ({ open }) => {
  it('comes back as it was sent, with what the server adds', async () => {
    const { create, send } = await feedbackApp(await open())
    const { status, body } = await create({ creator: 'Jane', wb_user_id: 'somebody else' })
    expect(status).toBe(200)
    expect(body).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/),
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
      wb_user_id: 'ada',
      payload: { note: 'good' },
    })
    const { body: found } = await send('/feedback/query', { project_id: 'ada/demo' })
    expect(found).toEqual({
      result: [
        {
          ...feedback(),
          id: body.id,
          created_at: body.created_at,
          wb_user_id: 'ada',
          creator: 'Jane',
          annotation_ref: null,
          runnable_ref: null,
          call_ref: null,
          trigger_ref: null,
          queue_id: null,
          scorer_tags: [],
          scorer_tag_reasons: {},
          scorer_tag_confidences: {},
          scorer_ratings: {},
          scorer_rating_reasons: {},
          scorer_rating_confidences: {},
          span_agent_name: '',
          span_agent_version: '',
          span_status_code: 'UNSET',
          span_conversation_id: '',
          span_trace_id: '',
          scorer_trace_id: '',
        },
      ],
      total_count: 1,
    })
  })

  it('keeps numbers beyond 2^53, floats, NUL characters and halves of pairs', async () => {
    const { send } = await feedbackApp(await open())
    const payload = '{"n":9007199254740993,"f":1.0,"s":"\\u0000 \\ud800","\\u0000":[-0.0,1e+22]}'
    const body = `{"project_id":"ada/demo","weave_ref":"a\\u0000b","feedback_type":"t\\u0000","payload":${payload},"creator":"\\ud800"}`
    const created = await send('/feedback/create', body)
    expect(created.text).toContain(`"payload":${payload}`)
    const asked = { project_id: 'ada/demo', fields: ['payload', 'weave_ref', 'creator', 'payload.n', 'payload.f'] }
    const found = await send('/feedback/query', { ...asked, query: equals('weave_ref', 'a\0b') })
    expect(found.text).toBe(
      `{"result":[{"payload":${payload},"weave_ref":"a\\u0000b","creator":"\\ud800","payload.n":9007199254740993,"payload.f":1.0}],"total_count":1}`,
    )
    const byNumber = '{"$expr":{"$eq":[{"$getField":"payload.n"},{"$literal":9007199254740993}]}}'
    expect((await send('/feedback/query', `{"project_id":"ada/demo","query":${byNumber}}`)).body.total_count).toBe(1)
    const byText = { project_id: 'ada/demo', query: equals('payload.s', '\0 \ud800') }
    expect((await send('/feedback/query', byText)).body.total_count).toBe(1)
  })

  it('is stored by batches, all or none, and the reply names the item that is bad', async () => {
    const { send, query } = await feedbackApp(await open())
    expect((await send('/feedback/batch/create', { batch: [] })).body).toEqual({ res: [] })
    const batch = Array.from({ length: 137 }, (_, index) =>
      feedback({ id: `id-${index}`, payload: { index, parity: index % 2 === 0 ? 'even' : 'odd' } }),
    )
    const bad = [...batch, feedback({ feedback_type: 'wandb.annotation' })]
    const refused = await send('/feedback/batch/create', { batch: bad })
    expect([refused.status, refused.body]).toEqual([
      400,
      { reason: 'batch[137]: Invalid annotation feedback type: wandb.annotation', error_type: 'InvalidRequest' },
    ])
    const foreign = [feedback(), feedback({ project_id: 'bob/demo' })]
    expect((await send('/feedback/batch/create', { batch: foreign })).status).toBe(403)
    expect((await query()).total_count).toBe(0)

    const { body } = await send('/feedback/batch/create', { batch })
    expect(body.res.map(({ id }: { id: string }) => id)).toEqual(batch.map(({ id }) => id))
    expect((await query({ limit: 0 })).total_count).toBe(137)
    expect((await query({ query: equals('payload.parity', 'odd') })).total_count).toBe(68)
    expect((await query({ query: equals('payload.index', 136) })).result).toMatchObject([{ id: 'id-136' }])
  })

  it('is replaced at once, with an id of its own unless one is given', async () => {
    const { create, send, query } = await feedbackApp(await open())
    const { body: other } = await create({ payload: { note: 'other' } })
    const { body: first } = await create({ payload: { note: 'first' } })
    const replace = (given: object) => send('/feedback/replace', feedback(given))
    const { body: second } = await replace({ feedback_id: first.id, payload: { note: 'second' } })
    expect(second.id).not.toBe(first.id)
    const { body: third } = await replace({ feedback_id: second.id, id: second.id, payload: { note: 'third' } })
    expect(third.id).toBe(second.id)
    const notes = async () =>
      (await query({ fields: ['id', 'payload.note'], sort_by: [{ field: 'payload.note', direction: 'asc' }] })).result
    expect(await notes()).toEqual([
      { id: other.id, 'payload.note': 'other' },
      { id: third.id, 'payload.note': 'third' },
    ])
    for (const note of ['first', 'second'])
      expect((await query({ query: equals('payload.note', note) })).total_count).toBe(0)

    const invalid = await replace({ feedback_id: third.id, feedback_type: 'wandb.note.1', payload: {} })
    expect(invalid.status).toBe(400)
    expect((await replace({ feedback_id: 'unknown', payload: { note: 'unknown' } })).status).toBe(200)
    expect((await notes()).map((row: Record<string, string>) => row['payload.note'])).toEqual([
      'other',
      'third',
      'unknown',
    ])
    await send('/feedback/replace', { ...feedback({ project_id: 'ada/elsewhere' }), feedback_id: third.id })
    expect((await query({ limit: 0 })).total_count).toBe(3)
  })

  it('is there once however many replace it at the same moment', async () => {
    const database = await open()
    const { create, send, query } = await feedbackApp(database)
    await create({ id: 'one', payload: { n: 0 } })
    if (database.kind === 'postgres') await slowDeletions(database)
    const replies = await Promise.all(
      Array.from({ length: 4 }, (_, n) =>
        send('/feedback/replace', feedback({ feedback_id: 'one', id: 'one', payload: { n } })),
      ),
    )
    expect(replies.map(({ status }) => status)).toEqual(Array(4).fill(200))
    expect((await query({})).total_count).toBe(1)
  })

  it('is replaced by a request that is written as Weave documents it', async () => {
    const { app, services, query } = await feedbackApp(await open())
    const ada = await services.accounts.people.getByHandle('ada')
    const { key } = await services.accounts.apiKeys.create(ada, { name: 'basic' })
    const payload = `
{
  "feedback_id": "<string>",
  "feedback_type": "wandb.runnable.name",
  "payload": {"output": null},
  "project_id": "ada/demo",
  "weave_ref": "<string>",
  "annotation_ref": null,
  "call_ref": "weave:///ada/demo/call/call_id",
  "creator": "Jane Smith",
  "id": "018f1f2a-9c2b-7d3e-b5a1-8c9d2e4f6a7b",
  "queue_id": null,
  "runnable_ref": "weave:///ada/demo/op/name:digest",
  "scorer_rating_confidences": {},
  "scorer_rating_reasons": {},
  "scorer_ratings": {"_rating_": 0.87},
  "scorer_tag_confidences": {},
  "scorer_tag_reasons": {},
  "scorer_tags": [
    "<string>"
  ],
  "trigger_ref": "weave:///ada/demo/object/name:digest",
  "wb_user_id": "<string>"
}
`
    const authorization = `Basic ${Buffer.from(`api:${key}`).toString('base64')}`
    const headers = { authorization, 'content-type': 'application/json' }
    const reply = await app.inject({ method: 'POST', url: '/feedback/replace', headers, payload })
    expect([reply.statusCode, reply.json()]).toMatchObject([
      200,
      { id: '018f1f2a-9c2b-7d3e-b5a1-8c9d2e4f6a7b', payload: { output: null }, wb_user_id: 'ada' },
    ])
    expect(await query()).toMatchObject({
      result: [{ creator: 'Jane Smith', scorer_tags: ['<string>'] }],
      total_count: 1,
    })
  })

  it('is purged by its ids and by nothing else', async () => {
    const { create, send, query } = await feedbackApp(await open())
    const ids: string[] = []
    for (const note of ['a', 'b', 'c']) ids.push((await create({ payload: { note } })).body.id)
    const id = { $getField: 'id' }
    const is = (literal: unknown) => ({ $eq: [id, { $literal: literal }] })
    const purge = (operation: unknown) =>
      send('/feedback/purge', { project_id: 'ada/demo', query: { $expr: operation } })
    const refusals: [unknown, string][] = [
      [
        { $eq: [{ $getField: 'weave_ref' }, { $literal: 'x' }] },
        'Can only purge feedback by specifying one or more feedback ids',
      ],
      [{ $gt: [id, { $literal: 'x' }] }, 'Can only purge feedback by specifying one or more feedback ids'],
      [{ $and: [is('x')] }, 'Can only purge feedback by specifying one or more feedback ids'],
      [{ $in: [id, [{ $literal: 'x' }]] }, 'Can only purge feedback by specifying one or more feedback ids'],
      [
        { $or: [is(ids[0]), { $eq: [{ $getField: 'creator' }, { $literal: 'x' }] }] },
        'Can only purge by specifying one or more ids',
      ],
      [{ $or: [] }, 'Empty OR operation'],
      [is(1), "Expected value of type <class 'str'>, got <class 'int'>"],
      [{ $eq: [{ $literal: 'x' }, id] }, 'Expected key get_field_, got literal_'],
    ]
    for (const [operation, reason] of refusals) {
      const { status, body } = await purge(operation)
      expect([status, body.reason], JSON.stringify(operation)).toEqual([400, reason])
    }
    expect((await send('/feedback/purge', { project_id: 'ada/demo' })).status).toBe(422)
    expect((await send('/feedback/purge', { project_id: 'ada/demo', query: {} })).status).toBe(422)
    expect((await query()).total_count).toBe(3)

    expect((await purge(is('unknown'))).body).toEqual({})
    expect((await purge({ $or: [is(ids[0]), is(ids[1]), is('unknown')] })).body).toEqual({})
    expect((await query({ fields: ['id'] })).result).toEqual([{ id: ids[2] }])
  })

  it('is found by fields, sorted and in pages, and counted', async () => {
    const { send, query } = await feedbackApp(await open())
    const batch = [3, 1, 2].map((score) =>
      feedback({ feedback_type: score > 1 ? 'high' : 'low', payload: { score, list: [{ 'a.b': score }] } }),
    )
    await send('/feedback/batch/create', { batch })
    const sorted = { fields: ['payload.score'], sort_by: [{ field: 'payload.score', direction: 'desc' }] }
    const scores = async (more: object) =>
      (await query({ ...sorted, ...more })).result.map((row: Record<string, number>) => row['payload.score'])
    expect(await scores({})).toEqual([3, 2, 1])
    expect(await scores({ limit: 2 })).toEqual([3, 2])
    expect(await scores({ offset: 1 })).toEqual([2, 1])
    expect(await scores({ offset: 1, limit: 1 })).toEqual([2])
    expect(await scores({ limit: 0 })).toEqual([])
    expect((await query({ limit: 1, offset: 5 })).total_count).toBe(3)
    expect((await query({ fields: ['count(*)'] })).result).toEqual([{ 'count(*)': 3 }])
    const grouped = await query({ fields: ['feedback_type', 'count(*)'] })
    expect(grouped.result).toHaveLength(2)
    expect(grouped.result).toContainEqual({ feedback_type: 'high', 'count(*)': 2 })
    expect(
      (
        await query({
          fields: ['payload.list.0.a\\.b', 'payload.list.1', 'payload.none'],
          limit: 1,
          ...{ sort_by: sorted.sort_by },
        })
      ).result,
    ).toEqual([{ 'payload.list.0.a\\.b': 3, 'payload.list.1': null, 'payload.none': null }])
    expect((await query({ fields: [], limit: 1 })).result[0]).toHaveProperty('payload')

    const refusals: [object, number, unknown][] = [
      [{ fields: ['other'] }, 400, 'Unknown field: other'],
      [{ fields: ['creator.x'] }, 400, 'Unknown field: creator.x'],
      [{ sort_by: [{ field: 'other', direction: 'asc' }] }, 400, 'Unknown field: other'],
      [{ query: equals('other', 1) }, 400, 'Unknown field: other'],
      [{ limit: -1 }, 400, 'Limit must be non-negative'],
      [{ offset: -1 }, 400, 'Offset must be non-negative'],
      [{ query: { $expr: { $and: [] } } }, 400, 'Empty AND operation'],
    ]
    for (const [given, status, reason] of refusals) {
      const reply = await send('/feedback/query', { project_id: 'ada/demo', ...given })
      expect([reply.status, reply.body.reason], JSON.stringify(given)).toEqual([status, reason])
    }
    const loud = await send('/feedback/query', { project_id: 'ada/demo', sort_by: [{ field: 'id', direction: 'ASC' }] })
    expect([loud.status, loud.body.detail[0].msg]).toEqual([422, "Input should be 'asc' or 'desc'"])
  })

  it('is found by what scorers say', async () => {
    const { create, query } = await feedbackApp(await open())
    await create({
      feedback_type: 'wandb.agent_user_feedback',
      scorer_tags: ['NSFW', 'long'],
      scorer_ratings: { _rating_: 1.0, 'a.b': 0.25 },
    })
    await create()
    const count = async ($expr: object) => (await query({ query: { $expr } })).total_count
    const rating = { $getField: 'scorer_ratings._rating_' }
    expect(await count({ $gte: [rating, { $literal: 0.9 }] })).toBe(1)
    expect(await count({ $eq: [{ $getField: 'scorer_ratings.a.b' }, { $literal: 0.25 }] })).toBe(1)
    const tag = (substr: string, more: object = {}) => ({
      $contains: { input: { $getField: 'scorer_tags' }, substr: { $literal: substr }, ...more },
    })
    expect(await count(tag('nsfw'))).toBe(0)
    expect(await count(tag('nsfw', { case_insensitive: true }))).toBe(1)
    expect(await count(tag('NSF'))).toBe(0)
    expect((await query({ fields: ['scorer_ratings.a.b', 'scorer_ratings'], limit: 5 })).result).toEqual([
      { 'scorer_ratings.a.b': 0.25, scorer_ratings: { _rating_: 1, 'a.b': 0.25 } },
      { 'scorer_ratings.a.b': null, scorer_ratings: {} },
    ])
  })

  it('finds the same with the index of payloads as without', async () => {
    const { send, query } = await feedbackApp(await open())
    const long = 'x'.repeat(300)
    const payloads = [
      '{"v":5}',
      '{"v":5.0}',
      '{"v":"5"}',
      '{"v":"5.0"}',
      '{"v":true}',
      '{"v":"true"}',
      '{"v":null}',
      '{}',
      `{"v":"${long}1"}`,
      `{"v":"${long}2"}`,
      '{"v":[5]}',
      '{"v":{"w":5}}',
      '{"v":1e22}',
      '{"v":10000000000000000000000}',
      `{"v":5,"many":[${Array.from({ length: 100 }).join('1,')}1]}`,
      '{"v.w":5,"v":{"0":5}}',
      '{"v":-5}',
      '{"v":-0.5}',
      '{"v":0}',
      '{"v":-0.0}',
      '{"v":4.999}',
      '{"v":1}',
      '{"v":9007199254740993}',
    ]
    const batch = payloads.map(
      (payload, index) =>
        `{"project_id":"ada/demo","weave_ref":"r","feedback_type":"t","id":"${index}","payload":${payload}}`,
    )
    await send('/feedback/batch/create', `{"batch":[${batch}]}`)
    const ids = async ($expr: string) => {
      const { body } = await send(
        '/feedback/query',
        `{"project_id":"ada/demo","fields":["id"],"query":{"$expr":${$expr}}}`,
      )
      return body.result.map(({ id }: { id: string }) => Number(id)).toSorted((a: number, b: number) => a - b)
    }
    const literals = [
      '5',
      '5.0',
      '"5"',
      '"5.0"',
      'true',
      '"true"',
      'null',
      `"${long}1"`,
      '"[5]"',
      '[5]',
      '{"w":5}',
      '1e22',
      '10000000000000000000000',
      '0',
      '-1',
      '9007199254740992',
    ]
    const found: number[][] = []
    for (const path of ['payload.v', 'payload.v.0', 'payload.v.w', 'payload.v\\\\.w', 'payload.many.7'])
      for (const literal of path === 'payload.v' ? literals : literals.slice(0, 5)) {
        const operands = `{"$getField":"${path}"},{"$literal":${literal}}`
        const converted = (to: string) =>
          `{"$convert":{"input":{"$getField":"${path}"},"to":"${to}"}},{"$literal":${literal}}`
        const queries = [
          `{"$eq":[${operands}]}`,
          `{"$eq":[${converted('string')}]}`,
          `{"$eq":[${converted('int')}]}`,
          ...['$gt', '$gte', '$lt', '$lte'].map((sign) => `{"${sign}":[${operands}]}`),
        ]
        for (const one of queries) {
          const indexed = await ids(one)
          // A negation cannot be looked up.
          expect(await ids(`{"$not":[{"$not":[${one}]}]}`), one).toEqual(indexed)
          found.push(indexed)
        }
      }
    expect(found.flat().length).toBeGreaterThan(20)
    expect((await query({ query: equals('payload.v', 5) })).total_count).toBe(5)
  })
})

describe.each(testDatabases)('whose feedback it is, on $name', ({ open }) => {
  it('is that of the person whose key it is: others neither read nor write it', async () => {
    const { create, send } = await feedbackApp(await open())
    const { body } = await create()
    const purge = { project_id: 'ada/demo', query: equals('id', body.id) }
    const asked: [string, unknown][] = [
      ['/feedback/create', feedback()],
      ['/feedback/batch/create', { batch: [feedback()] }],
      ['/feedback/query', { project_id: 'ada/demo' }],
      ['/feedback/purge', purge],
      ['/feedback/replace', feedback({ feedback_id: body.id })],
    ]
    for (const [path, given] of asked) {
      const reply = await send(path, given, 'bob')
      expect([reply.status, reply.body], path).toEqual([403, { detail: 'Project not found' }])
    }
    const nobody = await send('/feedback/create', feedback(), 'nobody')
    expect([nobody.status, nobody.body]).toEqual([401, { detail: 'Not authenticated' }])
    expect((await send('/feedback/create', feedback({ payload: { ref: 'weave:///bob/x/call/1' } }))).status).toBe(403)
    expect((await send('/feedback/query', { project_id: 'ada/demo' })).body.total_count).toBe(1)
  })

  it('follows the roles of a class: students change what is their own, teachers everything', async () => {
    const { create, send, query } = await feedbackApp(await open())
    const inClass = { project_id: 'first/demo', weave_ref: 'r' }
    const { body: adas } = await create(inClass, 'ada')
    const { body: bobs } = await create(inClass, 'bob')
    const ids = async (handle: string, project_id = 'first/demo') =>
      (
        await query({ project_id, fields: ['id'], sort_by: [{ field: 'created_at', direction: 'asc' }] }, handle)
      ).result.map(({ id }: { id: string }) => id)
    expect(await ids('bob')).toEqual([adas.id, bobs.id])
    await send('/feedback/purge', { project_id: 'first/demo', query: equals('id', adas.id) }, 'bob')
    await send('/feedback/replace', { ...feedback(inClass), feedback_id: adas.id }, 'bob')
    expect(await ids('bob')).toContain(adas.id)
    await send('/feedback/purge', { project_id: 'first/demo', query: equals('id', adas.id) }, 'tutor')
    expect(await ids('bob')).not.toContain(adas.id)

    const practice = { project_id: 'first/practice', weave_ref: 'r' }
    await create(practice, 'ada')
    const { body: mine } = await create(practice, 'bob')
    expect(await ids('bob', 'first/practice')).toEqual([mine.id])
    expect(await ids('tutor', 'first/practice')).toHaveLength(2)
    expect((await query({ ...practice, weave_ref: undefined, fields: ['count(*)'] }, 'bob')).result).toEqual([
      { 'count(*)': 1 },
    ])
  })

  it('does not tell of projects that its reader cannot see', async () => {
    const { create, query } = await feedbackApp(await open())
    const ref = 'weave:///ada/demo/call/1'
    await create({ project_id: 'first/demo', weave_ref: ref, payload: { see: ref, text: `"${ref}"` } }, 'ada')
    const fields = ['weave_ref', 'payload']
    expect((await query({ project_id: 'first/demo', fields }, 'ada')).result[0].weave_ref).toBe(ref)
    expect((await query({ project_id: 'first/demo', fields }, 'bob')).result).toEqual([
      { weave_ref: 'weave-private://///call/1', payload: { see: 'weave-private://///call/1', text: `"${ref}"` } },
    ])
  })
})

/** Makes every removal of feedback take a while, so that others come meanwhile. */
async function slowDeletions({ db }: Database): Promise<void> {
  await sql`create function slow() returns trigger language plpgsql as 'begin perform pg_sleep(0.05); return old; end'`.execute(
    db,
  )
  await sql`create trigger slow before delete on feedback for each row execute function slow()`.execute(db)
}
