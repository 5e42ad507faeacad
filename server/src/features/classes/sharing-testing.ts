import type { Database } from '../../db/open.ts'
import { ScriptedModel } from '../../models/testing.ts'
import { appForTest } from '../../testing.ts'
import type { ClassRole } from './class.ts'

/**
 * Two classes with people in them: `ours`, which Tea teaches, Ann assists and Sam and Mina learn in, and `other` with
 * a teacher and a student of its own; a stranger in neither, and Sam's key that has expired.
 */
export async function twoClasses(
  database: Database,
  model = new ScriptedModel('one', [{ type: 'text-delta', text: 'fine' }]),
) {
  const test = await appForTest(database, [model])
  const [ours, other] = [50, 51]
  for (const class_id of [ours, other])
    await database.db
      .insertInto('classes')
      .values({
        class_id,
        slug: `class-${class_id}`,
        name: `Class ${class_id}`,
        status: 'active',
        created_at: new Date().toISOString(),
      })
      .execute()

  async function member(handle: string, ...memberships: [number, ClassRole][]) {
    const person = await test.person(handle)
    const { personId } = await test.services.accounts.people.getByHandle(handle)
    // Everybody begins in the first class; here nobody shares one by accident.
    await database.db.deleteFrom('class_members').where('person_id', '=', personId).execute()
    for (const [class_id, role] of memberships)
      await database.db
        .insertInto('class_members')
        .values({ class_id, person_id: personId, role, created_at: new Date().toISOString() })
        .execute()
    return { ...person, personId }
  }

  const people = {
    tea: await member('tea', [ours, 'teacher']),
    ann: await member('ann', [ours, 'assistant']),
    sam: await member('sam', [ours, 'student']),
    mina: await member('mina', [ours, 'student']),
    otto: await member('otto', [other, 'teacher']),
    olga: await member('olga', [other, 'student']),
    stranger: await member('stranger'),
    expired: await member('expired', [ours, 'student']),
  }
  await database.db
    .updateTable('api_keys')
    .set({ expires_at: '2020-01-01T00:00:00.000Z' })
    .where('person_id', '=', people.expired.personId)
    .execute()
  const setStatus = (classId: number, status: 'planned' | 'active' | 'ended') =>
    database.db.updateTable('classes').set({ status }).where('class_id', '=', classId).execute()
  return { ...test, ...people, ours, other, setStatus }
}
