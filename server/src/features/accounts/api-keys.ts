import { createHash, randomBytes } from 'node:crypto'
import type { IdAllocator } from '../../db/ids.ts'
import { AppError, InvalidRequestError, NotFoundError } from '../../errors.ts'
import type { ApiKeyStore } from './api-key-store.ts'
import type { Person } from './person.ts'

/** What is kept and shown of a key; the key itself is known only to its owner. Times are ISO 8601 UTC. */
export type ApiKey = {
  apiKeyId: number
  name: string
  /** Its first characters. */
  hint: string
  createdAt: string
  expiresAt: string | null
  revokedAt: string | null
}

const PREFIX = 'etude_'
/** As base64url they are 43 characters. */
const RANDOM_BYTES = 32
const HINT_CHARACTERS = PREFIX.length + 4
/** What fits into every header: no spaces, nothing that clients would encode in different ways. */
const POSSIBLE_KEY = /^[\x21-\x7e]{1,512}$/
const MAX_NAME_CHARACTERS = 100

/** Keys with which programs speak for a person. */
export class ApiKeyService {
  readonly #store: ApiKeyStore
  readonly #ids: IdAllocator
  readonly #now: () => Date

  constructor(deps: { store: ApiKeyStore; ids: IdAllocator; now: () => Date }) {
    this.#store = deps.store
    this.#ids = deps.ids
    this.#now = deps.now
  }

  /**
   * Makes a key for a person. It is in the reply and nowhere else.
   *
   * @param given `key` makes it exactly this one instead of a random one.
   * @throws {InvalidRequestError} `invalid_name`, `invalid_expires_at` or `invalid_key`.
   * @throws {AppError} `key_taken` when it is, or once was, a key of somebody.
   */
  async create(
    person: Person,
    given: { name: string; expiresAt?: Date | undefined; key?: string | undefined },
  ): Promise<ApiKey & { key: string }> {
    const name = given.name.trim()
    if (name === '' || name.length > MAX_NAME_CHARACTERS)
      throw new InvalidRequestError('invalid_name', `A key's name has 1 to ${MAX_NAME_CHARACTERS} characters.`)
    const now = this.#now()
    if (given.expiresAt && given.expiresAt <= now)
      throw new InvalidRequestError('invalid_expires_at', 'A key cannot expire in the past.')
    const key = given.key ?? PREFIX + randomBytes(RANDOM_BYTES).toString('base64url')
    checkKey(key)

    const apiKey: ApiKey = {
      apiKeyId: await this.#ids.take('api_key'),
      name,
      hint: hintOf(key),
      createdAt: now.toISOString(),
      expiresAt: given.expiresAt?.toISOString() ?? null,
      revokedAt: null,
    }
    if (!(await this.#store.insert(person.personId, apiKey, hashOf(key)))) throw keyTaken()
    return { ...apiKey, key }
  }

  /** @throws {AppError} `invalid_key` or `key_taken`, when {@link create} would refuse a key that is given by hand. */
  async checkUsable(key: string): Promise<void> {
    checkKey(key)
    if (await this.#store.findByHash(hashOf(key))) throw keyTaken()
  }

  /** Whose key it is, unless it has expired or was revoked. Asked for nearly every request. */
  async findPersonByKey(key: string): Promise<Person | undefined> {
    const found = await this.#store.findByHash(hashOf(key))
    if (!found || found.revokedAt !== null) return undefined
    if (found.expiresAt !== null && found.expiresAt <= this.#now().toISOString()) return undefined
    return found.person
  }

  /** All keys that a person ever had, newest first. */
  list(person: Person): Promise<ApiKey[]> {
    return this.#store.list(person.personId)
  }

  /**
   * Ends a key at once. Ending it again changes nothing.
   *
   * @throws {NotFoundError} if the person has no such key.
   */
  async revoke(person: Person, apiKeyId: number): Promise<void> {
    if (!(await this.#store.revoke(person.personId, apiKeyId, this.#now().toISOString())))
      throw new NotFoundError('api key', apiKeyId)
  }
}

function checkKey(key: string): void {
  if (!POSSIBLE_KEY.test(key))
    throw new InvalidRequestError('invalid_key', 'A key has 1 to 512 printable ASCII characters and no spaces.')
}

function keyTaken(): AppError {
  return new AppError('conflict', 'key_taken', 'This key is or was in use already; choose another one.')
}

/** Keys are long random strings, so a fast hash keeps them as safe as a slow one would. */
function hashOf(key: string): string {
  return createHash('sha256').update(key).digest('hex')
}

/** Never more than a quarter of a key that was given by hand. */
function hintOf(key: string): string {
  const shown =
    key.startsWith(PREFIX) && key.length >= 4 * HINT_CHARACTERS
      ? HINT_CHARACTERS
      : Math.min(4, Math.floor(key.length / 4))
  return `${key.slice(0, shown)}…`
}
