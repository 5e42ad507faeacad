import { describe, expect, it } from 'vitest'
import { testDatabases } from '../../db/testing.ts'
import { appForTest } from '../../testing.ts'

describe.each(testDatabases)('projects of the Weave dialect on $name', ({ open }) => {
  it('are everybody’s own, their classes’, and for admins all there are', async () => {
    const { projects, ada, tutor, bob, boss } = await school(await open())
    const own = await projects.forWriting(ada, 'ada/notes')
    expect(own).toMatchObject({ entity: 'ada', project: 'notes', reads: 'all', changes: 'all' })
    expect(await projects.forReading(ada, 'ada/notes')).toEqual(own)
    expect((await projects.forReading(boss, 'ada/notes')).projectId).toBe(own.projectId)
    await expect(projects.forReading(bob, 'ada/notes')).rejects.toThrow('Project not found')

    const shared = await projects.forWriting(ada, 'first/demo')
    expect(shared).toMatchObject({ reads: 'all', changes: 'own' })
    expect(await projects.forReading(tutor, 'first/demo')).toMatchObject({
      projectId: shared.projectId,
      reads: 'all',
      changes: 'all',
    })
    expect(await projects.forReading(ada, 'first/practice')).toMatchObject({ reads: 'own', changes: 'own' })
    expect(await projects.forReading(tutor, 'first/practice')).toMatchObject({ reads: 'all', changes: 'all' })
    await expect(projects.forWriting(bob, 'first/demo')).rejects.toThrow('Project not found')
    expect(await projects.forWriting(boss, 'lab/new')).toMatchObject({ entity: 'lab', changes: 'all' })
    expect((await projects.forWriting(boss, 'lab/new')).projectId).not.toBe(shared.projectId)
  })

  it('are empty before the first write, and not found when their names are none', async () => {
    const { projects, ada } = await school(await open())
    expect((await projects.forReading(ada, 'ada/never-written')).projectId).toBe(0)
    for (const name of ['ada', 'ada/', '/notes', 'ada/notes/more', 'ada/\0', 'ada/\ud800', 'nobody/notes', ''])
      await expect(projects.forWriting(ada, name), name).rejects.toThrow('Project not found')
  })

  it('stay a class’s when its slug changes, under both names', async () => {
    const { projects, ada, boss, bossAsks, classId } = await school(await open())
    const before = await projects.forWriting(ada, 'first/demo')
    expect((await bossAsks.patch(`/classes/${classId}`, { slug: 'renamed' })).statusCode).toBe(200)
    for (const name of ['renamed/demo', 'first/demo'])
      expect((await projects.forReading(ada, name)).projectId, name).toBe(before.projectId)
    expect((await projects.forWriting(boss, 'first/demo')).projectId).toBe(before.projectId)
  })

  it('cannot be written to when their class is over, only read', async () => {
    const { projects, ada, bossAsks, classId } = await school(await open())
    const before = await projects.forWriting(ada, 'first/demo')
    await bossAsks.patch(`/classes/${classId}`, { status: 'ended' })
    await expect(projects.forWriting(ada, 'first/demo')).rejects.toThrow('has ended')
    expect((await projects.forReading(ada, 'first/demo')).projectId).toBe(before.projectId)
  })

  it('appear once when many write to a new one at the same moment', async () => {
    const { projects, ada } = await school(await open())
    const all = await Promise.all(Array.from({ length: 20 }, () => projects.forWriting(ada, 'ada/race')))
    expect(new Set(all.map(({ projectId }) => projectId)).size).toBe(1)
  })

  it('are not told of by refs: what cannot be read is refused in requests and hidden in replies', async () => {
    const { projects, refs, ada, bob } = await school(await open())
    const access = await projects.forWriting(ada, 'ada/notes')
    const foreign = { deep: [{ ref: 'weave:///bob/secret/object/thing:v0' }] }
    await expect(refs.check(ada, 'ada/notes', foreign)).rejects.toThrow('Project not found')
    await expect(refs.check(ada, 'ada/notes', { a: ['weave:///short'] })).rejects.toThrow('Invalid URI: weave:///short')
    await refs.check(bob, 'bob/other', foreign)
    await refs.check(ada, 'ada/notes', { a: 'weave:///ada/other/call/1', b: 'see weave:///bob/secret/call/1' })
    const texts = [
      JSON.stringify({
        a: 'weave:///bob/secret/call/1',
        b: 'weave:///ada/notes/call/1',
        c: '"weave:///bob/secret/call/1"',
      }),
    ]
    expect((await refs.mask(access, texts)).map((text) => JSON.parse(text))).toEqual([
      { a: 'weave-private://///call/1', b: 'weave:///ada/notes/call/1', c: '"weave:///bob/secret/call/1"' },
    ])
  })
})

async function school(database: Parameters<typeof appForTest>[0]) {
  const { services, person } = await appForTest(database, [])
  const bossAsks = await person('boss', { isAdmin: true })
  for (const handle of ['ada', 'tutor', 'bob']) await person(handle)
  const { class_id: classId } = (
    await bossAsks.post('/classes', { name: 'First', slug: 'first', status: 'active' })
  ).json()
  for (const [handle, role] of Object.entries({ ada: 'student', tutor: 'assistant' }))
    await bossAsks.post(`/classes/${classId}/members`, { handle, role })
  const called = (handle: string) => services.accounts.people.getByHandle(handle)
  return {
    projects: services.weaveProjects,
    refs: services.weaveRefs,
    ada: await called('ada'),
    tutor: await called('tutor'),
    bob: await called('bob'),
    boss: await called('boss'),
    bossAsks,
    classId: classId as number,
  }
}
