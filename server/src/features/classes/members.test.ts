import { describe, expect, it } from 'vitest'
import { testDatabases } from '../../db/testing.ts'
import { ScriptedModel } from '../../models/testing.ts'
import { appForTest } from '../../testing.ts'
import { TestBrowser } from '../accounts/testing.ts'

describe.each(testDatabases)('members of a class on $name', ({ open }) => {
  async function school() {
    const test = await appForTest(await open(), [new ScriptedModel('one', [])])
    const admin = await test.person('boss', { isAdmin: true })
    const teacher = await test.person('tess')
    const student = await test.person('sam')
    const outsider = await test.person('olga')
    const { class_id } = (await admin.post('/classes', { name: 'Prompting', status: 'active' })).json()
    const url = `/classes/${class_id}`
    const idOf = async (handle: string) => (await test.services.accounts.people.getByHandle(handle)).personId
    await admin.post(`${url}/members`, { handle: 'tess', role: 'teacher' })
    await admin.post(`${url}/members`, { handle: 'SAM ' })
    const send = (csv: string | Buffer, query = '', type = 'text/csv; charset=utf-8') =>
      teacher.post(`${url}/roster${query}`, csv as unknown as object, { 'content-type': type })
    const everybody = async () => (await admin.get(`${url}/members?size=200`)).json()
    return { ...test, admin, teacher, student, outsider, url, classId: class_id as number, idOf, send, everybody }
  }

  it('are listed for its staff, teachers first, and found by role and name', async () => {
    const { admin, teacher, student, outsider, url } = await school()
    const page = (await teacher.get(`${url}/members`)).json()
    expect(page).toMatchObject({ total: 3, page: 1, size: 50 })
    expect(page.items).toEqual([
      { user_id: expect.any(Number), handle: 'boss', name: 'boss', role: 'teacher', joined_at: expect.any(String) },
      expect.objectContaining({ handle: 'tess', role: 'teacher' }),
      expect.objectContaining({ handle: 'sam', role: 'student' }),
    ])
    expect((await admin.get(`${url}/members?role=teacher&q=ES`)).json()).toMatchObject({
      total: 1,
      items: [{ handle: 'tess' }],
    })
    expect((await admin.get(`${url}/members?page=2&size=2`)).json().items).toMatchObject([{ handle: 'sam' }])
    expect((await student.get(`${url}/members`)).json().detail).toBe('class_staff_only')
    expect((await outsider.get(`${url}/members`)).json().detail).toBe('class_not_found')
  })

  it('are added, given roles and removed by teachers only', async () => {
    const { teacher, student, outsider, url, idOf } = await school()
    const add = (who: typeof teacher, body: object) => who.post(`${url}/members`, body)
    expect((await add(teacher, { handle: 'olga', role: 'assistant' })).json()).toMatchObject({ role: 'assistant' })
    expect((await add(outsider, { handle: 'sam' })).json().detail).toBe('class_teachers_only')
    expect((await add(teacher, { handle: 'olga' })).json().detail).toBe('already_member')
    expect((await add(teacher, { handle: 'nobody' })).json().detail).toBe('person_not_found')
    expect((await add(teacher, { handle: 'sam', role: 'owner' })).statusCode).toBe(422)
    expect((await add(teacher, { handle: 'sa\0m' })).statusCode).toBe(422)
    expect((await teacher.get(`${url}/sessions?handle=sa%00m`)).statusCode).toBe(422)
    expect((await outsider.get(`${url}/members`)).statusCode).toBe(200)

    const sam = `${url}/members/${await idOf('sam')}`
    expect((await student.patch(sam, { role: 'teacher' })).json().detail).toBe('class_teachers_only')
    expect((await teacher.patch(sam, { role: 'teacher' })).json()).toMatchObject({ handle: 'sam', role: 'teacher' })
    expect((await student.remove(`${url}/members/${await idOf('tess')}`)).statusCode).toBe(204)
    expect((await teacher.get(url)).statusCode).toBe(404)
    expect((await student.remove(`${url}/members/${await idOf('tess')}`)).json().detail).toBe('member_not_found')
    expect((await student.patch(`${url}/members/999999`, { role: 'student' })).json().detail).toBe('member_not_found')
  })

  it('keep one teacher, also when two remove each other at the same time', async () => {
    const { admin, teacher, url, idOf, everybody, classId } = await school()
    const [boss, tess] = [await idOf('boss'), await idOf('tess')]
    // So that nobody has to wait for a connection, which would put them in a row.
    await Promise.all(Array.from({ length: 20 }, () => everybody()))
    const replies = await Promise.all([
      admin.remove(`${url}/members/${tess}`),
      teacher.remove(`${url}/members/${boss}`),
      teacher.patch(`${url}/members/${boss}`, { role: 'student' }),
      teacher.remove(`/user/class/enrollments/${classId}`),
    ])
    const teachers = (await everybody()).items.filter(({ role }: { role: string }) => role === 'teacher')
    expect(teachers).toHaveLength(1)
    expect(replies.map(({ statusCode }) => statusCode)).toContain(204)
    const last = `${url}/members/${teachers[0].user_id}`
    for (const reply of [await admin.remove(last), await admin.patch(last, { role: 'assistant' })])
      expect([reply.statusCode, reply.json().detail]).toEqual([409, 'last_teacher'])
    expect((await admin.patch(last, { role: 'teacher' })).statusCode).toBe(200)
  })

  it('come from a roster, whatever wrote the file', async () => {
    const { send, everybody, teacher } = await school()
    const reply = await send(
      '\uFEFFHandle,Name,ROLE\r\nMina ,"Kim, ""Mina""",\r\n\r\nken,健,Assistant\r\nsam,Other,teacher\r\nolga,,\r\n',
    )
    expect(reply.statusCode).toBe(200)
    expect(reply.json()).toEqual({
      created: [
        { user_id: expect.any(Number), handle: 'ken', name: '健', sign_in_url: null },
        { user_id: expect.any(Number), handle: 'mina', name: 'Kim, "Mina"', sign_in_url: null },
      ],
      added: [{ user_id: expect.any(Number), handle: 'olga', name: 'olga' }],
      unchanged: [{ user_id: expect.any(Number), handle: 'sam', name: 'sam' }],
    })
    const roles = (await everybody()).items.map(({ handle, role }: Record<string, string>) => `${handle} ${role}`)
    expect(roles).toEqual([
      'boss teacher',
      'tess teacher',
      'ken assistant',
      'mina student',
      'olga student',
      'sam student',
    ])
    const again = (await send('handle\nmina\nken\n')).json()
    expect([again.created, again.added, again.unchanged.length]).toEqual([[], [], 2])
    expect((await teacher.get('/user/me')).statusCode).toBe(200)
  })

  it('who come from a roster are in its class only, and sign in once with their link', async () => {
    const { app, send, classId, database } = await school()
    const { created, unchanged } = (await send('handle,role\nmina,student\nsam,student\n', '?links=true')).json()
    expect(unchanged[0]).not.toHaveProperty('sign_in_url')
    const links = await database.db.selectFrom('sign_in_links').select('person_id').execute()
    expect(links).toEqual([{ person_id: created[0].user_id }])
    const url = new URL(created[0].sign_in_url)
    expect(url.pathname).toBe('/sign-in')
    const browser = new TestBrowser(app)
    expect((await browser.openLink(url.hash.replace('#token=', ''))).statusCode).toBe(200)
    const me = (await browser.send({ url: '/user/me' })).json()
    expect(me.person.handle).toBe('mina')
    expect(me.classes).toMatchObject([{ class_id: classId, role: 'student' }])
    expect((await browser.openLink(url.hash.replace('#token=', ''))).statusCode).toBe(401)
  })

  it('all come or none: what is wrong in a roster is named by its line', async () => {
    const { send, everybody, services } = await school()
    const reply = await send(
      'handle,name,role\nmina,Mina,student\nBad handle,,\nken,Ken,boss\n"mina",,\nx,y,student,z\n,,student\n',
    )
    expect(reply.statusCode).toBe(422)
    expect(reply.json().detail.map(({ loc }: { loc: unknown[] }) => loc)).toEqual([
      ['body', 3, 'handle'],
      ['body', 4, 'role'],
      ['body', 5, 'handle'],
      ['body', 6],
      ['body', 7, 'handle'],
    ])
    expect(reply.json().detail[2].msg).toContain('line 2')
    expect((await everybody()).total).toBe(3)
    await expect(services.accounts.people.getByHandle('mina')).rejects.toMatchObject({ code: 'person_not_found' })
  })

  it.each<[string, string, number]>([
    ['nothing', ' ', 422],
    ['a header and nobody', 'handle,name\n', 422],
    ['no handles', 'name,role\nx,student\n', 422],
    ['an unknown column', 'handle,email\nx,y\n', 422],
    ['the same column twice', 'handle,handle\nx,y\n', 422],
    ['a quote that is not closed', 'handle\n"mina\n', 400],
    ['a NUL in a name', 'handle,name\nmina,a\0b\n', 422],
  ])('do not come from a roster with %s', async (_, csv, status) => {
    const { send, everybody } = await school()
    expect((await send(csv)).statusCode).toBe(status)
    expect((await everybody()).total).toBe(3)
  })

  it('do not come from a file that is not UTF-8, not CSV, too large or from somebody else', async () => {
    const { send, url, student, outsider, everybody } = await school()
    expect((await send(Buffer.from([0xb0, 0xa1, 0x0a]))).json().detail).toBe('invalid_encoding')
    expect((await send('{"handle":"x"}', '', 'application/json')).statusCode).toBe(422)
    expect((await send('handle\nx\n', '', 'text/html')).statusCode).toBe(415)
    expect((await send(`handle\n${'x'.repeat(3_000_000)}`)).statusCode).toBe(413)
    const tooMany = `handle\n${Array.from({ length: 10_001 }, (_, index) => `p${index}`).join('\n')}`
    expect((await send(tooMany)).json().detail[0].loc).toEqual(['body', 10_002])
    for (const [who, status] of [
      [student, 403],
      [outsider, 404],
    ] as const)
      expect(
        (await who.post(`${url}/roster`, 'handle\nx\n' as unknown as object, { 'content-type': 'text/csv' }))
          .statusCode,
      ).toBe(status)
    expect((await everybody()).total).toBe(3)
  })

  it('come 5,000 at a time', async () => {
    const { send, everybody } = await school()
    const lines = Array.from({ length: 5_000 }, (_, index) => `student${index},Student ${index},student`)
    const reply = await send(`handle,name,role\n${lines.join('\n')}`)
    expect(reply.json().created).toHaveLength(5_000)
    expect((await everybody()).total).toBe(5_003)
  })

  it('of two rosters sent at the same time are all in, each made once', async () => {
    const { send, everybody } = await school()
    const handles = Array.from({ length: 300 }, (_, index) => `s${index}`)
    const replies = await Promise.all([
      send(`handle\n${handles.join('\n')}`),
      send(`handle\n${handles.toReversed().join('\n')}`),
    ])
    expect(replies.map(({ statusCode }) => statusCode)).toEqual([200, 200])
    expect(replies.flatMap((reply) => reply.json().created)).toHaveLength(300)
    expect((await everybody()).total).toBe(303)
  })

  it('join with a code, once each, as students, and leave again', async () => {
    const { teacher, outsider, url, classId, admin } = await school()
    const made = await teacher.post(`${url}/join-codes`, { role: 'student', max_uses: 5 })
    expect(made.statusCode).toBe(201)
    const joinCode = made.json()
    expect(joinCode).toEqual({
      join_code_id: expect.any(Number),
      class_id: classId,
      code: expect.stringMatching(/^[2-9A-HJKMNP-Z]{6}$/),
      role: 'student',
      status: 'active',
      expires_at: null,
      max_uses: 5,
      used_count: 0,
      created_at: expect.any(String),
    })
    const typed = `${joinCode.code.slice(0, 3)}-${joinCode.code.slice(3)} `.toLowerCase()
    const joined = await outsider.post('/user/class/invites/redeem', { code: typed })
    expect(joined.statusCode).toBe(201)
    expect(joined.json()).toMatchObject({
      class_id: classId,
      role: 'student',
      status: 'active',
      teachers: [{ handle: 'boss' }, { handle: 'tess' }],
    })
    await outsider.post('/user/class/invites/redeem', { code: joinCode.code })
    expect((await admin.post('/user/class/invites/redeem', { code: joinCode.code })).json().role).toBe('teacher')
    expect((await teacher.get(`${url}/join-codes`)).json().items).toMatchObject([{ used_count: 1, status: 'active' }])

    expect((await outsider.get('/user/classes')).json()).toMatchObject({
      total: 2,
      page: 1,
      size: 50,
      items: [{ class_id: 1 }, { class_id: classId, joined_at: expect.any(String) }],
    })
    expect((await outsider.get('/user/classes?limit=1&offset=1')).json()).toMatchObject({
      total: 2,
      page: 2,
      items: [{ class_id: classId }],
    })
    expect((await outsider.get('/user/classes?status=ended')).json().items).toEqual([])
    expect((await outsider.remove(`/user/class/enrollments/${classId}`)).statusCode).toBe(204)
    expect((await outsider.remove(`/user/class/enrollments/${classId}`)).json().detail).toBe('class_not_found')
    expect((await outsider.get(url)).statusCode).toBe(404)
  })

  it('do not join with a code that is malformed, unknown, expired, removed or of a class that has ended', async () => {
    const { teacher, outsider, url, services, database } = await school()
    const redeem = async (code: unknown) =>
      (await outsider.post('/user/class/invites/redeem', { code } as object)).json().detail
    for (const code of ['', 'ABC', 'ABCDEFG', 'ABC!EF', 'ABCDE\0'])
      expect(await redeem(code)).toBe('invalid_code_format')
    expect((await redeem(123456))[0].loc).toEqual(['body', 'code'])
    expect(await redeem('ABCDEF')).toBe('invalid_or_expired_code')
    const make = async (body: object = {}) => (await teacher.post(`${url}/join-codes`, body)).json()
    expect((await make({ expires_at: '2020-01-01T00:00:00Z' })).detail).toBe('invalid_expires_at')
    expect((await make({ role: 'teacher' })).detail[0].loc).toEqual(['body', 'role'])
    expect((await make({ max_uses: 0 })).detail[0].loc).toEqual(['body', 'max_uses'])

    const expired = await make({ expires_at: new Date(Date.now() + 60_000).toISOString() })
    await database.db
      .updateTable('class_join_codes')
      .set({ expires_at: '2020-01-01T00:00:00.000Z' })
      .where('join_code_id', '=', expired.join_code_id)
      .execute()
    expect(await redeem(expired.code)).toBe('invalid_or_expired_code')
    const removed = await make()
    expect((await teacher.remove(`${url}/join-codes/${removed.join_code_id}`)).statusCode).toBe(204)
    expect(await redeem(removed.code)).toBe('invalid_or_expired_code')
    expect((await teacher.remove(`${url}/join-codes/${removed.join_code_id}`)).json().detail).toBe(
      'join_code_not_found',
    )
    const late = await make()
    await teacher.patch(url, { status: 'ended' })
    expect(await redeem(late.code)).toBe('class_not_active')
    expect((await make()).detail).toBe('class_not_active')
    const olga = await services.accounts.people.getByHandle('olga')
    expect((await services.classes.listForPerson(olga)).map(({ classId }) => classId)).toEqual([1])
  })

  it('join exactly as often as the code allows, of fifty who try at the same time', async () => {
    const { teacher, url, person, everybody, student } = await school()
    const people = await Promise.all(Array.from({ length: 50 }, (_, index) => person(`p${index}`)))
    const { code, join_code_id } = (await teacher.post(`${url}/join-codes`, { max_uses: 10 })).json()
    const redeem = (who: typeof teacher) => who.post('/user/class/invites/redeem', { code })
    // Who is in already, and who sends it twice, must not use anything up.
    const replies = await Promise.all([...people, student, people[0]!].map(redeem))
    const statuses = replies.slice(0, 50).map(({ statusCode }) => statusCode)
    expect(statuses.filter((status) => status === 201)).toHaveLength(10)
    expect(statuses.filter((status) => status === 400)).toHaveLength(40)
    expect((await everybody()).total).toBe(13)
    expect((await teacher.get(`${url}/join-codes`)).json().items).toMatchObject([
      { join_code_id, used_count: 10, status: 'used_up' },
    ])
    expect(replies[50]?.statusCode).toBe(201)
  })
})
