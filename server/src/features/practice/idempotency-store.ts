import { createHash } from 'node:crypto'
import type { CompiledQuery, Kysely } from 'kysely'
import type { Tables } from '../../db/tables.ts'
import { AppError } from '../../errors.ts'
import type { TurnKey } from '../../runs/run-store.ts'

/** How long a key stands for its first outcome. */
const KEEP_MS = 24 * 3600 * 1000

/** What a client says to make a retry harmless: its key, and what it asked for with it. */
export type Idempotency = { key: string; request: unknown }

/** The first outcome of requests that carried an `Idempotency-Key`. */
export class IdempotencyStore {
  readonly #db: Kysely<Tables>

  constructor(database: { db: Kysely<Tables> }) {
    this.#db = database.db
  }

  /**
   * The turn that a request with this key has started before.
   *
   * @throws {AppError} `idempotency_key_reused` when that request asked for something else.
   */
  async find(personId: number, { key, request }: Idempotency, now: Date): Promise<TurnKey | undefined> {
    const row = await this.#db
      .selectFrom('idempotency_keys')
      .selectAll()
      .where('person_id', '=', personId)
      .where('key', '=', key)
      .where('created_at', '>', oldest(now))
      .executeTakeFirst()
    if (!row) return undefined
    if (row.request_hash !== hashOf(request))
      throw new AppError(
        'unprocessable',
        'idempotency_key_reused',
        'This Idempotency-Key was sent with another request before.',
      )
    return { sessionId: row.session_id, turnId: row.turn_id }
  }

  /** What remembers an outcome; to be committed together with it, which fails when the key is taken. */
  remember(personId: number, { key, request }: Idempotency, turn: TurnKey, now: Date): CompiledQuery[] {
    return [
      this.#db
        .deleteFrom('idempotency_keys')
        .where('person_id', '=', personId)
        .where('created_at', '<=', oldest(now))
        .compile(),
      this.#db
        .insertInto('idempotency_keys')
        .values({
          person_id: personId,
          key,
          request_hash: hashOf(request),
          session_id: turn.sessionId,
          turn_id: turn.turnId,
          created_at: now.toISOString(),
        })
        .compile() as CompiledQuery,
    ] as CompiledQuery[]
  }
}

function oldest(now: Date): string {
  return new Date(now.getTime() - KEEP_MS).toISOString()
}

function hashOf(request: unknown): string {
  return createHash('sha256').update(JSON.stringify(request)).digest('hex')
}
