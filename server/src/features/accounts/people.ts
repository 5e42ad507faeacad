import type { IdAllocator } from '../../db/ids.ts'
import { AppError, InvalidRequestError, NotFoundError } from '../../errors.ts'
import type { ClassRole } from '../classes/class.ts'
import type { Enrolled, PeopleStore } from './people-store.ts'
import type { Person } from './person.ts'

const HANDLE = /^[a-z0-9][a-z0-9._-]{0,63}$/
const MAX_NAME_CHARACTERS = 128
/** The class "Practice", which exists from the first migration on: who is new can begin at once. */
const FIRST_CLASS_ID = 1

export class PeopleService {
  readonly #store: PeopleStore
  readonly #ids: IdAllocator
  readonly #now: () => Date

  constructor(deps: { store: PeopleStore; ids: IdAllocator; now: () => Date }) {
    this.#store = deps.store
    this.#ids = deps.ids
    this.#now = deps.now
  }

  /**
   * Adds a person, who becomes a student of the first class, or its teacher as an admin.
   *
   * @throws {InvalidRequestError} `invalid_handle` or `invalid_name`.
   * @throws {AppError} `handle_taken`.
   */
  async create(given: { handle: string; name?: string | undefined; isAdmin?: boolean }): Promise<Person> {
    const { handle, name } = checkCalled(given)
    const person: Person = { personId: await this.#ids.take('person'), handle, name, isAdmin: given.isAdmin ?? false }
    const role = person.isAdmin ? 'teacher' : 'student'
    if (!(await this.#store.insert(person, { classId: FIRST_CLASS_ID, role }, this.#now().toISOString())))
      throw handleTaken(handle)
    return person
  }

  /**
   * Makes everybody on a list a member of a class, all or nothing; those who do not exist are added first, and are in
   * no other class. Who is a member already keeps their role.
   *
   * @throws {InvalidRequestError} `invalid_handle` or `invalid_name`.
   * @throws {AppError} `handle_taken` by a class, as its slug.
   */
  async enrol(
    classId: number,
    list: readonly { handle: string; name?: string | undefined; role: ClassRole }[],
  ): Promise<Enrolled> {
    const called = list.map((one) => ({ ...checkCalled(one), role: one.role }))
    const existing = await this.#store.findHandles(called.map(({ handle }) => handle))
    const missing = called.filter(({ handle }) => !existing.has(handle))
    const [slug] = await this.#store.findSlugs(missing.map(({ handle }) => handle))
    if (slug !== undefined) throw handleTaken(slug)
    const firstId = missing.length > 0 ? await this.#ids.take('person', missing.length) : 0
    return this.#store.enrol(
      classId,
      new Map(called.map(({ handle, role }) => [handle, role])),
      missing.map(({ handle, name }, index) => ({ personId: firstId + index, handle, name, isAdmin: false })),
      this.#now().toISOString(),
    )
  }

  /** @throws {NotFoundError} if nobody has the handle. */
  async getByHandle(handle: string): Promise<Person> {
    const person = await this.#store.findByHandle(handle)
    if (!person) throw new NotFoundError('person', handle)
    return person
  }

  find(personId: number): Promise<Person | undefined> {
    return this.#store.find(personId)
  }

  /** The admin who has been here longest. */
  findFirstAdmin(): Promise<Person | undefined> {
    return this.#store.findFirstAdmin()
  }

  /** Everybody, by handle. */
  list(): Promise<(Person & { createdAt: string })[]> {
    return this.#store.list()
  }
}

function handleTaken(handle: string): AppError {
  return new AppError(
    'conflict',
    'handle_taken',
    `There is already somebody with the handle ${handle}, or a class with that slug.`,
  )
}

/**
 * What somebody new is called: blank names become the handle.
 *
 * @throws {InvalidRequestError} `invalid_handle` or `invalid_name`.
 */
export function checkCalled(given: { handle: string; name?: string | undefined }): { handle: string; name: string } {
  const { handle } = given
  if (!HANDLE.test(handle))
    throw new InvalidRequestError(
      'invalid_handle',
      `A handle has 1 to 64 lower-case letters, digits and . _ - and begins with a letter or digit; ${JSON.stringify(handle)} does not.`,
    )
  const name = given.name?.trim().toWellFormed() || handle
  if (name.length > MAX_NAME_CHARACTERS)
    throw new InvalidRequestError('invalid_name', `A name has at most ${MAX_NAME_CHARACTERS} characters.`)
  if (name.includes('\0')) throw new InvalidRequestError('invalid_name', 'A name has no NUL character.')
  return { handle, name }
}
