import type { Kysely } from 'kysely'
import { isUniqueViolation } from '../../db/sql-dialect.ts'
import type { Tables } from '../../db/tables.ts'
import type { JsonObject } from '../../models/language-model.ts'

/** What a person says of a call that needs permission: this once, from now on in this session, or not. */
export type SkillDecision = {
  decision: 'once' | 'session' | 'deny'
  /** Instead of those that the model has written. */
  arguments: JsonObject | null
}

/** What people have decided about calls of skills. */
export class SkillDecisionStore {
  readonly #db: Kysely<Tables>

  constructor(database: { db: Kysely<Tables> }) {
    this.#db = database.db
  }

  /** @returns false, having stored nothing, when the call has been decided already. */
  async add(
    sessionId: number,
    callId: string,
    decided: SkillDecision & { operationKey: string; decidedAt: string },
  ): Promise<boolean> {
    try {
      await this.#db
        .insertInto('practice_skill_decisions')
        .values({
          session_id: sessionId,
          call_id: callId,
          decision: decided.decision,
          arguments: decided.arguments && JSON.stringify(decided.arguments),
          operation_key: decided.operationKey,
          decided_at: decided.decidedAt,
        })
        .execute()
      return true
    } catch (error) {
      if (isUniqueViolation(error)) return false
      throw error
    }
  }

  async find(sessionId: number, callId: string): Promise<SkillDecision | undefined> {
    const row = await this.#db
      .selectFrom('practice_skill_decisions')
      .select(['decision', 'arguments'])
      .where('session_id', '=', sessionId)
      .where('call_id', '=', callId)
      .executeTakeFirst()
    return row && { decision: row.decision, arguments: row.arguments as JsonObject | null }
  }

  /** Whether exactly this operation may be called without asking again. */
  async isAllowedInSession(sessionId: number, operationKey: string): Promise<boolean> {
    const row = await this.#db
      .selectFrom('practice_skill_decisions')
      .select('call_id')
      .where('session_id', '=', sessionId)
      .where('operation_key', '=', operationKey)
      .where('decision', '=', 'session')
      .executeTakeFirst()
    return row !== undefined
  }
}
