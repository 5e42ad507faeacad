import { describe, expect, it } from 'vitest'
import { testDatabases } from '../../db/testing.ts'
import { accountsForTest } from './testing.ts'

describe.each(testDatabases)('people on $name', ({ open }) => {
  it('join the first class: admins as teachers, all others as students', async () => {
    const { people, classes } = await accountsForTest(await open())
    const student = await people.create({ handle: 'mina', name: '  민아 ' })
    const admin = await people.create({ handle: '0.boss_x-y', isAdmin: true })

    expect(await classes.listForPerson(student)).toMatchObject([{ classId: 1, role: 'student', allowedModels: null }])
    expect(await classes.listForPerson(admin)).toMatchObject([{ classId: 1, role: 'teacher' }])
    expect(await people.list()).toMatchObject([
      { handle: '0.boss_x-y', name: '0.boss_x-y', isAdmin: true },
      { handle: 'mina', name: '민아', isAdmin: false },
    ])
    expect(await people.getByHandle('mina')).toEqual(student)
  })

  it('are refused when their handle is taken, or is none', async () => {
    const { people } = await accountsForTest(await open())
    await people.create({ handle: 'mina' })

    await expect(people.create({ handle: 'mina' })).rejects.toMatchObject({ code: 'handle_taken' })
    for (const handle of ['', 'Mina', '-mina', '.mina', 'mi na', '민아', 'x'.repeat(65), 'mina\n', '../etc'])
      await expect(people.create({ handle })).rejects.toMatchObject({ code: 'invalid_handle' })
    await expect(people.create({ handle: 'long', name: 'x'.repeat(129) })).rejects.toMatchObject({
      code: 'invalid_name',
    })
    await expect(people.getByHandle('nobody')).rejects.toMatchObject({ code: 'person_not_found' })
    expect(await people.list()).toHaveLength(1)
  })
})
