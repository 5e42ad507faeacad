import { describe, expect, it } from 'vitest'
import { testDatabases } from '../../../db/testing.ts'
import { twoClasses } from '../../classes/sharing-testing.ts'
import { HOTELS, makeSkillset } from './testing.ts'

const SECRET = 'sk-very-secret-1234'

/** A shared and published skillset of one skill, and what somebody would call it with. */
async function sharedSkill(database: Parameters<typeof twoClasses>[0]) {
  const test = await twoClasses(database)
  const { tea, ours, services } = test
  const { skillset_id, skill_ids } = await makeSkillset(tea)
  await tea.post(`/v1/skillsets/${skillset_id}/versions`)
  await tea.post(`/v1/skillsets/${skillset_id}/share?class_id=${ours}`)
  const path = `/v1/skills/${skill_ids[0]}`
  const secretsOf = async (handle: string, { version = 'latest' as number | 'latest', classId = 0 } = {}) => {
    const person = await services.accounts.people.getByHandle(handle)
    const { skills } = await services.skillsets.getRunnable(person, skillset_id, version)
    return services.skillsets.credentialsFor(person, { ...skills[0]!, ...(classId && { classId }) })
  }
  return { ...test, path, skillset_id, secretsOf }
}

describe.each(testDatabases)('credentials of skills on $name', ({ open }) => {
  it('go in and are never shown again, neither by the API nor by the database', async () => {
    const database = await open()
    const { tea, path } = await sharedSkill(database)
    const set = await tea.put(`${path}/credentials/key`, { secret: SECRET })
    expect([set.statusCode, set.json()]).toEqual([
      200,
      {
        scheme: 'key',
        hint: '…1234',
        origins: ['https://hotels.example'],
        is_usable: true,
        set_by_user_id: expect.any(Number),
        set_at: expect.any(String),
      },
    ])
    await tea.put(`${path}/credentials/login`, { secret: 'tea:password-1' })
    await tea.put(`${path}/credentials/token`, { secret: 'short' })
    const list = await tea.get(`${path}/credentials`)
    expect(list.json()).toMatchObject({
      security_schemes: expect.arrayContaining([
        { name: 'key', kind: 'apiKey', in: 'header', parameter: 'X-Key', description: '' },
      ]),
      items: [
        { scheme: 'key', hint: '…1234' },
        { scheme: 'login', hint: 'tea:…' },
        { scheme: 'token', hint: '…' },
      ],
    })
    const rows = await database.db.selectFrom('skill_person_credentials').selectAll().execute()
    for (const text of [list.body, set.body, JSON.stringify(rows)])
      expect(text).not.toMatch(/very-secret|password-1|short/)
    expect((await tea.remove(`${path}/credentials/key`)).statusCode).toBe(204)
    expect((await tea.remove(`${path}/credentials/key`)).json().detail).toBe('credential_not_found')
  })

  it('are a person’s own before those of the class, and nobody else’s', async () => {
    const { tea, sam, otto, olga, path, ours, other, secretsOf } = await sharedSkill(await open())
    expect(await secretsOf('sam')).toEqual([])
    await tea.put(`${path}/credentials/key`, { secret: 'of tea alone' })
    expect(await secretsOf('tea')).toEqual([{ scheme: 'key', secret: 'of tea alone' }])
    expect(await secretsOf('sam')).toEqual([])
    await tea.put(`${path}/credentials/key?class_id=${ours}`, { secret: 'of the class' })
    await tea.put(`${path}/credentials/token?class_id=${ours}`, { secret: 'token of the class' })
    await sam.put(`${path}/credentials/key`, { secret: 'of sam' })
    expect(await secretsOf('sam')).toEqual([
      { scheme: 'key', secret: 'of sam' },
      { scheme: 'token', secret: 'token of the class' },
    ])
    expect(await secretsOf('sam', { classId: ours })).toHaveLength(2)
    expect(await secretsOf('sam', { classId: other })).toEqual([{ scheme: 'key', secret: 'of sam' }])
    expect(await secretsOf('mina')).toContainEqual({ scheme: 'key', secret: 'of the class' })
    await sam.remove(`${path}/credentials/key`)
    expect(await secretsOf('sam')).toContainEqual({ scheme: 'key', secret: 'of the class' })

    const ofClass = `${path}/credentials/key?class_id=${ours}`
    for (const reply of [
      await sam.put(ofClass, { secret: 'x' }),
      await sam.remove(ofClass),
      await sam.get(`${path}/credentials?class_id=${ours}`),
    ])
      expect([reply.statusCode, reply.json().detail]).toEqual([403, 'class_staff_only'])
    for (const who of [otto, olga]) {
      expect((await who.get(`${path}/credentials`)).statusCode).toBe(404)
      expect((await who.put(`${path}/credentials/key`, { secret: 'x' })).statusCode).toBe(404)
      expect((await who.put(ofClass, { secret: 'x' })).statusCode).toBe(404)
    }
  })

  it('are set by an assistant for the class too', async () => {
    const { ann, path, ours, secretsOf } = await sharedSkill(await open())
    expect((await ann.put(`${path}/credentials/key?class_id=${ours}`, { secret: 'by ann' })).statusCode).toBe(200)
    expect(await secretsOf('sam')).toEqual([{ scheme: 'key', secret: 'by ann' }])
  })

  it('go to the servers they were set for and to no others, whatever the author does', async () => {
    const { tea, sam, path, skillset_id, secretsOf } = await sharedSkill(await open())
    await sam.put(`${path}/credentials/key`, { secret: 'of sam' })
    const document = { ...HOTELS, servers: [{ url: 'https://elsewhere.example' }] }
    await tea.put(`${path}/document`, { document })
    await tea.post(`/v1/skillsets/${skillset_id}/versions`)
    expect(await secretsOf('sam')).toEqual([])
    expect(await secretsOf('sam', { version: 1 })).toEqual([{ scheme: 'key', secret: 'of sam' }])
    expect((await sam.get(`${path}/credentials`)).json().items).toMatchObject([
      { is_usable: false, origins: ['https://hotels.example'] },
    ])
    await sam.put(`${path}/credentials/key`, { secret: 'again' })
    expect(await secretsOf('sam')).toEqual([{ scheme: 'key', secret: 'again' }])
    expect(await secretsOf('sam', { version: 1 })).toEqual([])
  })

  it('are refused where there is nothing to sign in to, and when they cannot be sent', async () => {
    const { tea, path } = await sharedSkill(await open())
    const code = async (scheme: string, secret: unknown) => {
      const reply = await tea.put(`${path}/credentials/${encodeURIComponent(scheme)}`, { secret } as object)
      return [reply.statusCode, reply.json().detail]
    }
    expect(await code('nothing', 'x')).toEqual([400, 'unknown_security_scheme'])
    expect((await code('nul\0', 'x'))[0]).toBe(422)
    expect((await tea.remove(`${path}/credentials/nul%00`)).statusCode).toBe(422)
    expect(await code('login', 'no colon')).toEqual([400, 'invalid_credential'])
    expect(await code('key', 'two\r\nX-Other: lines')).toEqual([400, 'invalid_credential'])
    expect(await code('key', 'nul\0')).toEqual([400, 'invalid_credential'])
    for (const wrong of ['', 'x'.repeat(8_193), 'half \ud83d', 7]) expect((await code('key', wrong))[0]).toBe(422)
    expect((await tea.put('/v1/skills/999999/credentials/key', { secret: 'x' })).statusCode).toBe(404)
    expect((await tea.get(`${path}/credentials`)).json().items).toEqual([])
  })

  it('go with their skill', async () => {
    const database = await open()
    const { tea, path, ours, skillset_id } = await sharedSkill(database)
    await tea.put(`${path}/credentials/key`, { secret: SECRET })
    await tea.put(`${path}/credentials/key?class_id=${ours}`, { secret: SECRET })
    await tea.remove(`/v1/skillsets/${skillset_id}`)
    expect((await tea.remove(path)).statusCode).toBe(204)
    for (const table of ['skill_person_credentials', 'skill_class_credentials'] as const)
      expect(await database.db.selectFrom(table).select('scheme').execute()).toEqual([])
  })
})
