import { describe, expect, it } from 'vitest'
import { testDatabases } from '../../db/testing.ts'
import { ModelError } from '../../models/model-error.ts'
import { ScriptedModel } from '../../models/testing.ts'
import { twoClasses } from '../classes/sharing-testing.ts'

const EXAMPLES = '/user/practice/few-shot-examples'
const GREETING = { input_text: 'Hello', output_text: 'Good day!' }

describe.each(testDatabases)('the few-shot library on $name', ({ open }) => {
  const library = async (model?: ScriptedModel) => twoClasses(await open(), model)

  it('keeps examples with the fields of the original API', async () => {
    const { sam } = await library()
    const created = await sam.post(EXAMPLES, { ...GREETING, title: ' Greeting ', meta: { level: 'A1', tags: ['x'] } })
    expect(created.statusCode).toBe(201)
    const example = created.json()
    expect(example).toEqual({
      example_id: expect.any(Number),
      user_id: sam.personId,
      title: 'Greeting',
      ...GREETING,
      meta: { level: 'A1', tags: ['x'] },
      is_active: true,
      created_at: expect.any(String),
      updated_at: example.created_at,
      class_ids: [],
      fewshot_source: null,
    })
    expect((await sam.get(`${EXAMPLES}/${example.example_id}`)).json()).toEqual(example)
    const bare = (await sam.post(EXAMPLES, { ...GREETING, title: null, meta: null, is_active: null })).json()
    expect(bare).toMatchObject({ title: null, meta: {}, is_active: true })
  })

  it('changes only what is given, and clears what is null', async () => {
    const { sam } = await library()
    const { example_id } = (await sam.post(EXAMPLES, { ...GREETING, title: 'T', meta: { a: 1 } })).json()
    const change = async (body: object) => (await sam.patch(`${EXAMPLES}/${example_id}`, body)).json()
    expect(await change({ output_text: 'Hi!' })).toMatchObject({ input_text: 'Hello', output_text: 'Hi!', title: 'T' })
    expect(await change({ is_active: false })).toMatchObject({ is_active: false, meta: { a: 1 } })
    expect(await change({ title: null, meta: null })).toMatchObject({ title: null, meta: {}, is_active: false })
    const before = await change({ meta: { b: [true, null] } })
    expect(before.meta).toEqual({ b: [true, null] })
    expect(await change({})).toEqual(before)
  })

  it('lists newest first, by page, activity and words', async () => {
    const { sam } = await library()
    for (const [title, is_active] of [
      ['Apple', true],
      ['Pear', false],
      ['100% apple', true],
    ] as const)
      await sam.post(EXAMPLES, { ...GREETING, title, is_active })
    const list = async (query: string) => {
      const { items, ...rest } = (await sam.get(`${EXAMPLES}${query}`)).json()
      return { titles: items.map(({ title }: { title: string }) => title), ...rest }
    }
    expect(await list('')).toEqual({ titles: ['100% apple', 'Pear', 'Apple'], total: 3, page: 1, size: 50 })
    expect(await list('?page=2&size=2')).toEqual({ titles: ['Apple'], total: 3, page: 2, size: 2 })
    expect(await list('?is_active=false')).toMatchObject({ titles: ['Pear'], total: 1 })
    expect(await list('?is_active=true&q=APPLE')).toMatchObject({ titles: ['100% apple', 'Apple'] })
    expect(await list('?q=0%25')).toMatchObject({ titles: ['100% apple'] })
    expect(await list('?q=good+day')).toMatchObject({ total: 3 })
    expect(await list('?q=_')).toMatchObject({ total: 0 })
  })

  it('refuses what it cannot keep, with the field', async () => {
    const { sam } = await library()
    const cases: [string, object, string][] = [
      ['blank input', { ...GREETING, input_text: ' \n' }, 'input_text'],
      ['no output', { input_text: 'a' }, 'output_text'],
      ['a text that is too long', { ...GREETING, output_text: 'x'.repeat(20_001) }, 'output_text'],
      ['a NUL', { ...GREETING, input_text: 'a\0b' }, 'input_text'],
      ['a NUL in the title', { ...GREETING, title: 'a\0b' }, 'title'],
      ['a NUL in the meta', { ...GREETING, meta: { a: ['b\0'] } }, 'meta'],
      ['a NUL in a key of the meta', { ...GREETING, meta: { 'a\0': 1 } }, 'meta'],
      ['meta that is too large', { ...GREETING, meta: { a: 'x'.repeat(65_536) } }, 'meta'],
      ['meta that is too deep', { ...GREETING, meta: nested(33) }, 'meta'],
      ['meta that is a list', { ...GREETING, meta: [1] }, 'meta'],
      ['an unknown key', { ...GREETING, user_id: 1 }, 'user_id'],
      ['an id of its own', { ...GREETING, example_id: 7 }, 'example_id'],
      ['a truth value that is none', { ...GREETING, is_active: 'yes' }, 'is_active'],
    ]
    for (const [what, body, field] of cases) {
      const reply = await sam.post(EXAMPLES, body)
      expect([reply.statusCode, reply.json().detail[0].loc], what).toEqual([
        422,
        expect.arrayContaining(['body', field]),
      ])
    }
    expect((await sam.get(EXAMPLES)).json().total).toBe(0)
  })

  it('takes texts and meta of the full size, and mends half characters', async () => {
    const { sam } = await library()
    const long = '한'.repeat(20_000)
    const created = await sam.post(EXAMPLES, { input_text: long, output_text: 'a\ud800', meta: nested(32) })
    expect(created.statusCode).toBe(201)
    expect(created.json()).toMatchObject({ input_text: long, output_text: 'a\ufffd', meta: nested(32) })
    const meta = { half: ['\udc00'], '\ud800': 1 }
    expect((await sam.post(EXAMPLES, { ...GREETING, meta })).json().meta).toEqual({ half: ['\ufffd'], '\ufffd': 1 })
  })

  it('refuses meta of very many levels without falling over', async () => {
    const { app, sam } = await library()
    const headers = { authorization: sam.authorization, 'content-type': 'application/json' }
    for (const levels of [5_000, 100_000]) {
      const payload = `{"input_text":"a","output_text":"b","meta":{"a":${'['.repeat(levels)}${']'.repeat(levels)}}}`
      expect((await app.inject({ method: 'POST', url: EXAMPLES, headers, payload })).statusCode).toBe(422)
    }
  })

  it('refuses addresses and queries that mean nothing', async () => {
    const { sam } = await library()
    for (const id of ['0', '-1', 'abc', '1.5', '9'.repeat(30)]) {
      expect((await sam.get(`${EXAMPLES}/${id}`)).statusCode).toBe(422)
      expect((await sam.patch(`${EXAMPLES}/${id}`, {})).statusCode).toBe(422)
      expect((await sam.remove(`${EXAMPLES}/${id}`)).statusCode).toBe(422)
      expect((await sam.post(`${EXAMPLES}/1/share?class_id=${id}`)).statusCode).toBe(422)
      expect((await sam.get(`${EXAMPLES}/shared?class_id=${id}`)).statusCode).toBe(422)
    }
    for (const query of ['page=0', 'size=0', 'size=201', 'is_active=maybe', 'q=%00', `q=${'x'.repeat(201)}`])
      expect((await sam.get(`${EXAMPLES}?${query}`)).statusCode).toBe(422)
    expect((await sam.get(`${EXAMPLES}/shared`)).statusCode).toBe(422)
    expect((await sam.get(`${EXAMPLES}/${Number.MAX_SAFE_INTEGER}`)).json().detail).toBe('few_shot_example_not_found')
  })

  it('is for its owner alone', async () => {
    const { app, sam, tea, mina, olga, stranger, expired, ours } = await library()
    const { example_id } = (await sam.post(EXAMPLES, { ...GREETING, title: 'secret' })).json()
    const path = `${EXAMPLES}/${example_id}`
    for (const other of [tea, mina, olga, stranger]) {
      const replies = await Promise.all([
        other.get(path),
        other.patch(path, { title: 'stolen' }),
        other.remove(path),
        other.get(`${path}/tokens?model_name=one`),
        other.post(`${path}/share?class_id=${ours}`),
        other.remove(`${path}/share?class_id=${ours}`),
        other.post(`${path}/fork`, { class_id: ours }),
      ])
      for (const reply of replies) {
        expect(reply.statusCode).toBe(404)
        expect(reply.body).not.toContain('secret')
      }
      expect((await other.get(EXAMPLES)).json()).toMatchObject({ items: [], total: 0 })
      expect((await other.get(`${EXAMPLES}/export`)).body).not.toContain('Hello')
    }
    for (const request of [expired.get(path), expired.get(EXAMPLES), expired.post(EXAMPLES, GREETING)])
      expect((await request).statusCode).toBe(401)
    expect((await app.inject({ url: `${EXAMPLES}/export` })).statusCode).toBe(401)
    expect((await sam.get(path)).json().title).toBe('secret')
  })

  it('shares examples of teachers and assistants with their class', async () => {
    const { sam, tea, ann, mina, olga, stranger, ours, other } = await library()
    const { example_id } = (await tea.post(EXAMPLES, { ...GREETING, title: 'Shared' })).json()
    const path = `${EXAMPLES}/${example_id}`
    const share = await tea.post(`${path}/share?class_id=${ours}`)
    expect([share.statusCode, share.json()]).toEqual([
      201,
      {
        share_id: expect.any(Number),
        example_id,
        class_id: ours,
        shared_by_user_id: tea.personId,
        is_active: true,
        created_at: expect.any(String),
      },
    ])
    expect((await tea.post(`${path}/share?class_id=${ours}`)).json()).toEqual(share.json())
    expect((await tea.get(path)).json().class_ids).toEqual([ours])
    expect((await tea.get(EXAMPLES)).json().items[0].class_ids).toEqual([ours])
    expect((await tea.post(`${path}/share?class_id=${other}`)).json().detail).toBe('class_not_found')
    expect((await tea.post(`${path}/share?class_id=999`)).json().detail).toBe('class_not_found')

    const own = (await sam.post(EXAMPLES, GREETING)).json().example_id
    const refused = await sam.post(`${EXAMPLES}/${own}/share?class_id=${ours}`)
    expect([refused.statusCode, refused.json().detail]).toEqual([403, 'class_staff_only'])
    const anns = (await ann.post(EXAMPLES, GREETING)).json().example_id
    expect((await ann.post(`${EXAMPLES}/${anns}/share?class_id=${ours}`)).statusCode).toBe(201)

    const shared = (await mina.get(`${EXAMPLES}/shared?class_id=${ours}`)).json()
    expect(shared).toMatchObject({ total: 2, page: 1, size: 50 })
    expect(shared.items.map((item: { example_id: number }) => item.example_id)).toEqual([anns, example_id])
    for (const outsider of [olga, stranger])
      expect((await outsider.get(`${EXAMPLES}/shared?class_id=${ours}`)).json().detail).toBe('class_not_found')
    expect((await olga.get(`${EXAMPLES}/shared?class_id=${other}`)).json().total).toBe(0)
    expect((await mina.get(path)).statusCode).toBe(404)
  })

  it('does not tell one class about the others', async () => {
    const { database, tea, mina, ours, other } = await library()
    await database.db
      .insertInto('class_members')
      .values({ class_id: other, person_id: tea.personId, role: 'teacher', created_at: '2026-01-01T00:00:00.000Z' })
      .execute()
    const { example_id } = (await tea.post(EXAMPLES, GREETING)).json()
    for (const id of [ours, other]) await tea.post(`${EXAMPLES}/${example_id}/share?class_id=${id}`)
    expect((await tea.get(`${EXAMPLES}/${example_id}`)).json().class_ids).toEqual([ours, other])
    expect((await mina.get(`${EXAMPLES}/shared?class_id=${ours}`)).json().items[0].class_ids).toEqual([ours])
  })

  it('takes a share back, and shows inactive ones only to those who teach', async () => {
    const { tea, ann, mina, ours, setStatus } = await library()
    const { example_id } = (await tea.post(EXAMPLES, GREETING)).json()
    const path = `${EXAMPLES}/${example_id}`
    const total = async (who: typeof mina, query = '') =>
      (await who.get(`${EXAMPLES}/shared?class_id=${ours}${query}`)).json().total
    const never = await tea.remove(`${path}/share?class_id=${ours}`)
    expect([never.statusCode, never.json().detail]).toEqual([404, 'share_not_found'])
    const { share_id } = (await tea.post(`${path}/share?class_id=${ours}`)).json()

    await tea.patch(path, { is_active: false })
    expect([await total(mina), await total(mina, '&active_only=false')]).toEqual([0, 0])
    expect([await total(ann), await total(ann, '&active_only=false')]).toEqual([0, 1])
    await tea.patch(path, { is_active: true })
    expect(await total(mina)).toBe(1)

    const ended = await tea.remove(`${path}/share?class_id=${ours}`)
    expect([ended.statusCode, ended.json()]).toEqual([200, expect.objectContaining({ share_id, is_active: false })])
    expect((await tea.remove(`${path}/share?class_id=${ours}`)).json()).toEqual(ended.json())
    expect([await total(mina), await total(ann, '&active_only=false')]).toEqual([0, 0])
    expect((await tea.post(`${path}/share?class_id=${ours}`)).json()).toMatchObject({ share_id, is_active: true })
    expect(await total(mina)).toBe(1)

    await setStatus(ours, 'ended')
    expect((await tea.post(`${path}/share?class_id=${ours}`)).json().detail).toBe('class_not_active')
    expect(await total(mina)).toBe(1)
    await tea.remove(path)
    expect(await total(mina)).toBe(0)
  })

  it('copies a shared example into one’s own library', async () => {
    const { tea, mina, olga, ours, other } = await library()
    const { example_id } = (await tea.post(EXAMPLES, { ...GREETING, title: 'T', meta: { a: 1 } })).json()
    const fork = (who: typeof mina, body: object) => who.post(`${EXAMPLES}/${example_id}/fork`, body)
    expect((await fork(mina, { class_id: ours })).json().detail).toBe('few_shot_example_not_found')
    await tea.post(`${EXAMPLES}/${example_id}/share?class_id=${ours}`)
    const copy = await fork(mina, { class_id: ours })
    expect(copy.statusCode).toBe(201)
    expect(copy.json()).toMatchObject({
      ...GREETING,
      user_id: mina.personId,
      title: 'T',
      meta: { a: 1 },
      class_ids: [],
      fewshot_source: 'class_shared',
    })
    expect(copy.json().example_id).not.toBe(example_id)
    expect((await fork(mina, { class_id: ours, title: 'Mine' })).json().title).toBe('Mine')
    expect((await fork(olga, { class_id: ours })).json().detail).toBe('class_not_found')
    expect((await fork(olga, { class_id: other })).json().detail).toBe('few_shot_example_not_found')
    for (const body of [{}, { class_id: '1' }, { class_id: 0 }, { class_id: ours, extra: 1 }])
      expect((await fork(mina, body)).statusCode).toBe(422)
    await tea.patch(`${EXAMPLES}/${example_id}`, { is_active: false })
    expect((await fork(mina, { class_id: ours })).statusCode).toBe(404)
    expect((await mina.get(EXAMPLES)).json().total).toBe(2)
  })

  it('saves an answer as an example, for the owner of its session', async () => {
    const answer = [{ type: 'text-delta' as const, text: 'It is  four.' }]
    const { sam, tea, mina, stranger, ours } = await library(new ScriptedModel('one', answer))
    const turn = (await sam.post(`/user/practice/sessions/run?class_id=${ours}`, { prompt_text: '2 + 2?\n' })).json()
    const { response_id } = turn.results[0]
    const save = (who: typeof sam, body?: object) =>
      who.post(`/user/practice/responses/${response_id}/few-shot-example`, body)
    const saved = await save(sam, { title: 'Sums' })
    expect(saved.statusCode).toBe(201)
    expect(saved.json()).toMatchObject({
      title: 'Sums',
      input_text: '2 + 2?\n',
      output_text: 'It is  four.',
      meta: { response_id, session_id: turn.session_id, turn_id: turn.turn_id, model_name: 'one' },
      fewshot_source: null,
    })
    expect((await save(sam)).json().title).toBeNull()
    for (const other of [tea, mina, stranger]) expect((await save(other)).json().detail).toBe('response_not_found')
    for (const id of [0, -1, 'x'])
      expect((await sam.post(`/user/practice/responses/${id}/few-shot-example`)).statusCode).toBe(422)
    expect((await save(sam, { name: 'x' })).statusCode).toBe(422)
  })

  it('saves no answer that is empty, unfinished or too long', async () => {
    const script = [
      [new ModelError('timeout', 'Too slow.')],
      [{ type: 'text-delta' as const, text: 'begun' }, 'hang' as const],
      [{ type: 'text-delta' as const, text: 'x'.repeat(20_001) }],
    ]
    const { sam, ours } = await library(new ScriptedModel('one', (_, index) => script[index] ?? []))
    const run = () => sam.post(`/user/practice/sessions/run?class_id=${ours}`, { prompt_text: 'Hi' })
    const save = async (id: number) => (await sam.post(`/user/practice/responses/${id}/few-shot-example`)).json().detail
    const failed = (await run()).json()
    expect(await save(failed.results[0].response_id)).toBe('response_without_text')

    const running = run()
    const sessions = () => sam.get('/user/practice/sessions')
    await expect.poll(async () => (await sessions()).json().total).toBe(2)
    const { session_id } = (await sessions()).json().items[0]
    const [response] = (await sam.get(`/user/practice/sessions/${session_id}`)).json().responses
    expect(await save(response.response_id)).toBe('response_running')
    await sam.post(`/user/practice/turns/${response.turn_id}/cancel`)
    await running
    expect(await save((await run()).json().results[0].response_id)).toBe('few_shot_example_too_long')
  })

  it('says what an example costs with a model', async () => {
    const { sam } = await library()
    const { example_id } = (await sam.post(EXAMPLES, GREETING)).json()
    const tokens = await sam.get(`${EXAMPLES}/${example_id}/tokens?model_name=one`)
    expect(tokens.statusCode).toBe(200)
    const { input_tokens, output_tokens, total_tokens } = tokens.json()
    expect(tokens.json()).toMatchObject({ example_id, model_name: 'one' })
    expect(input_tokens).toBeGreaterThan(0)
    expect(total_tokens).toBeGreaterThan(input_tokens + output_tokens)
    const unknown = await sam.get(`${EXAMPLES}/${example_id}/tokens?model_name=gpt-9`)
    expect([unknown.statusCode, unknown.json().detail]).toEqual([400, 'unknown_model'])
    expect((await sam.get(`${EXAMPLES}/${example_id}/tokens`)).statusCode).toBe(422)
  })

  it('gives sessions what they may use, in the order asked', async () => {
    const { services, tea, mina, sam, ours, other } = await library()
    const make = async (who: typeof tea, extra = {}): Promise<number> =>
      (await who.post(EXAMPLES, { ...GREETING, ...extra })).json().example_id
    const [a, b, off, foreign, shared] = [
      await make(mina),
      await make(mina),
      await make(mina, { is_active: false }),
      await make(sam),
      await make(tea),
    ]
    await tea.post(`${EXAMPLES}/${shared}/share?class_id=${ours}`)
    const use = async (ids: number[], classId = ours) =>
      (await services.fewShots.getForUse(mina, classId, ids)).map(({ exampleId }) => exampleId)
    expect(await use([])).toEqual([])
    expect(await use([b, shared, a])).toEqual([b, shared, a])
    await expect(use([a, a])).rejects.toMatchObject({
      kind: 'invalid_request',
      code: 'duplicate_few_shot_example_ids',
    })
    for (const ids of [[a, off], [foreign], [a, 987_654]])
      await expect(use(ids)).rejects.toMatchObject({ kind: 'forbidden', code: 'invalid_few_shot_example_ids' })
    await expect(use([shared], other)).rejects.toMatchObject({ code: 'invalid_few_shot_example_ids' })

    expect((await services.fewShots.findMany(mina, ours, [shared]))[0]?.classIds).toEqual([ours])
    await mina.remove(`${EXAMPLES}/${b}`)
    await tea.remove(`${EXAMPLES}/${shared}/share?class_id=${ours}`)
    const links = [off, b, a, shared, foreign]
    expect((await services.fewShots.findMany(mina, ours, links)).map((one) => one?.exampleId ?? null)).toEqual([
      off,
      null,
      a,
      null,
      null,
    ])
    expect((await services.fewShots.listUsable(mina, ours, links)).map(({ exampleId }) => exampleId)).toEqual([a])
  })
})

function nested(depth: number): object {
  return depth === 1 ? {} : { a: nested(depth - 1) }
}
