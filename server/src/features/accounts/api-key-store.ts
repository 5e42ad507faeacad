import type { Kysely } from 'kysely'
import { compileOnce } from '../../db/compile-once.ts'
import type { Tables } from '../../db/tables.ts'
import type { ApiKey } from './api-keys.ts'
import { toPerson } from './people-store.ts'
import type { Person } from './person.ts'

const COLUMNS = ['api_key_id', 'name', 'hint', 'created_at', 'expires_at', 'revoked_at'] as const

export class ApiKeyStore {
  readonly #db: Kysely<Tables>
  readonly #findByHash

  constructor(db: Kysely<Tables>) {
    this.#db = db
    this.#findByHash = compileOnce((key: { hash: string }) =>
      db
        .selectFrom('api_keys')
        .innerJoin('people', 'people.person_id', 'api_keys.person_id')
        .select([
          'people.person_id',
          'people.handle',
          'people.name',
          'people.is_admin',
          'api_keys.expires_at',
          'api_keys.revoked_at',
        ])
        .where('api_keys.key_hash', '=', key.hash),
    )
  }

  /** @returns false, having changed nothing, when the key exists already, be it revoked. */
  async insert(personId: number, key: ApiKey, hash: string): Promise<boolean> {
    const inserted = await this.#db
      .insertInto('api_keys')
      .values({
        api_key_id: key.apiKeyId,
        person_id: personId,
        name: key.name,
        key_hash: hash,
        hint: key.hint,
        created_at: key.createdAt,
        expires_at: key.expiresAt,
        revoked_at: key.revokedAt,
      })
      .onConflict((conflict) => conflict.column('key_hash').doNothing())
      .executeTakeFirst()
    return inserted.numInsertedOrUpdatedRows === 1n
  }

  /** Whose key it is, with what may have ended it. */
  async findByHash(
    hash: string,
  ): Promise<{ person: Person; expiresAt: string | null; revokedAt: string | null } | undefined> {
    const { rows } = await this.#db.executeQuery(this.#findByHash({ hash }))
    const row = rows[0]
    return row && { person: toPerson(row), expiresAt: row.expires_at, revokedAt: row.revoked_at }
  }

  /** Newest first. */
  async list(personId: number): Promise<ApiKey[]> {
    const rows = await this.#db
      .selectFrom('api_keys')
      .select(COLUMNS)
      .where('person_id', '=', personId)
      .orderBy('created_at', 'desc')
      .orderBy('api_key_id', 'desc')
      .execute()
    return rows.map((row) => ({
      apiKeyId: row.api_key_id,
      name: row.name,
      hint: row.hint,
      createdAt: row.created_at,
      expiresAt: row.expires_at,
      revokedAt: row.revoked_at,
    }))
  }

  /** @returns whether the person has such a key; a key that was revoked before keeps the time of that. */
  async revoke(personId: number, apiKeyId: number, revokedAt: string): Promise<boolean> {
    const updated = await this.#db
      .updateTable('api_keys')
      .set((eb) => ({ revoked_at: eb.fn.coalesce('revoked_at', eb.val(revokedAt)) }))
      .where('person_id', '=', personId)
      .where('api_key_id', '=', apiKeyId)
      .executeTakeFirst()
    return updated.numUpdatedRows === 1n
  }
}
