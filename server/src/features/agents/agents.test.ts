import { describe, expect, it } from 'vitest'
import { testDatabases } from '../../db/testing.ts'
import { twoClasses } from '../classes/sharing-testing.ts'
import { type AgentSnapshot, redact } from './agent.ts'

const TUTOR = {
  name: 'Tutor',
  role_description: 'Asks back',
  system_prompt: 'Never give the answer at once.',
  examples: [{ input_text: '2+2?', output_text: 'What do you think?' }],
  generation_params: { temperature: 0.3, max_tokens: null },
  skillsets: [],
}

type People = Awaited<ReturnType<typeof twoClasses>>
type Someone = People['sam']

describe.each(testDatabases)('agents on $name', ({ open }) => {
  const school = async () => twoClasses(await open())
  const make = async (who: Someone, extra: object = {}) => (await who.post('/agents', { ...TUTOR, ...extra })).json()

  it('are made with everything they are, and shown so to their owner', async () => {
    const { sam } = await school()
    const created = await sam.post('/agents', { ...TUTOR, name: ' Tutor ' })
    expect([created.statusCode, created.headers.etag]).toEqual([201, '"1"'])
    const agent = created.json()
    expect(agent).toEqual({
      ...TUTOR,
      generation_params: { temperature: 0.3 },
      agent_id: expect.any(Number),
      owner_id: sam.personId,
      version: 1,
      is_prompt_hidden: false,
      is_active: true,
      template_source: null,
      class_ids: [],
      created_at: expect.any(String),
      updated_at: agent.created_at,
    })
    expect((await sam.get(`/agents/${agent.agent_id}`)).json()).toEqual(agent)
    const bare = await sam.post('/agents', { name: 'Bare', system_prompt: 'Hi.' })
    expect(bare.json()).toMatchObject({ role_description: null, examples: [], generation_params: {} })
  })

  it('are listed newest first, by words and place', async () => {
    const { sam } = await school()
    for (const name of ['Apple', 'Pear', '50% apple']) await make(sam, { name, role_description: `Eats ${name}s` })
    const list = async (query: string) => {
      const { items, ...rest } = (await sam.get(`/agents${query}`)).json()
      return { names: items.map(({ name }: { name: string }) => name), ...rest }
    }
    expect(await list('')).toEqual({ names: ['50% apple', 'Pear', 'Apple'], total: 3, page: 1, size: 20 })
    expect(await list('?limit=2&offset=2')).toEqual({ names: ['Apple'], total: 3, page: 2, size: 2 })
    expect(await list('?q=APPLE')).toMatchObject({ names: ['50% apple', 'Apple'], total: 2 })
    expect(await list('?q=eats+pear')).toMatchObject({ names: ['Pear'] })
    expect(await list('?q=0%25')).toMatchObject({ total: 1 })
    for (const query of ['limit=0', 'limit=101', 'offset=-1', 'q=%00', 'limit=x'])
      expect((await sam.get(`/agents?${query}`)).statusCode).toBe(422)
  })

  it('get a new version with every change of what they say, and keep the old ones', async () => {
    const { sam } = await school()
    const { agent_id } = await make(sam)
    const path = `/agents/${agent_id}`
    const changed = await sam.patch(path, { system_prompt: 'Be kind.', examples: null, generation_params: null })
    expect([changed.statusCode, changed.headers.etag]).toEqual([200, '"2"'])
    expect(changed.json()).toMatchObject({
      version: 2,
      name: 'Tutor',
      system_prompt: 'Be kind.',
      examples: [],
      generation_params: {},
    })
    expect((await sam.patch(path, { system_prompt: 'Be kind.' })).json().version).toBe(2)
    expect((await sam.patch(path, {})).json().version).toBe(2)
    expect((await sam.patch(path, { is_active: false, is_prompt_hidden: true })).json()).toMatchObject({
      version: 2,
      is_active: false,
      is_prompt_hidden: true,
    })
    expect((await sam.patch(path, { role_description: null, is_active: true })).json()).toMatchObject({
      version: 3,
      role_description: null,
      is_active: true,
      is_prompt_hidden: true,
    })

    const versions = (await sam.get(`${path}/versions`)).json()
    expect(versions).toMatchObject({ total: 3, page: 1, size: 20 })
    expect(versions.items.map(({ version }: { version: number }) => version)).toEqual([3, 2, 1])
    expect((await sam.get(`${path}/versions?limit=1&offset=1`)).json()).toMatchObject({
      items: [{ version: 2, name: 'Tutor', restored_from: null }],
      page: 2,
    })
    expect((await sam.get(`${path}/versions/1`)).json()).toEqual({
      ...TUTOR,
      generation_params: { temperature: 0.3 },
      agent_id,
      version: 1,
      restored_from: null,
      created_at: expect.any(String),
    })
    expect((await sam.get(`${path}/versions/4`)).json().detail).toBe('agent_version_not_found')
    for (const version of ['0', '-1', 'x', '9'.repeat(30)])
      expect((await sam.get(`${path}/versions/${version}`)).statusCode).toBe(422)
  })

  it('can be brought back to an earlier version, as a new one equal to it', async () => {
    const { sam } = await school()
    const { agent_id } = await make(sam)
    const path = `/agents/${agent_id}`
    await sam.patch(path, { name: 'Other', system_prompt: 'Other.', is_prompt_hidden: true })
    const restored = await sam.post(`${path}/versions/1/restore`)
    expect([restored.statusCode, restored.headers.etag]).toEqual([201, '"3"'])
    expect(restored.json()).toMatchObject({
      ...TUTOR,
      generation_params: { temperature: 0.3 },
      version: 3,
      is_prompt_hidden: true,
    })
    expect((await sam.get(`${path}/versions/3`)).json()).toMatchObject({ restored_from: 1, name: 'Tutor' })
    expect((await sam.get(`${path}/versions/2`)).json()).toMatchObject({ restored_from: null, name: 'Other' })
    expect((await sam.post(`${path}/versions/9/restore`)).json().detail).toBe('agent_version_not_found')
  })

  it('refuse a change that was meant for another version', async () => {
    const { sam } = await school()
    const { agent_id } = await make(sam)
    const path = `/agents/${agent_id}`
    expect((await sam.patch(path, { name: 'B' }, { 'if-match': '"1"' })).json().version).toBe(2)
    for (const headers of [{ 'if-match': '"1"' }, { 'if-match': '1' }, { 'if-match': '3' }]) {
      const late = await sam.patch(path, { name: 'C' }, headers)
      expect([late.statusCode, late.json().detail]).toEqual([412, 'agent_changed'])
      expect((await sam.post(`${path}/versions/1/restore`, undefined, headers)).statusCode).toBe(412)
      expect((await sam.patch(path, { is_active: false }, headers)).statusCode).toBe(412)
    }
    expect((await sam.patch(path, { name: 'C' }, { 'if-match': '2' })).json().version).toBe(3)
    expect((await sam.patch(path, { name: 'D' }, { 'if-match': '*' })).json().version).toBe(4)
    expect((await sam.patch(path, { name: 'E' }, { 'if-match': 'yesterday' })).statusCode).toBe(422)
    expect((await sam.get(path)).json()).toMatchObject({ name: 'D', is_active: true })
  })

  it('lose nothing when several change them at once', async () => {
    const { sam } = await school()
    const { agent_id } = await make(sam)
    const path = `/agents/${agent_id}`
    const replies = await Promise.all([
      sam.patch(path, { name: 'New' }),
      sam.patch(path, { role_description: 'New role' }),
      sam.patch(path, { system_prompt: 'New prompt' }),
      sam.patch(path, { examples: [] }),
    ])
    expect(replies.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 200])
    expect((await sam.get(path)).json()).toMatchObject({
      version: 5,
      name: 'New',
      role_description: 'New role',
      system_prompt: 'New prompt',
      examples: [],
    })
    const sure = await Promise.all(['X', 'Y', 'Z'].map((name) => sam.patch(path, { name }, { 'if-match': '"5"' })))
    expect(sure.map(({ statusCode }) => statusCode).sort()).toEqual([200, 412, 412])
    expect((await sam.get(`${path}/versions`)).json().total).toBe(6)
  })

  it('refuse what is wrong in them, new or changed', async () => {
    const { sam } = await school()
    const { agent_id } = await make(sam)
    const cases: [string, object, string][] = [
      ['a blank name', { name: ' ' }, 'name'],
      ['a name that is too long', { name: 'x'.repeat(101) }, 'name'],
      ['a blank prompt', { system_prompt: '\n' }, 'system_prompt'],
      ['a prompt that is too long', { system_prompt: 'x'.repeat(50_001) }, 'system_prompt'],
      ['a NUL', { system_prompt: 'a\0' }, 'system_prompt'],
      ['a NUL in the role', { role_description: 'a\0' }, 'role_description'],
      ['an example without an answer', { examples: [{ input_text: 'a' }] }, 'examples'],
      ['an example with a key too many', { examples: [{ input_text: 'a', output_text: 'b', id: 1 }] }, 'examples'],
      ['too many examples', { examples: Array(51).fill({ input_text: 'a', output_text: 'b' }) }, 'examples'],
      [
        'too much in the examples',
        { examples: Array(6).fill({ input_text: 'x'.repeat(20_000), output_text: 'y'.repeat(20_000) }) },
        'examples',
      ],
      ['a parameter out of range', { generation_params: { temperature: 3 } }, 'generation_params'],
      ['an unknown parameter', { generation_params: { heat: 3 } }, 'generation_params'],
      ['a NUL in a stop text', { generation_params: { stop: ['\0'] } }, 'generation_params'],
      ['an unknown key', { owner_id: 1 }, 'owner_id'],
    ]
    for (const [what, wrong, field] of cases)
      for (const reply of [
        await sam.post('/agents', { ...TUTOR, ...wrong }),
        await sam.patch(`/agents/${agent_id}`, wrong),
      ])
        expect([reply.statusCode, reply.json().detail[0]?.loc], what).toEqual([
          422,
          expect.arrayContaining(['body', field]),
        ])
    expect((await sam.get('/agents')).json()).toMatchObject({ total: 1, items: [{ version: 1 }] })
  })

  it('refuse addresses that mean nothing', async () => {
    const { sam } = await school()
    for (const id of ['0', '-1', 'abc', '9'.repeat(30)]) {
      const replies = await Promise.all([
        sam.get(`/agents/${id}`),
        sam.patch(`/agents/${id}`, {}),
        sam.remove(`/agents/${id}`),
        sam.get(`/agents/${id}/versions`),
        sam.post(`/agents/${id}/share?class_id=1`),
        sam.post(`/agents/1/share?class_id=${id}`),
        sam.get(`/agents/shared?class_id=${id}`),
      ])
      expect(replies.map(({ statusCode }) => statusCode)).toEqual(Array(7).fill(422))
    }
    expect((await sam.get('/agents/shared')).statusCode).toBe(422)
    expect((await sam.get('/agents/424242')).json().detail).toBe('agent_not_found')
  })

  it('are for their owners alone', async () => {
    const { app, sam, tea, mina, olga, stranger, expired, ours } = await school()
    const { agent_id } = await make(sam, { system_prompt: 'secret' })
    const path = `/agents/${agent_id}`
    for (const other of [tea, mina, olga, stranger]) {
      const replies = await Promise.all([
        other.get(path),
        other.patch(path, { name: 'stolen' }),
        other.remove(path),
        other.get(`${path}/versions`),
        other.get(`${path}/versions/1`),
        other.post(`${path}/versions/1/restore`),
        other.post(`${path}/share?class_id=${ours}`),
        other.remove(`${path}/share?class_id=${ours}`),
        other.post(`${path}/fork`, { class_id: ours }),
      ])
      for (const reply of replies) {
        expect(reply.statusCode).toBe(404)
        expect(reply.body).not.toContain('secret')
      }
      expect((await other.get('/agents')).json()).toMatchObject({ items: [], total: 0 })
    }
    for (const request of [expired.get(path), expired.get('/agents'), expired.get(`/agents/shared?class_id=${ours}`)])
      expect((await request).statusCode).toBe(401)
    expect((await app.inject({ url: path })).statusCode).toBe(401)
    expect((await sam.get(path)).json()).toMatchObject({ name: 'Tutor', version: 1 })
  })

  it('are shared with a class by its teachers and assistants, and taken back', async () => {
    const { tea, ann, sam, mina, olga, stranger, ours, other, setStatus } = await school()
    const { agent_id } = await make(tea)
    const share = (who: Someone, id: number, classId = ours) => who.post(`/agents/${id}/share?class_id=${classId}`)
    const shared = async (who: Someone, query = '') => (await who.get(`/agents/shared?class_id=${ours}${query}`)).json()
    const first = await share(tea, agent_id)
    expect([first.statusCode, first.json()]).toEqual([
      201,
      {
        share_id: expect.any(Number),
        agent_id,
        class_id: ours,
        shared_by_user_id: tea.personId,
        is_active: true,
        created_at: expect.any(String),
      },
    ])
    expect((await share(tea, agent_id)).json()).toEqual(first.json())
    expect((await tea.get(`/agents/${agent_id}`)).json().class_ids).toEqual([ours])
    expect((await share(tea, agent_id, other)).json().detail).toBe('class_not_found')
    const sams = await share(sam, (await make(sam)).agent_id)
    expect([sams.statusCode, sams.json().detail]).toEqual([403, 'class_staff_only'])
    expect((await share(ann, (await make(ann, { name: 'Anns' })).agent_id)).statusCode).toBe(201)

    expect(await shared(mina)).toMatchObject({ total: 2, items: [{ name: 'Anns' }, { agent_id, class_ids: [ours] }] })
    for (const outsider of [olga, stranger]) expect((await shared(outsider)).detail).toBe('class_not_found')
    expect((await mina.get(`/agents/${agent_id}`)).statusCode).toBe(404)

    await tea.patch(`/agents/${agent_id}`, { is_active: false })
    expect((await shared(mina, '&active_only=false')).total).toBe(1)
    expect((await shared(ann, '&active_only=false')).total).toBe(2)
    await tea.patch(`/agents/${agent_id}`, { is_active: true })
    const ended = await tea.remove(`/agents/${agent_id}/share?class_id=${ours}`)
    expect([ended.statusCode, ended.json()]).toEqual([200, { ...first.json(), is_active: false }])
    expect((await tea.remove(`/agents/${agent_id}/share?class_id=${ours}`)).json()).toEqual(ended.json())
    expect((await tea.remove(`/agents/${agent_id}/share?class_id=${other}`)).json().detail).toBe('share_not_found')
    expect((await shared(mina)).total).toBe(1)
    expect((await share(tea, agent_id)).json()).toEqual(first.json())

    await setStatus(ours, 'ended')
    expect((await share(tea, agent_id)).json().detail).toBe('class_not_active')
    expect((await shared(mina)).total).toBe(2)
    expect((await tea.remove(`/agents/${agent_id}`)).statusCode).toBe(204)
    expect((await shared(mina)).total).toBe(1)
  })

  it('with a hidden prompt show it to their owner and to nobody else', async () => {
    const { services, tea, ann, mina, ours } = await school()
    const secret = { system_prompt: 'TOPSECRET', examples: [{ input_text: 'TOPSECRET', output_text: 'TOPSECRET' }] }
    const { agent_id } = await make(tea, { ...secret, is_prompt_hidden: true })
    const path = `/agents/${agent_id}`
    await tea.post(`${path}/share?class_id=${ours}`)
    await tea.patch(path, { name: 'Riddler' })
    expect((await tea.get(path)).json()).toMatchObject({ ...secret, is_prompt_hidden: true })
    expect((await tea.get(`/agents/shared?class_id=${ours}`)).json().items[0]).toMatchObject(secret)
    for (const who of [ann, mina]) {
      const replies = await Promise.all([
        who.get(`/agents/shared?class_id=${ours}`),
        who.get(path),
        who.get(`${path}/versions`),
        who.get(`${path}/versions/1`),
        who.get('/agents?q=TOP'),
        who.post(`${path}/fork`, { class_id: ours }),
        who.post(`${path}/versions/1/restore`),
        who.patch(path, { is_prompt_hidden: false }),
      ])
      for (const reply of replies) expect(reply.body).not.toContain('TOPSECRET')
      expect(replies[0]?.json().items[0]).toMatchObject({
        name: 'Riddler',
        system_prompt: null,
        examples: [],
        is_prompt_hidden: true,
      })
      expect([replies[5]?.statusCode, replies[5]?.json().detail]).toEqual([403, 'agent_prompt_hidden'])
    }
    expect((await tea.post(`${path}/fork`, { class_id: ours })).json()).toMatchObject({
      ...secret,
      owner_id: tea.personId,
    })

    const snapshot = await services.agents.getUsable(mina, ours, agent_id)
    expect(snapshot).toMatchObject({ ...secret, is_hidden: true, source: 'shared', version: 2 })
    expect(redact(snapshot, tea)).toEqual(snapshot)
    for (const viewer of [mina, ann]) {
      const seen = redact(snapshot, viewer)
      expect(seen).toEqual({ ...snapshot, system_prompt: null, examples: [] })
      expect(JSON.stringify(seen)).not.toContain('TOPSECRET')
    }
    const open: AgentSnapshot = { ...snapshot, is_hidden: false }
    expect(redact(open, mina)).toEqual(open)
  })

  it('are copied from a class under a name that is free', async () => {
    const { tea, mina, olga, ours, other } = await school()
    const { agent_id } = await make(tea)
    const fork = (who: Someone, body: object) => who.post(`/agents/${agent_id}/fork`, body)
    expect((await fork(mina, { class_id: ours })).json().detail).toBe('agent_not_found')
    await tea.post(`/agents/${agent_id}/share?class_id=${ours}`)
    await tea.patch(`/agents/${agent_id}`, { system_prompt: 'Second.' })
    const copy = await fork(mina, { class_id: ours })
    expect(copy.statusCode).toBe(201)
    expect(copy.json()).toMatchObject({
      owner_id: mina.personId,
      name: 'Tutor (2)',
      version: 1,
      system_prompt: 'Second.',
      examples: TUTOR.examples,
      generation_params: { temperature: 0.3 },
      template_source: 'class_shared',
      class_ids: [],
    })
    expect((await fork(mina, { class_id: ours })).json().name).toBe('Tutor (3)')
    expect((await fork(mina, { class_id: ours, name: 'Mine' })).json().name).toBe('Mine')
    expect((await fork(mina, { class_id: ours, name: ' ' })).json().name).toBe('Tutor (4)')
    await tea.patch(`/agents/${agent_id}`, { name: '가'.repeat(100) })
    expect((await fork(mina, { class_id: ours })).json().name).toBe(`${'가'.repeat(96)} (2)`)
    expect((await fork(olga, { class_id: ours })).json().detail).toBe('class_not_found')
    expect((await fork(olga, { class_id: other })).json().detail).toBe('agent_not_found')
    for (const body of [{}, { class_id: '1' }, { class_id: -1 }, { class_id: ours, extra: 1 }])
      expect((await fork(mina, body)).statusCode).toBe(422)
    await tea.patch(`/agents/${agent_id}`, { is_active: false })
    expect((await fork(mina, { class_id: ours })).statusCode).toBe(404)
  })

  it('can be used by their owner, and by a class they are shared with, while active', async () => {
    const { services, tea, sam, mina, ours, other } = await school()
    const { agents } = services
    const own = (await make(mina)).agent_id
    expect(await agents.getUsable(mina, ours, own)).toEqual({
      agent_id: own,
      owner_id: mina.personId,
      version: 1,
      name: 'Tutor',
      role_description: 'Asks back',
      system_prompt: TUTOR.system_prompt,
      examples: TUTOR.examples,
      generation_params: { temperature: 0.3 },
      skillsets: [],
      captured_at: expect.any(String),
      source: 'own',
      is_hidden: false,
    })
    await expect(agents.getUsable(sam, ours, own)).rejects.toMatchObject({ code: 'agent_not_found' })
    const { agent_id } = await make(tea)
    await tea.post(`/agents/${agent_id}/share?class_id=${ours}`)
    expect(await agents.getUsable(sam, ours, agent_id)).toMatchObject({ source: 'shared', owner_id: tea.personId })
    expect(await agents.getUsable(tea, ours, agent_id)).toMatchObject({ source: 'own' })
    await expect(agents.getUsable(sam, other, agent_id)).rejects.toMatchObject({ code: 'agent_not_found' })

    await tea.patch(`/agents/${agent_id}`, { name: 'B' })
    expect(await agents.latestVersion(agent_id)).toBe(2)
    await tea.patch(`/agents/${agent_id}`, { is_active: false })
    for (const who of [sam, tea])
      await expect(agents.getUsable(who, ours, agent_id)).rejects.toMatchObject({ code: 'agent_not_found' })
    await tea.patch(`/agents/${agent_id}`, { is_active: true })
    await tea.remove(`/agents/${agent_id}/share?class_id=${ours}`)
    await expect(agents.getUsable(sam, ours, agent_id)).rejects.toMatchObject({ code: 'agent_not_found' })
    await tea.remove(`/agents/${agent_id}`)
    expect(await agents.latestVersion(agent_id)).toBeUndefined()
  })

  it('are at most five hundred a person, with a thousand versions each', async () => {
    const { database, sam, mina } = await school()
    const { agent_id } = await make(sam)
    const row = await database.db
      .selectFrom('agents')
      .selectAll()
      .where('agent_id', '=', agent_id)
      .executeTakeFirstOrThrow()
    await database.db
      .insertInto('agents')
      .values(Array.from({ length: 498 }, (_, index) => ({ ...row, agent_id: 10_000 + index })))
      .execute()
    // Connections that are open already, so that they really come at once.
    await Promise.all(Array.from({ length: 8 }, () => sam.get('/agents')))
    const crowd = await Promise.all(Array.from({ length: 8 }, () => sam.post('/agents', TUTOR)))
    expect(crowd.map(({ statusCode }) => statusCode).sort()).toEqual([201, ...Array(7).fill(409)])
    expect((await sam.post('/agents', TUTOR)).json().detail).toBe('too_many_agents')
    expect((await mina.post('/agents', TUTOR)).statusCode).toBe(201)

    const version = await database.db
      .selectFrom('agent_versions')
      .select(['person_id', 'agent_id', 'name', 'system_prompt', 'created_at'])
      .where('agent_id', '=', agent_id)
      .executeTakeFirstOrThrow()
    await database.db
      .insertInto('agent_versions')
      .values({ ...version, version: 1_000, examples: '[]', generation_params: '{}' })
      .execute()
    await database.db.updateTable('agents').set({ version: 1_000 }).where('agent_id', '=', agent_id).execute()
    const full = await sam.patch(`/agents/${agent_id}`, { name: 'One more' })
    expect([full.statusCode, full.json().detail]).toEqual([409, 'too_many_agent_versions'])
    expect((await sam.patch(`/agents/${agent_id}`, { is_active: false })).statusCode).toBe(200)
  })
})
