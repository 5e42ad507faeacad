import type { Database } from '../../db/open.ts'
import { AppError, InvalidRequestError, NotFoundError } from '../../errors.ts'
import type { Person } from '../accounts/person.ts'
import { asOf, type Class, type ClassRole, type Membership } from './class.ts'
import { ClassStore } from './store.ts'

/** Who may do what in which class. */
export class ClassService {
  readonly #store: ClassStore
  readonly #now: () => Date

  constructor(deps: { database: Pick<Database, 'db'>; now?: () => Date }) {
    this.#store = new ClassStore(deps.database.db)
    this.#now = deps.now ?? (() => new Date())
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
    return asOf(found, this.#now().toISOString())
  }

  /**
   * The class for somebody who runs it: a teacher or an admin.
   *
   * @throws {NotFoundError} if the class does not exist or the person is not in it.
   * @throws {AppError} `class_teachers_only`.
   */
  async getTaught(person: Person, classId: number): Promise<Class & { role: ClassRole | null }> {
    const found = await this.getReadable(person, classId)
    if (!person.isAdmin && found.role !== 'teacher')
      throw new AppError('forbidden', 'class_teachers_only', `Only teachers may do this in the class ${found.name}.`)
    return found
  }

  /**
   * The class for somebody who looks after it: a teacher, an assistant or an admin.
   *
   * @throws {NotFoundError} if the class does not exist or the person is not in it.
   * @throws {AppError} `class_staff_only`.
   */
  async getStaffed(person: Person, classId: number): Promise<Class & { role: ClassRole | null }> {
    const found = await this.getReadable(person, classId)
    if (!person.isAdmin && found.role !== 'teacher' && found.role !== 'assistant')
      throw new AppError(
        'forbidden',
        'class_staff_only',
        `Only teachers and assistants may do this in the class ${found.name}.`,
      )
    return found
  }

  /** The class for somebody who holds the key to it, a member or not. @throws {NotFoundError} if it does not exist. */
  async getUnjoined(person: Person, classId: number): Promise<Class> {
    const found = await this.#store.findFor(person.personId, classId)
    if (!found) throw new NotFoundError('class', classId)
    return asOf(found, this.#now().toISOString())
  }

  /** Whether somebody may read the sessions that others have in a class: its teachers, its assistants and admins. */
  async canReadSessionsOf(person: Person, classId: number): Promise<boolean> {
    if (person.isAdmin) return true
    const found = await this.#store.findFor(person.personId, classId)
    return found?.role === 'teacher' || found?.role === 'assistant'
  }

  /** The models that some active class of a person allows, by name; null is every model of the catalog. */
  async modelsOf(person: Person): Promise<ReadonlySet<string> | null> {
    const names = new Set<string>()
    for (const { status, allowedModels } of await this.listForPerson(person)) {
      if (status !== 'active') continue
      if (allowedModels === null) return null
      for (const name of allowedModels) names.add(name)
    }
    return names
  }

  /** The class with a slug, whoever asks, and their role in it: null when they are not a member. */
  async findBySlug(person: Person, slug: string): Promise<(Class & { role: ClassRole | null }) | undefined> {
    const found = await this.#store.findBySlug(person.personId, slug)
    return found && asOf(found, this.#now().toISOString())
  }

  /** The class with an id, whoever asks, and their role in it: null when they are not a member. */
  async findById(person: Person, classId: number): Promise<(Class & { role: ClassRole | null }) | undefined> {
    const found = await this.#store.findFor(person.personId, classId)
    return found && asOf(found, this.#now().toISOString())
  }

  /** The classes that a person is a member of, oldest first. */
  async listForPerson(person: Person): Promise<Membership[]> {
    const now = this.#now().toISOString()
    return (await this.#store.listMemberships(person.personId)).map((membership) => asOf(membership, now))
  }
}
