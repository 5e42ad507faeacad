import type { IdAllocator } from '../../db/ids.ts'
import { AppError, InvalidRequestError, NotFoundError } from '../../errors.ts'
import type { PeopleStore } from './people-store.ts'
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
    const { handle } = given
    if (!HANDLE.test(handle))
      throw new InvalidRequestError(
        'invalid_handle',
        `A handle has 1 to 64 lower-case letters, digits and . _ - and begins with a letter or digit; ${JSON.stringify(handle)} does not.`,
      )
    const name = given.name?.trim() || handle
    if (name.length > MAX_NAME_CHARACTERS)
      throw new InvalidRequestError('invalid_name', `A name has at most ${MAX_NAME_CHARACTERS} characters.`)

    const person: Person = { personId: await this.#ids.take('person'), handle, name, isAdmin: given.isAdmin ?? false }
    const role = person.isAdmin ? 'teacher' : 'student'
    if (!(await this.#store.insert(person, { classId: FIRST_CLASS_ID, role }, this.#now().toISOString())))
      throw new AppError('conflict', 'handle_taken', `There is already somebody with the handle ${handle}.`)
    return person
  }

  /** @throws {NotFoundError} if nobody has the handle. */
  async getByHandle(handle: string): Promise<Person> {
    const person = await this.#store.findByHandle(handle)
    if (!person) throw new NotFoundError('person', handle)
    return person
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
