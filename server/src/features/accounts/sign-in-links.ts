import { createHash, randomBytes } from 'node:crypto'
import type { Kysely } from 'kysely'
import type { Tables } from '../../db/tables.ts'
import type { Person } from './person.ts'

const TOKEN_BYTES = 32
const DEFAULT_LIFETIME_MS = 24 * 60 * 60 * 1000

/** Links that sign a person in once. Only the hash of a link's token is kept. */
export class SignInLinks {
  readonly #db: Kysely<Tables>
  readonly #now: () => Date

  constructor(deps: { db: Kysely<Tables>; now: () => Date }) {
    this.#db = deps.db
    this.#now = deps.now
  }

  /**
   * Makes the token of a link that signs the person in, once. Links that can no longer be used are forgotten.
   *
   * @param lifetimeMs a day unless told.
   */
  async create(person: Person, lifetimeMs = DEFAULT_LIFETIME_MS): Promise<string> {
    const now = this.#now().getTime()
    const token = randomBytes(TOKEN_BYTES).toString('base64url')
    await this.#db.deleteFrom('sign_in_links').where('expires_at', '<=', new Date(now).toISOString()).execute()
    await this.#db
      .insertInto('sign_in_links')
      .values({
        token_hash: hashOf(token),
        person_id: person.personId,
        expires_at: new Date(now + lifetimeMs).toISOString(),
        used_at: null,
      })
      .execute()
    return token
  }

  /**
   * Uses up a token: of two who try at the same time, one gets the person's id.
   *
   * @returns undefined when the token is wrong, used or too old.
   */
  async use(token: string): Promise<number | undefined> {
    const now = this.#now().toISOString()
    const row = await this.#db
      .updateTable('sign_in_links')
      .set({ used_at: now })
      .where('token_hash', '=', hashOf(token))
      .where('used_at', 'is', null)
      .where('expires_at', '>', now)
      .returning('person_id')
      .executeTakeFirst()
    return row?.person_id
  }
}

/**
 * The address to open in a browser. The token is in the fragment, which browsers keep to themselves: it reaches no
 * log of a server or proxy.
 *
 * @param origin where the server is reached, e.g. `http://127.0.0.1:4747`.
 */
export function signInUrl(origin: string, token: string): string {
  return `${origin}/sign-in#token=${token}`
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}
