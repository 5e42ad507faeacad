import { compileOnce } from '../../../db/compile-once.ts'
import type { Database } from '../../../db/open.ts'

/** Whose session it is, and in which class. */
export type SessionOwner = { classId: number; classSlug: string; handle: string }

/** How many sessions a server remembers; of a class that is renamed meanwhile the address stays right. */
const MAX_REMEMBERED = 10_000

/** Finds out in whose trace a practice session is written down. */
export class SessionOwners {
  readonly #db: Database['db']
  readonly #known = new Map<number, SessionOwner>()

  constructor({ db }: Pick<Database, 'db'>) {
    this.#db = db
  }

  /** Undefined when the session has been deleted. */
  async find(sessionId: number): Promise<SessionOwner | undefined> {
    const known = this.#known.get(sessionId)
    if (known) return known
    const [row] = (await this.#db.executeQuery(this.#select({ sessionId }))).rows
    if (!row) return undefined
    const owner = { classId: row.class_id, classSlug: row.slug, handle: row.handle }
    this.remember(sessionId, owner)
    return owner
  }

  remember(sessionId: number, owner: SessionOwner): void {
    if (this.#known.size >= MAX_REMEMBERED) this.#known.clear()
    this.#known.set(sessionId, owner)
  }

  readonly #select = compileOnce((v: { sessionId: number }) =>
    this.#db
      .selectFrom('practice_sessions as session')
      .innerJoin('classes', 'classes.class_id', 'session.class_id')
      .innerJoin('people', 'people.person_id', 'session.person_id')
      .select(['session.class_id', 'classes.slug', 'people.handle'])
      .where('session.session_id', '=', v.sessionId),
  )
}
