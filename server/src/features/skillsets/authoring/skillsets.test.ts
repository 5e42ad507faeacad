import { describe, expect, it } from 'vitest'
import { testDatabases } from '../../../db/testing.ts'
import { twoClasses } from '../../classes/sharing-testing.ts'
import { MAX_VERSIONS } from '../skill.ts'
import { HOTELS, makeSkill, makeSkillset } from './testing.ts'

const DEMONSTRATION = {
  query: 'Hotels in Jeju?',
  steps: [{ skill: 'hotels', operation_id: 'searchHotels', arguments: { area: 'Jeju' } }],
  answer: 'There are two.',
}

describe.each(testDatabases)('skillsets on $name', ({ open }) => {
  it('are drafts of up to ten skills in an order, with an id that nobody guesses', async () => {
    const { tea } = await twoClasses(await open())
    const { skill_id: first } = await makeSkill(tea, 'Hotels')
    const { skill_id: second } = await makeSkill(tea, 'Flights')
    const reply = await tea.post('/v1/skillsets', {
      name: ' 여행 ',
      instructions: 'Be brief.',
      answer_format: 'A table.',
      model_name: 'one',
      skill_ids: [second, first],
      demonstrations: [DEMONSTRATION],
    })
    expect([reply.statusCode, reply.headers.etag]).toEqual([201, '"1"'])
    expect(reply.json()).toMatchObject({
      skillset_id: expect.stringMatching(/^[a-z0-9]{8}$/),
      revision: 1,
      latest_version: null,
      name: '여행',
      instructions: 'Be brief.',
      answer_format: 'A table.',
      model_name: 'one',
      skills: [
        { skill_id: second, name_for_human: 'Flights', name_for_model: 'flights', enabled_count: 3 },
        { skill_id: first, name_for_human: 'Hotels' },
      ],
      demonstrations: [DEMONSTRATION],
      class_ids: [],
    })
    const path = `/v1/skillsets/${reply.json().skillset_id}`
    const changed = await tea.patch(path, { skill_ids: [first, second], model_name: null, description: '' })
    expect([changed.headers.etag, changed.json().model_name]).toEqual(['"2"', null])
    expect(changed.json().skills.map((one: { skill_id: number }) => one.skill_id)).toEqual([first, second])
    expect(changed.json().demonstrations).toEqual([DEMONSTRATION])
    expect((await tea.patch(path, { skill_ids: [first, second] })).json().revision).toBe(2)
    expect((await tea.get('/v1/skillsets?q=여')).json()).toMatchObject({ total: 1, page: 1, size: 50 })
    expect((await tea.get('/v1/skillsets?q=z')).json()).toMatchObject({ total: 0, items: [] })
    expect((await tea.remove(path)).statusCode).toBe(204)
    expect((await tea.get(path)).json().detail).toBe('skillset_not_found')
  })

  it('refuse what does not belong together, before anything is stored', async () => {
    const { tea, ann } = await twoClasses(await open())
    const hotels = (await makeSkill(tea, 'Hotels')).skill_id
    const others = (await makeSkill(ann, 'Others')).skill_id
    const alike = (
      await tea.post('/v1/skills', { document: HOTELS, name_for_human: 'hotels', name_for_model: 'h2' })
    ).json()
    const eleven = []
    for (let number = 0; number < 11; number++) eleven.push((await makeSkill(tea, `Skill ${number}`)).skill_id)
    const code = async (body: object) => {
      const reply = await tea.post('/v1/skillsets', { name: 'Trips', ...body })
      return [reply.statusCode, reply.json().detail]
    }
    expect(await code({ skill_ids: eleven })).toEqual([400, 'too_many_skills'])
    expect(await code({ skill_ids: [hotels, hotels] })).toEqual([400, 'duplicate_skill_ids'])
    expect(await code({ skill_ids: [hotels, others] })).toEqual([400, 'unknown_skills'])
    expect(await code({ skill_ids: [hotels, 999_999] })).toEqual([400, 'unknown_skills'])
    expect(await code({ skill_ids: [hotels, alike.skill_id] })).toEqual([400, 'duplicate_skill_names'])
    expect(await code({ model_name: 'nobody' })).toEqual([400, 'model_not_found'])
    const step = DEMONSTRATION.steps[0]
    for (const wrong of [
      { name: '' },
      { name: 'nul\0' },
      { name: 'x'.repeat(101) },
      { instructions: 'x'.repeat(20_001) },
      { answer_format: 'x'.repeat(4_001) },
      { demonstrations: Array(51).fill(DEMONSTRATION) },
      { demonstrations: [{ ...DEMONSTRATION, query: '' }] },
      { demonstrations: [{ ...DEMONSTRATION, answer: 'x'.repeat(20_001) }] },
      { demonstrations: [{ ...DEMONSTRATION, steps: Array(11).fill(step) }] },
      { demonstrations: [{ ...DEMONSTRATION, steps: [{ ...step, arguments: { long: 'x'.repeat(20_000) } }] }] },
      { skill_ids: ['x'] },
      { unknown: 1 },
    ])
      expect([wrong, (await code(wrong))[0]]).toEqual([wrong, 422])
    expect((await tea.get('/v1/skillsets')).json().total).toBe(0)
    const half = (await tea.post('/v1/skillsets', { name: 'half \ud83d', instructions: '\ud83d' })).json()
    expect(half).toMatchObject({ name: 'half \ufffd', instructions: '\ufffd' })
    for (const id of ['x', 'ABCDEFGH', 'abcdefghi', '../../..', 'abcdefg%00'])
      expect((await tea.get(`/v1/skillsets/${encodeURIComponent(id)}`)).statusCode).toBe(422)
    expect((await tea.get('/v1/skillsets/aaaaaaaa')).statusCode).toBe(404)
  })

  it('publish versions that never change, whatever becomes of their skills', async () => {
    const { tea } = await twoClasses(await open())
    const { skillset_id, skill_ids } = await makeSkillset(tea, ['Hotels'], { instructions: 'First.' })
    const path = `/v1/skillsets/${skillset_id}`
    const published = await tea.post(`${path}/versions`)
    expect([published.statusCode, published.json()]).toEqual([201, { skillset_id, version: 1 }])
    const before = (await tea.get(`${path}/versions/1`)).json()
    expect(before).toMatchObject({
      version: 1,
      instructions: 'First.',
      skills: [{ skill_id: skill_ids[0], name_for_model: 'hotels', source: { title: 'Hotel Search' } }],
    })
    expect(before.skills[0].operations).toHaveLength(3)
    await tea.patch(path, { instructions: 'Second.', name: 'Renamed' })
    await tea.patch(`/v1/skills/${skill_ids[0]}`, { operations: [{ operation_id: 'getHotel', is_enabled: false }] })
    expect((await tea.get(`${path}/versions/1`)).json()).toEqual(before)
    await tea.post(`${path}/versions`)
    expect((await tea.get(`${path}/versions/latest`)).json()).toMatchObject({ version: 2, name: 'Renamed' })
    expect((await tea.get(`${path}/versions`)).json()).toMatchObject({
      total: 2,
      items: [
        { version: 2, name: 'Renamed', skill_count: 1, is_in_use: false },
        { version: 1, name: 'Trips', is_pinned: false },
      ],
    })
    expect((await tea.get(path)).json().latest_version).toBe(2)
    expect((await tea.get(`${path}/versions/3`)).json().detail).toBe('skillset_version_not_found')
    for (const version of ['0', '-1', 'x', 'newest', '9'.repeat(30)])
      expect((await tea.get(`${path}/versions/${version}`)).statusCode).toBe(422)
  })

  it('do not publish what no model could use, nor another draft than was meant', async () => {
    const { tea } = await twoClasses(await open())
    const { skillset_id } = (await tea.post('/v1/skillsets', { name: 'Empty' })).json()
    const path = `/v1/skillsets/${skillset_id}`
    expect((await tea.post(`${path}/versions`)).json().detail).toBe('skillset_is_empty')
    expect((await tea.get(`${path}/versions/latest`)).json().detail).toBe('skillset_version_not_found')
    const { skill_id } = await makeSkill(tea)
    await tea.patch(path, { skill_ids: [skill_id] })
    expect((await tea.post(`${path}/versions`, undefined, { 'if-match': '"1"' })).statusCode).toBe(412)
    expect((await tea.post(`${path}/versions`, undefined, { 'if-match': '"2"' })).json().version).toBe(1)
    const edits = await Promise.all(['A', 'B'].map((name) => tea.patch(path, { name }, { 'if-match': '"2"' })))
    expect(edits.map(({ statusCode }) => statusCode).toSorted()).toEqual([200, 412])
  })

  it('number versions without a gap when many publish at once', async () => {
    const { tea } = await twoClasses(await open())
    const { skillset_id } = await makeSkillset(tea)
    const path = `/v1/skillsets/${skillset_id}/versions`
    const replies = await Promise.all(Array.from({ length: 8 }, () => tea.post(path)))
    const numbers = replies.map((reply) => reply.json().version).toSorted((a, b) => a - b)
    expect(numbers).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
  })

  it('keep 50 versions: the oldest goes, but none that is pinned or in use', async () => {
    const database = await open()
    const { tea, services } = await twoClasses(database)
    const { skillset_id, skill_ids } = await makeSkillset(tea)
    const path = `/v1/skillsets/${skillset_id}`
    const publish = () => tea.post(`${path}/versions`)
    const versions = async () =>
      (await tea.get(`${path}/versions?size=200`)).json().items.map((one: { version: number }) => one.version)
    for (let number = 1; number <= MAX_VERSIONS; number++) {
      // Every version has another state of the skill.
      await tea.patch(`/v1/skills/${skill_ids[0]}`, { description_for_model: `State ${number}` })
      await publish()
    }
    expect((await tea.put(`${path}/versions/1/pin`)).statusCode).toBe(204)
    await services.skillsets.hold(skillset_id, 2, 'agent 7')
    await publish()
    expect((await versions()).toSorted((a: number, b: number) => a - b).slice(0, 3)).toEqual([1, 2, 4])
    expect((await tea.get(`${path}/versions/3`)).statusCode).toBe(404)
    const contents = await database.db.selectFrom('skillset_skill_contents').select('digest').execute()
    expect(contents).toHaveLength(MAX_VERSIONS - 1)
    expect((await tea.get(`${path}/versions/1`)).json().skills[0].description_for_model).toBe('State 1')

    for (const version of await versions()) await tea.put(`${path}/versions/${version}/pin`)
    const full = await publish()
    expect([full.statusCode, full.json().detail]).toEqual([409, 'too_many_skillset_versions'])
    expect((await tea.get(path)).json().latest_version).toBe(MAX_VERSIONS + 1)
    await tea.remove(`${path}/versions/2/pin`)
    expect((await publish()).statusCode).toBe(409)
    const inUse = await tea.remove(path)
    expect([inUse.statusCode, inUse.json().detail]).toEqual([409, 'skillset_in_use'])
    await services.skillsets.release('agent 7')
    expect((await publish()).json().version).toBe(MAX_VERSIONS + 2)
    await expect(services.skillsets.hold(skillset_id, 2, 'agent 7')).rejects.toThrow('was not found')
    expect((await tea.put(`${path}/versions/2/pin`)).statusCode).toBe(404)
    expect((await tea.remove(path)).statusCode).toBe(204)
    expect(await database.db.selectFrom('skillset_skill_contents').select('digest').execute()).toEqual([])
  })

  it('say what is not the same in two versions, or in one and the draft', async () => {
    const { tea } = await twoClasses(await open())
    const { skillset_id, skill_ids } = await makeSkillset(tea, ['Hotels', 'Flights'])
    const path = `/v1/skillsets/${skillset_id}`
    await tea.post(`${path}/versions`)
    const compare = async (query: string) => (await tea.get(`${path}/versions/compare?${query}`)).json()
    expect(await compare('from=1&to=draft')).toEqual({ differences: [], is_truncated: false })
    await tea.patch(`/v1/skills/${skill_ids[0]}`, {
      operations: [{ operation_id: 'searchHotels', summary: 'New', hint: { fields: ['a'], max_items: null } }],
    })
    const { skill_id: weather } = await makeSkill(tea, 'Weather')
    await tea.patch(path, { instructions: 'New.', skill_ids: [weather, skill_ids[0]], demonstrations: [DEMONSTRATION] })
    const { differences } = await compare('from=latest&to=draft')
    expect(differences).toEqual([
      { path: ['instructions'], kind: 'changed', before: '', after: 'New.' },
      { path: ['skills', 'Flights'], kind: 'removed', before: 'Flights', after: null },
      { path: ['skills', 'Weather'], kind: 'added', before: null, after: 'Weather' },
      {
        path: ['skills', 'Hotels', 'operations', 'searchHotels', 'summary'],
        kind: 'changed',
        before: 'Search hotels',
        after: 'New',
      },
      {
        path: ['skills', 'Hotels', 'operations', 'searchHotels', 'hint', 'fields', '0'],
        kind: 'added',
        before: null,
        after: 'a',
      },
      expect.objectContaining({ path: ['demonstrations', '0'], kind: 'added', before: null }),
    ])
    await tea.post(`${path}/versions`)
    expect((await compare('from=1&to=2')).differences).toEqual(differences)
    expect((await tea.get(`${path}/versions/compare?from=1&to=9`)).statusCode).toBe(404)
    for (const query of ['', 'from=1', 'from=0&to=1', 'from=x&to=1'])
      expect((await tea.get(`${path}/versions/compare?${query}`)).statusCode).toBe(422)
  })

  it('go back to a version, with skills that were changed or removed since', async () => {
    const { tea } = await twoClasses(await open())
    const { skillset_id, skill_ids } = await makeSkillset(tea, ['Hotels', 'Flights', 'Weather'], {
      instructions: 'One.',
    })
    const path = `/v1/skillsets/${skillset_id}`
    await tea.post(`${path}/versions`)
    const [hotels, flights, weather] = skill_ids
    // One is changed, one is gone, one is changed and used elsewhere too.
    await tea.patch(`/v1/skills/${hotels}`, { description_for_model: 'Changed.' })
    await tea.patch(path, { instructions: 'Two.', skill_ids: [hotels, weather], demonstrations: [DEMONSTRATION] })
    await tea.post(`${path}/versions`)
    expect((await tea.remove(`/v1/skills/${flights}`)).statusCode).toBe(204)
    const other = (await tea.post('/v1/skillsets', { name: 'Other', skill_ids: [weather] })).json()
    await tea.patch(`/v1/skills/${weather}`, { description_for_model: 'Changed for the other.' })

    const { revision } = (await tea.get(path)).json()
    expect(
      (await tea.post(`${path}/versions/1/restore`, undefined, { 'if-match': `"${revision - 1}"` })).statusCode,
    ).toBe(412)
    const restored = await tea.post(`${path}/versions/1/restore`, undefined, { 'if-match': `"${revision}"` })
    expect(restored.statusCode).toBe(200)
    expect(restored.json()).toMatchObject({ instructions: 'One.', demonstrations: [], revision: revision + 1 })
    const now = restored.json().skills.map((one: { skill_id: number }) => one.skill_id)
    expect(now.slice(0, 2)).toEqual([hotels, flights])
    expect(now[2]).not.toBe(weather)
    const description = async (id: number) => (await tea.get(`/v1/skills/${id}`)).json().description_for_model
    expect(await description(hotels!)).toBe('Finds and books hotels.')
    expect(await description(now[2])).toBe('Finds and books hotels.')
    expect(await description(weather!)).toBe('Changed for the other.')
    expect((await tea.get(`/v1/skillsets/${other.skillset_id}`)).json().skills).toMatchObject([{ skill_id: weather }])

    expect((await tea.post(`${path}/versions`)).json().version).toBe(3)
    expect((await tea.post(`${path}/versions/9/restore`)).statusCode).toBe(404)
  })

  it('are used by their owner, by admins and by those in an active class they are shared with', async () => {
    const test = await twoClasses(await open())
    const { tea, ann, sam, otto, olga, stranger, ours, other, services, setStatus } = test
    const boss = await test.person('boss', { isAdmin: true })
    const { skillset_id } = await makeSkillset(tea)
    const path = `/v1/skillsets/${skillset_id}`
    const runs = async (handle: string) => {
      const person = await services.accounts.people.getByHandle(handle)
      return services.skillsets.getRunnable(person, skillset_id, 'latest').then(
        ({ version }) => version,
        (error) => error.code,
      )
    }
    const shared = async (who: typeof sam) => (await who.get(`/v1/skillsets/shared?class_id=${ours}`)).json().items
    expect((await sam.post(`${path}/share?class_id=${ours}`)).statusCode).toBe(404)
    expect((await tea.post(`${path}/share?class_id=${other}`)).statusCode).toBe(404)
    expect((await tea.post(`${path}/share?class_id=${ours}`)).json()).toMatchObject({ class_id: ours, is_active: true })
    expect(await runs('tea')).toBe('skillset_version_not_found')
    expect(await shared(sam)).toEqual([])
    await tea.post(`${path}/versions`)
    await tea.patch(path, { name: 'Not published' })

    expect(await Promise.all(['tea', 'sam', 'boss'].map(runs))).toEqual([1, 1, 1])
    expect(await Promise.all(['otto', 'olga', 'stranger'].map(runs))).toEqual(Array(3).fill('skillset_not_found'))
    expect(await shared(sam)).toMatchObject([
      { skillset_id, name: 'Trips', latest_version: 1, skills: [{ name_for_human: 'Hotels' }] },
    ])
    expect((await olga.get(`/v1/skillsets/shared?class_id=${ours}`)).statusCode).toBe(404)
    for (const who of [ann, sam, otto, olga, stranger, boss]) {
      expect((await who.get(path)).statusCode).toBe(404)
      expect((await who.get(`${path}/versions/1`)).statusCode).toBe(404)
      expect((await who.post(`${path}/versions`)).statusCode).toBe(404)
    }
    await setStatus(ours, 'ended')
    expect(await runs('sam')).toBe('skillset_not_found')
    await setStatus(ours, 'active')
    expect((await tea.remove(`${path}/share?class_id=${ours}`)).json().is_active).toBe(false)
    expect(await runs('sam')).toBe('skillset_not_found')
    expect(await shared(sam)).toEqual([])
    expect((await tea.remove(`${path}/share?class_id=${other}`)).statusCode).toBe(404)
    await expect(services.skillsets.getRunnable({ personId: 1 } as never, 'a\0b', 1)).rejects.toThrow('was not found')
  })
})
