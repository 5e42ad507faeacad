import { describe, expect, it } from 'vitest'
import { testDatabases } from '../../db/testing.ts'
import { ScriptedModel } from '../../models/testing.ts'
import { appForTest } from '../../testing.ts'

describe.each(testDatabases)('projects on $name', ({ open }) => {
  async function school() {
    const answer = [{ type: 'text-delta' as const, text: 'An answer of more than eighty characters. '.repeat(3) }]
    const test = await appForTest(await open(), [new ScriptedModel('one', answer), new ScriptedModel('two', answer)])
    const mina = await test.person('mina')
    const ken = await test.person('ken')
    const admin = await test.person('boss', { isAdmin: true })
    const make = async (name: string) => (await mina.post('/projects', { class_id: 1, name })).json()
    const { personId } = await test.services.accounts.people.getByHandle('mina')
    async function addSession(projectId: number | null, prompt_text: string): Promise<number> {
      const { session_id } = (await mina.post('/user/practice/sessions/run?class_id=1', { prompt_text })).json()
      await test.database.db
        .updateTable('practice_sessions')
        .set({ project_id: projectId })
        .where('session_id', '=', session_id)
        .execute()
      return session_id
    }
    return { ...test, mina, ken, admin, make, personId, addSession }
  }

  it('are made in a class and read again as the original shows them', async () => {
    const { mina, personId } = await school()
    const reply = await mina.post('/projects', { class_id: 1, name: ' Essay ', description: 'Drafts' })
    expect(reply.statusCode).toBe(201)
    expect(reply.json()).toEqual({
      project_id: expect.any(Number),
      owner_id: personId,
      class_id: 1,
      name: 'Essay',
      description: 'Drafts',
      project_type: 'personal',
      status: 'active',
      progress_percent: 0,
      practice_hours: 0,
      conversation_count: 0,
      last_activity_at: null,
      created_at: expect.any(String),
      updated_at: expect.any(String),
    })
    expect((await mina.get(`/projects/${reply.json().project_id}`)).json()).toEqual(reply.json())
  })

  it('are listed newest first, in pages, by class', async () => {
    const { admin, mina, make } = await school()
    for (const name of ['A', 'B', 'C']) await make(name)
    const { class_id } = (await admin.post('/classes', { name: 'Other' })).json()
    await admin.post(`/classes/${class_id}/members`, { handle: 'mina' })
    await mina.post('/projects', { class_id, name: 'A' })
    const page = (await mina.get('/projects?class_id=1&page=2&size=2')).json()
    expect(page).toMatchObject({ items: [{ name: 'A', class_id: 1 }], total: 3, page: 2, size: 2 })
    expect((await mina.get('/projects')).json()).toMatchObject({ total: 4, page: 1, size: 20 })
    for (const query of ['size=101', 'page=0', 'class_id=x'])
      expect((await mina.get(`/projects?${query}`)).statusCode).toBe(422)
  })

  it('have names that are their person’s own in a class', async () => {
    const { mina, ken, make } = await school()
    const first = await make('Essay')
    const second = await make('Poem')
    expect((await make('Essay')).detail).toBe('project_name_taken')
    const renamed = await mina.patch(`/projects/${second.project_id}`, { name: 'Essay' })
    expect([renamed.statusCode, renamed.json().detail]).toEqual([409, 'project_name_taken'])
    expect((await mina.patch(`/projects/${first.project_id}`, { name: 'Essay' })).statusCode).toBe(200)
    expect((await ken.post('/projects', { class_id: 1, name: 'Essay' })).statusCode).toBe(201)
    const sameTime = await Promise.all(
      Array.from({ length: 5 }, () => mina.post('/projects', { class_id: 1, name: 'X' })),
    )
    expect(sameTime.map(({ statusCode }) => statusCode).toSorted()).toEqual([201, 409, 409, 409, 409])
  })

  it('change only where they are told to', async () => {
    const { mina, make } = await school()
    const { project_id } = await make('Essay')
    await mina.patch(`/projects/${project_id}`, { description: 'Drafts' })
    expect((await mina.patch(`/projects/${project_id}`, {})).json()).toMatchObject({
      name: 'Essay',
      description: 'Drafts',
    })
    expect((await mina.patch(`/projects/${project_id}`, { description: null })).json().description).toBeNull()
    for (const field of ['conversation_count', 'progress_percent', 'practice_hours', 'status', 'owner_id', 'class_id'])
      expect((await mina.patch(`/projects/${project_id}`, { [field]: 1 })).json().detail[0].loc).toEqual([
        'body',
        field,
      ])
    for (const name of ['', '  ', 'a\0b', 'x'.repeat(201), null])
      expect((await mina.patch(`/projects/${project_id}`, { name })).statusCode).toBe(422)
  })

  it('are nobody else’s, not even an admin’s', async () => {
    const { mina, ken, admin, make } = await school()
    const { project_id } = await make('Essay')
    for (const who of [ken, admin])
      for (const reply of [
        await who.get(`/projects/${project_id}`),
        await who.patch(`/projects/${project_id}`, { name: 'Mine' }),
        await who.remove(`/projects/${project_id}`),
        await who.get(`/projects/${project_id}/sessions`),
      ])
        expect([reply.statusCode, reply.json().detail]).toEqual([404, 'project_not_found'])
    expect((await ken.get('/projects')).json().items).toEqual([])
    expect((await mina.get(`/projects/${project_id}`)).json().name).toBe('Essay')
  })

  it('are made by members of the class, until it ends', async () => {
    const { mina, admin } = await school()
    const { class_id } = (await admin.post('/classes', { name: 'Later' })).json()
    const make = () => mina.post('/projects', { class_id, name: 'Essay' })
    expect((await make()).json().detail).toBe('class_not_found')
    expect((await mina.post('/projects', { class_id: 0, name: 'Essay' })).statusCode).toBe(422)
    expect((await mina.post('/projects', { class_id: 1e300, name: 'Essay' })).statusCode).toBe(422)
    await admin.post(`/classes/${class_id}/members`, { handle: 'mina' })
    const { project_id } = (await make()).json()
    await admin.patch(`/classes/${class_id}`, { status: 'ended' })
    expect((await mina.post('/projects', { class_id, name: 'Next' })).json().detail).toBe('class_not_active')
    expect((await mina.get(`/projects/${project_id}`)).statusCode).toBe(200)
  })

  it('show their sessions newest first, light, page after page', async () => {
    const { mina, make, addSession } = await school()
    const { project_id } = await make('Essay')
    await addSession(null, 'elsewhere')
    const ids = [
      await addSession(project_id, 'one'),
      await addSession(project_id, 'two'),
      await addSession(project_id, 'three'),
    ]
    const first = (await mina.get(`/projects/${project_id}/sessions?limit=2`)).json()
    expect(first.items[0]).toEqual({
      session_id: ids[2],
      project_id,
      class_id: 1,
      title: 'three',
      preview: 'three',
      last_message_preview: expect.stringMatching(/^An answer.{71}$/),
      primary_model_name: 'one',
      primary_model_label: 'one',
      model_names: ['one', 'two'],
      turn_count: 1,
      created_at: expect.any(String),
      updated_at: expect.any(String),
      last_activity_at: expect.any(String),
    })
    expect(first.total).toBe(3)
    const rest = (await mina.get(`/projects/${project_id}/sessions?limit=2&cursor=${first.next_cursor}`)).json()
    expect(rest).toMatchObject({ items: [{ session_id: ids[0] }], next_cursor: null })
    expect((await mina.get(`/projects/${project_id}/sessions?limit=2&offset=2`)).json().items).toEqual(rest.items)
    for (const cursor of ['x', 'MjAyNg', first.next_cursor.slice(4)])
      expect((await mina.get(`/projects/${project_id}/sessions?cursor=${cursor}`)).json().detail).toBe('invalid_cursor')
    const project = (await mina.get(`/projects/${project_id}`)).json()
    expect(project).toMatchObject({ conversation_count: 3, last_activity_at: first.items[0].last_activity_at })
    expect((await mina.get('/projects')).json().items).toEqual([project])
  })

  it('take sessions of their class, one’s own, and give them back', async () => {
    const { mina, ken, admin, make, addSession } = await school()
    const { project_id } = await make('Essay')
    const url = `/user/practice/sessions/${await addSession(null, 'loose')}`
    const move = (id: number | null, who = mina) => who.patch(url, { project_id: id, title: 'Moved' })
    const { class_id } = (await admin.post('/classes', { name: 'Other', status: 'active' })).json()
    await admin.post(`/classes/${class_id}/members`, { handle: 'mina' })
    const elsewhere = (await mina.post('/projects', { class_id, name: 'Essay' })).json()
    expect((await move(elsewhere.project_id)).json().detail).toBe('project_class_mismatch')
    const run = { prompt_text: 'Hi', project_id: elsewhere.project_id }
    expect((await mina.post('/user/practice/sessions/run?class_id=1', run)).json().detail).toBe(
      'project_class_mismatch',
    )
    const kens = (await ken.post('/projects', { class_id: 1, name: 'Ken’s' })).json()
    expect((await move(kens.project_id)).json().detail).toBe('project_not_found')
    expect((await move(project_id, ken)).json().detail).toBe('session_not_found')
    expect((await mina.patch(url, { title: 'Half', project_id, agent_id: 99 })).json().detail).toBe('agent_not_found')
    expect((await mina.get(url)).json().title).toBe('loose')
    expect((await move(project_id)).statusCode).toBe(200)
    expect((await mina.get(`/projects/${project_id}/sessions`)).json().items).toMatchObject([{ title: 'Moved' }])
    await move(null)
    expect((await mina.get(`/projects/${project_id}/sessions`)).json()).toMatchObject({ items: [], total: 0 })
  })

  it('leave their sessions when they go', async () => {
    const { mina, make, addSession, database } = await school()
    const { project_id } = await make('Essay')
    const sessionId = await addSession(project_id, 'keep me')
    expect((await mina.remove(`/projects/${project_id}`)).statusCode).toBe(204)
    expect((await mina.remove(`/projects/${project_id}`)).json().detail).toBe('project_not_found')
    expect((await mina.get(`/user/practice/sessions/${sessionId}`)).statusCode).toBe(200)
    const { project_id: left } = await database.db
      .selectFrom('practice_sessions')
      .select('project_id')
      .where('session_id', '=', sessionId)
      .executeTakeFirstOrThrow()
    expect(left).toBeNull()
  })
})
