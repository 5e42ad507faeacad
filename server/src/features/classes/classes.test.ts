import { describe, expect, it } from 'vitest'
import { testDatabases } from '../../db/testing.ts'
import { ScriptedModel } from '../../models/testing.ts'
import { appForTest } from '../../testing.ts'

const says = (text: string) => [{ type: 'text-delta' as const, text }]
const HOUR = 3_600_000
const inHours = (hours: number) => new Date(Date.now() + hours * HOUR).toISOString()

describe.each(testDatabases)('classes over HTTP on $name', ({ open }) => {
  async function school() {
    const test = await appForTest(await open(), [
      new ScriptedModel('one', says('first')),
      new ScriptedModel('two', says('second')),
      new ScriptedModel('three', says('third')),
    ])
    const admin = await test.person('boss', { isAdmin: true })
    const teacher = await test.person('tess')
    const student = await test.person('sam')
    const outsider = await test.person('olga')
    const made = (await admin.post('/classes', { name: 'Prompting', status: 'active' })).json()
    const url = `/classes/${made.class_id}`
    await admin.post(`${url}/members`, { handle: 'tess', role: 'teacher' })
    await admin.post(`${url}/members`, { handle: 'sam' })
    return { ...test, admin, teacher, student, outsider, made, url, classId: made.class_id as number }
  }

  it('are made by admins with everything that can be said of them', async () => {
    const { admin, teacher } = await school()
    const body = {
      slug: 'korean-101',
      name: '  한국어 101 ',
      description: 'First steps',
      status: 'active',
      starts_at: '2020-01-01T09:00:00+09:00',
      ends_at: inHours(24),
      timezone: 'Asia/Seoul',
      allowed_models: ['two', 'one', 'two'],
      default_settings: { style_preset: 'accurate', style_params: { persona: 'a patient tutor' } },
    }
    const reply = await admin.post('/classes', body)
    expect(reply.statusCode).toBe(201)
    expect(reply.json()).toEqual({
      ...body,
      class_id: expect.any(Number),
      name: '한국어 101',
      starts_at: '2020-01-01T00:00:00.000Z',
      status_as_set: 'active',
      allowed_models: ['two', 'one'],
      primary_model: 'two',
      role: 'teacher',
      member_count: 1,
      created_at: expect.any(String),
    })
    expect((await admin.get(`/classes/${reply.json().class_id}`)).json()).toEqual(reply.json())
    const refused = await teacher.post('/classes', { name: 'Mine' })
    expect([refused.statusCode, refused.json().detail]).toEqual([403, 'admins_only'])
  })

  it('get a slug from their name, and another when that is taken or says nothing', async () => {
    const { admin } = await school()
    const slugOf = async (name: string) => (await admin.post('/classes', { name })).json().slug
    expect(await slugOf('École — Été 2026!')).toBe('ecole-ete-2026')
    expect(await slugOf('Ecole ete 2026')).toMatch(/^class-\d+$/)
    expect(await slugOf('한국어')).toMatch(/^class-\d+$/)
    expect(await slugOf('Tess')).toMatch(/^class-\d+$/)
  })

  it('never share a slug with a class or a handle', async () => {
    const { admin, url, services } = await school()
    for (const slug of ['practice', 'tess']) {
      const made = await admin.post('/classes', { name: 'X', slug })
      expect([made.statusCode, made.json().detail]).toEqual([409, 'slug_taken'])
      const renamed = await admin.patch(url, { slug })
      expect([renamed.statusCode, renamed.json().detail]).toEqual([409, 'slug_taken'])
    }
    await expect(services.accounts.people.create({ handle: 'prompting' })).rejects.toMatchObject({
      code: 'handle_taken',
    })
    const listed = await roster(admin, url, 'handle\nnew\nprompting\n')
    expect([listed.statusCode, listed.json().detail]).toEqual([409, 'handle_taken'])
    await expect(services.accounts.people.getByHandle('new')).rejects.toMatchObject({ code: 'person_not_found' })
  })

  it('are changed by their teachers, field by field, and looked at by their members only', async () => {
    const { admin, teacher, student, outsider, url, made } = await school()
    const changed = await teacher.patch(url, { name: 'New', description: 'More' })
    expect(changed.json()).toEqual({
      ...made,
      name: 'New',
      description: 'More',
      role: 'teacher',
      member_count: 3,
    })
    expect((await teacher.patch(url, {})).json()).toEqual(changed.json())
    expect((await student.get(url)).json()).toMatchObject({ name: 'New', role: 'student' })
    expect((await student.patch(url, { name: 'Mine' })).json().detail).toBe('class_teachers_only')
    for (const reply of [await outsider.get(url), await outsider.patch(url, { name: 'X' }), await outsider.remove(url)])
      expect([reply.statusCode, reply.json().detail]).toEqual([404, 'class_not_found'])
    expect((await teacher.remove(url)).json().detail).toBe('admins_only')
    expect((await admin.get(url)).json().name).toBe('New')
  })

  it('allow models that exist, the primary always among them', async () => {
    const { teacher, url } = await school()
    const set = async (change: object) => {
      const reply = await teacher.patch(url, change)
      const { allowed_models, primary_model, detail, message } = reply.json()
      return reply.statusCode === 200 ? [allowed_models, primary_model] : [detail, message]
    }
    expect(await set({ allowed_models: ['two', 'three'] })).toEqual([['two', 'three'], 'two'])
    expect(await set({ primary_model: 'one' })).toEqual([['one', 'two', 'three'], 'one'])
    expect(await set({ allowed_models: ['two', 'three'] })).toEqual([['two', 'three'], 'two'])
    expect(await set({ allowed_models: ['two', 'three'], primary_model: 'three' })).toEqual([['two', 'three'], 'three'])
    expect(await set({ primary_model: null })).toEqual([['two', 'three'], 'two'])
    expect(await set({ allowed_models: null })).toEqual([null, 'two'])
    expect(await set({ primary_model: null })).toEqual([null, null])
    expect(await set({ allowed_models: ['one', 'gone'] })).toEqual(['unknown_model', expect.stringContaining('"gone"')])
    expect(await set({ primary_model: 'lost' })).toEqual(['unknown_model', expect.stringContaining('"lost"')])
  })

  it('count by their dates: runnable only in between, readable always', async () => {
    const { student, teacher, url, classId } = await school()
    const run = async () =>
      (await student.post(`/user/practice/sessions/run?class_id=${classId}`, { prompt_text: 'Hi' })).json()
    const { session_id } = await run()
    for (const [dates, status] of [
      [{ starts_at: inHours(1), ends_at: null }, 'planned'],
      [{ starts_at: inHours(-2), ends_at: inHours(-1) }, 'ended'],
    ] as const) {
      await teacher.patch(url, dates)
      expect((await student.get(url)).json()).toMatchObject({ status, status_as_set: 'active' })
      expect((await run()).detail).toBe('class_not_active')
      expect((await student.get(`/user/practice/sessions/${session_id}`)).statusCode).toBe(200)
      expect((await student.get(`/classes?status=${status}`)).json().items).toMatchObject([{ class_id: classId }])
      expect((await student.get('/user/me')).json().classes).toContainEqual(
        expect.objectContaining({ class_id: classId, status }),
      )
    }
    await teacher.patch(url, { ends_at: inHours(1) })
    expect((await student.get('/classes?status=active')).json().total).toBe(2)
    expect((await run()).status).toBe('complete')
  })

  it('refuse dates the wrong way round, also against those that are stored', async () => {
    const { admin, url } = await school()
    await admin.patch(url, { starts_at: '2026-03-01T00:00:00Z' })
    for (const change of [
      { ends_at: '2026-02-01T00:00:00Z' },
      { starts_at: inHours(5), ends_at: inHours(5) },
      { starts_at: '2026-03-01T00:00:00+09:00', ends_at: '2026-02-28T15:00:00Z' },
    ]) {
      const reply = await admin.patch(url, change)
      expect([reply.statusCode, reply.json().detail]).toEqual([400, 'invalid_dates'])
    }
    expect((await admin.get(url)).json()).toMatchObject({ starts_at: '2026-03-01T00:00:00.000Z', ends_at: null })
  })

  it.each<[string, object, (string | number)[]]>([
    ['a blank name', { name: '  ' }, ['body', 'name']],
    ['a NUL', { description: 'a\0b' }, ['body', 'description']],
    ['a slug with capitals', { slug: 'Abc' }, ['body', 'slug']],
    ['an unknown status', { status: 'paused' }, ['body', 'status']],
    ['no date', { starts_at: 'tomorrow' }, ['body', 'starts_at']],
    ['no time zone', { timezone: 'Mars/Base' }, ['body', 'timezone']],
    ['no models at all', { allowed_models: [] }, ['body', 'allowed_models']],
    ['an unknown key', { budget: 3 }, ['body', 'budget']],
    ['an unknown setting', { default_settings: { temperature: 1 } }, ['body', 'default_settings', 'temperature']],
    [
      'a NUL in a setting',
      { default_settings: { style_params: { a: ['\0'] } } },
      ['body', 'default_settings', 'style_params'],
    ],
  ])('refuse %s', async (_, change, loc) => {
    const { admin, url } = await school()
    const reply = await admin.patch(url, change)
    expect(reply.statusCode).toBe(422)
    expect(reply.json().detail[0].loc).toEqual(loc)
  })

  it.each(['0', '-1', '1.5', 'x', '99999999999999999999', '%00', 'null'])('refuse the id %s', async (id) => {
    const { admin } = await school()
    for (const path of [`/classes/${id}`, `/classes/${id}/members`, `/classes/${id}/sessions`, `/projects/${id}`])
      expect((await admin.get(path)).statusCode).toBe(422)
    for (const path of [`/classes/1/members/${id}`, `/classes/1/join-codes/${id}`, `/user/class/enrollments/${id}`])
      expect((await admin.remove(path)).statusCode).toBe(422)
    expect((await admin.get('/classes/9007199254740991')).statusCode).toBe(404)
  })

  it('are listed: mine, or all for an admin, in pages, by status and name', async () => {
    const { admin, student, classId, outsider } = await school()
    for (const name of ['A', 'B', 'C']) await admin.post('/classes', { name })
    expect((await admin.get('/classes')).json()).toMatchObject({ total: 5, page: 1, size: 20 })
    const second = (await admin.get('/classes?page=2&size=2')).json()
    expect(second.items.map(({ name }: { name: string }) => name)).toEqual(['A', 'B'])
    expect((await admin.get('/classes?status=planned&q=c')).json().items).toMatchObject([{ name: 'C' }])
    expect((await admin.get('/classes?q=100%25')).json().total).toBe(0)
    expect((await student.get('/classes')).json().items).toMatchObject([{ class_id: 1 }, { class_id: classId }])
    expect((await outsider.get('/classes')).json().items).toMatchObject([{ class_id: 1 }])
  })

  it('are removed only while nobody has practised in them', async () => {
    const { admin, student, url, classId, database } = await school()
    const project = await student.post('/projects', { class_id: classId, name: 'P' })
    await admin.post(`${url}/join-codes`, {})
    const { session_id } = (
      await student.post(`/user/practice/sessions/run?class_id=${classId}`, { prompt_text: 'Hi' })
    ).json()
    const refused = await admin.remove(url)
    expect([refused.statusCode, refused.json().detail]).toEqual([409, 'class_has_sessions'])
    await student.remove(`/user/practice/sessions/${session_id}`)
    expect((await admin.remove(url)).statusCode).toBe(204)
    expect((await admin.get(url)).json().detail).toBe('class_not_found')
    expect((await student.get(`/projects/${project.json().project_id}`)).statusCode).toBe(404)
    const left = await database.db.selectFrom('class_members').selectAll().where('class_id', '=', classId).execute()
    expect(left).toEqual([])
  })

  it('let teachers and assistants read what is practised in them, and nobody else', async () => {
    const { admin, teacher, student, outsider, url, classId, services } = await school()
    const run = (who: typeof student, prompt_text: string, id = classId) =>
      who.post(`/user/practice/sessions/run?class_id=${id}`, { prompt_text, model_names: ['two', 'one'] })
    for (const prompt of ['apple', 'banana', 'cherry 100%']) await run(student, prompt)
    await run(teacher, 'durian')
    await run(student, 'elsewhere', 1)
    const first = (await teacher.get(`${url}/sessions?limit=3`)).json()
    expect(first.items.map(({ title }: { title: string }) => title)).toEqual(['durian', 'cherry 100%', 'banana'])
    expect(first.items[1]).toEqual({
      session_id: expect.any(Number),
      class_id: classId,
      person: { user_id: expect.any(Number), handle: 'sam', name: 'sam' },
      title: 'cherry 100%',
      preview: 'cherry 100%',
      last_message_preview: expect.stringMatching(/^(first|second)$/),
      model_names: ['two', 'one'],
      turn_count: 1,
      created_at: expect.any(String),
      updated_at: expect.any(String),
      last_activity_at: expect.any(String),
    })
    const rest = (await teacher.get(`${url}/sessions?limit=3&cursor=${first.next_cursor}`)).json()
    expect(rest).toMatchObject({ items: [{ title: 'apple' }], next_cursor: null })
    const found = async (query: string) =>
      (await admin.get(`${url}/sessions?${query}`)).json().items.map(({ title }: { title: string }) => title)
    expect(await found('q=BANANA')).toEqual(['banana'])
    expect(await found('q=100%25')).toEqual(['cherry 100%'])
    expect(await found('q=tess')).toEqual(['durian'])
    expect(await found('handle=sam')).toEqual(['cherry 100%', 'banana', 'apple'])
    expect((await teacher.get(`${url}/sessions?cursor=rubbish`)).json().detail).toBe('invalid_cursor')
    expect((await student.get(`${url}/sessions`)).json().detail).toBe('class_staff_only')
    expect((await outsider.get(`${url}/sessions`)).json().detail).toBe('class_not_found')

    await teacher.patch(`${url}/members/${first.items[1].person.user_id}`, { role: 'assistant' })
    expect((await student.get(`${url}/sessions`)).statusCode).toBe(200)
    const [sam, olga] = await Promise.all(['sam', 'olga'].map((it) => services.accounts.people.getByHandle(it)))
    expect(await services.classes.canReadSessionsOf(sam!, classId)).toBe(true)
    expect(await services.classes.canReadSessionsOf(sam!, 1)).toBe(false)
    expect(await services.classes.canReadSessionsOf(olga!, classId)).toBe(false)
  })
})

type Sender = Awaited<ReturnType<Awaited<ReturnType<typeof appForTest>>['person']>>

function roster(who: Sender, url: string, csv: string) {
  return who.post(`${url}/roster`, csv as unknown as object, { 'content-type': 'text/csv' })
}
