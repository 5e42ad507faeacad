import type { Kysely } from 'kysely'
import { compileOnce } from '../../db/compile-once.ts'
import type { Tables } from '../../db/tables.ts'
import { toPerson } from './people-store.ts'
import type { Person } from './person.ts'

/** Better Auth's table, as far as it is read here. */
type SessionTables = Tables & {
  auth_session: { token: string; user_id: string; expires_at: string }
}

/** Reads the sessions that Better Auth has written: its own way of reading one takes a millisecond. */
export class SessionStore {
  readonly #db: Kysely<Tables>
  readonly #findPerson

  constructor(db: Kysely<Tables>) {
    this.#db = db
    this.#findPerson = compileOnce((key: { token: string; now: string }) =>
      (db as unknown as Kysely<SessionTables>)
        .selectFrom('auth_session')
        .innerJoin('people', 'people.auth_user_id', 'auth_session.user_id')
        .select(['people.person_id', 'people.handle', 'people.name', 'people.is_admin'])
        .where('auth_session.token', '=', key.token)
        .where('auth_session.expires_at', '>', key.now),
    )
  }

  async findPerson(token: string, now: Date): Promise<Person | undefined> {
    const { rows } = await this.#db.executeQuery(this.#findPerson({ token, now: now.toISOString() }))
    return rows[0] && toPerson(rows[0])
  }
}
