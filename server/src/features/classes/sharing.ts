import { InvalidRequestError } from '../../errors.ts'
import type { Person } from '../accounts/person.ts'
import type { ClassRole } from './class.ts'
import type { ClassService } from './service.ts'

/**
 * Makes sure that a person may put something of theirs before a class: its teachers, its assistants and admins may,
 * until it ends.
 *
 * @throws {NotFoundError} if the class does not exist or the person is not in it.
 * @throws {AppError} `class_staff_only`.
 * @throws {InvalidRequestError} `class_not_active`.
 */
export async function checkMayShare(
  classes: Pick<ClassService, 'getStaffed'>,
  person: Person,
  classId: number,
): Promise<void> {
  const { name, status } = await classes.getStaffed(person, classId)
  if (status === 'ended') throw new InvalidRequestError('class_not_active', `The class ${name} has ended.`)
}

/** Whether somebody looks after a class rather than learning in it. */
export function isStaff(person: Person, role: ClassRole | null): boolean {
  return person.isAdmin || role === 'teacher' || role === 'assistant'
}
