import { describe, expect, it } from 'vitest'
import { testDatabases } from '../../db/testing.ts'
import { accountsForTest } from '../accounts/testing.ts'

describe.each(testDatabases)('classes on $name', ({ open }) => {
  it('let their members and admins ask, and are not there for anybody else', async () => {
    const database = await open()
    const { people, classes } = await accountsForTest(database)
    const member = await people.create({ handle: 'mina' })
    const admin = await people.create({ handle: 'boss', isAdmin: true })
    await addClass(database.db, 7, 'active', ['small', 'large'])

    expect(await classes.getRunnable(member, 1)).toMatchObject({ classId: 1, slug: 'practice', allowedModels: null })
    expect(await classes.getRunnable(admin, 7)).toMatchObject({
      allowedModels: ['small', 'large'],
      primaryModel: 'small',
    })
    await expect(classes.getRunnable(member, 7)).rejects.toMatchObject({ code: 'class_not_found' })
    await expect(classes.getRunnable(admin, 8)).rejects.toMatchObject({ code: 'class_not_found' })
  })

  it.each(['planned', 'ended'] as const)('are not for asking while %s, but stay listed', async (status) => {
    const database = await open()
    const { people, classes } = await accountsForTest(database)
    const member = await people.create({ handle: 'mina' })
    await database.db.updateTable('classes').set({ status }).where('class_id', '=', 1).execute()

    await expect(classes.getRunnable(member, 1)).rejects.toMatchObject({ code: 'class_not_active' })
    expect(await classes.listForPerson(member)).toMatchObject([{ classId: 1, status }])
  })
})

function addClass(
  db: Awaited<ReturnType<(typeof testDatabases)[number]['open']>>['db'],
  classId: number,
  status: 'active',
  models: string[],
) {
  return db
    .insertInto('classes')
    .values({
      class_id: classId,
      slug: `class-${classId}`,
      name: `Class ${classId}`,
      status,
      allowed_models: JSON.stringify(models),
      primary_model: models[0]!,
      created_at: new Date().toISOString(),
    })
    .execute()
}
