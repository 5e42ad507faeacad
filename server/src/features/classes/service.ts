import type { Database } from '../../db/open.ts'
import { InvalidRequestError, NotFoundError } from '../../errors.ts'
import type { Person } from '../accounts/person.ts'
import type { Class, ClassRole, Membership } from './class.ts'
import { ClassStore } from './store.ts'

export class ClassService {
  readonly #store: ClassStore

  constructor(deps: { database: Pick<Database, 'db'> }) {
    this.#store = new ClassStore(deps.database.db)
  }

  /**
   * The class in which a person wants to ask models something. Admins may do so in every class.
   *
   * @throws {NotFoundError} if the class does not exist or the person is not in it.
   * @throws {InvalidRequestError} `class_not_active` before it begins and after it has ended.
   */
  async getRunnable(person: Person, classId: number): Promise<Class> {
    const found = await this.getReadable(person, classId)
    if (found.status !== 'active')
      throw new InvalidRequestError(
        'class_not_active',
        found.status === 'ended' ? `The class ${found.name} has ended.` : `The class ${found.name} has not begun yet.`,
      )
    return found
  }

  /**
   * The class as somebody who may look into it sees it, whatever its status: a member, with their role, or an admin.
   *
   * @throws {NotFoundError} if the class does not exist or the person is not in it.
   */
  async getReadable(person: Person, classId: number): Promise<Class & { role: ClassRole | null }> {
    const found = await this.#store.findFor(person.personId, classId)
    if (!found || (found.role === null && !person.isAdmin)) throw new NotFoundError('class', classId)
    return found
  }

  /** The models that some active class of a person allows, by name; null is every model of the catalog. */
  async modelsOf(person: Person): Promise<ReadonlySet<string> | null> {
    const names = new Set<string>()
    for (const { status, allowedModels } of await this.#store.listMemberships(person.personId)) {
      if (status !== 'active') continue
      if (allowedModels === null) return null
      for (const name of allowedModels) names.add(name)
    }
    return names
  }

  /** The classes that a person is a member of, oldest first. */
  listForPerson(person: Person): Promise<Membership[]> {
    return this.#store.listMemberships(person.personId)
  }
}
