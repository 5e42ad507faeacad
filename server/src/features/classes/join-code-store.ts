import type { Kysely, Selectable } from 'kysely'
import type { Tables } from '../../db/tables.ts'
import type { ClassRole } from './class.ts'

/** With a code people put themselves into a class. */
export type JoinCode = {
  joinCodeId: number
  classId: number
  /** Six upper-case letters and digits, unique. */
  code: string
  role: ClassRole
  expiresAt: string | null
  /** Null when any number of people may use it. */
  maxUses: number | null
  usedCount: number
  createdAt: string
}

export class JoinCodeStore {
  readonly #db: Kysely<Tables>

  constructor(db: Kysely<Tables>) {
    this.#db = db
  }

  /** @returns false, having stored nothing, when there is such a code already. */
  async insert(joinCode: JoinCode): Promise<boolean> {
    const { numInsertedOrUpdatedRows } = await this.#db
      .insertInto('class_join_codes')
      .values({
        class_id: joinCode.classId,
        join_code_id: joinCode.joinCodeId,
        code: joinCode.code,
        role: joinCode.role,
        expires_at: joinCode.expiresAt,
        max_uses: joinCode.maxUses,
        used_count: joinCode.usedCount,
        created_at: joinCode.createdAt,
      })
      .onConflict((conflict) => conflict.column('code').doNothing())
      .executeTakeFirst()
    return numInsertedOrUpdatedRows === 1n
  }

  /** Newest first. */
  async list(classId: number): Promise<JoinCode[]> {
    const rows = await this.#db
      .selectFrom('class_join_codes')
      .selectAll()
      .where('class_id', '=', classId)
      .orderBy('created_at', 'desc')
      .orderBy('join_code_id', 'desc')
      .execute()
    return rows.map(toJoinCode)
  }

  async findByCode(code: string): Promise<JoinCode | undefined> {
    const row = await this.#db.selectFrom('class_join_codes').selectAll().where('code', '=', code).executeTakeFirst()
    return row && toJoinCode(row)
  }

  /** @returns whether the class had it. */
  async delete(classId: number, joinCodeId: number): Promise<boolean> {
    const { numDeletedRows } = await this.#db
      .deleteFrom('class_join_codes')
      .where('class_id', '=', classId)
      .where('join_code_id', '=', joinCodeId)
      .executeTakeFirst()
    return numDeletedRows === 1n
  }

  /**
   * Puts somebody into the code's class and counts the use, both or neither; who is in it already uses nothing up.
   *
   * @returns false when the code can no longer be used.
   */
  async redeem({ classId, joinCodeId, role }: JoinCode, personId: number, now: string): Promise<boolean> {
    try {
      await this.#db.transaction().execute(async (tx) => {
        const { numInsertedOrUpdatedRows } = await tx
          .insertInto('class_members')
          .values({ class_id: classId, person_id: personId, role, created_at: now })
          .onConflict((conflict) => conflict.columns(['class_id', 'person_id']).doNothing())
          .executeTakeFirst()
        if (numInsertedOrUpdatedRows !== 1n) return
        const { numUpdatedRows } = await tx
          .updateTable('class_join_codes')
          .set((set) => ({ used_count: set('used_count', '+', 1) }))
          .where('class_id', '=', classId)
          .where('join_code_id', '=', joinCodeId)
          .where((where) => where.or([where('expires_at', 'is', null), where('expires_at', '>', now)]))
          .where((where) => where.or([where('max_uses', 'is', null), where('used_count', '<', where.ref('max_uses'))]))
          .executeTakeFirst()
        if (numUpdatedRows !== 1n) throw new UsedUp()
      })
      return true
    } catch (error) {
      if (error instanceof UsedUp) return false
      throw error
    }
  }
}

/** Undoes the transaction. */
class UsedUp extends Error {}

function toJoinCode(row: Selectable<Tables['class_join_codes']>): JoinCode {
  return {
    joinCodeId: row.join_code_id,
    classId: row.class_id,
    code: row.code,
    role: row.role,
    expiresAt: row.expires_at,
    maxUses: row.max_uses,
    usedCount: row.used_count,
    createdAt: row.created_at,
  }
}
