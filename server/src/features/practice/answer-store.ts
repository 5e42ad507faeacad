import type { Kysely } from 'kysely'
import type { Tables } from '../../db/tables.ts'
import type { ResponseStatus } from '../../runs/turn.ts'

/** A response with the prompt it answers. */
export type Answer = {
  responseId: number
  sessionId: number
  turnId: number
  modelName: string
  status: ResponseStatus
  promptText: string
  text: string
}

/** Single answers, for features that make something of them. */
export class AnswerStore {
  readonly #db: Kysely<Tables>

  constructor(database: { db: Kysely<Tables> }) {
    this.#db = database.db
  }

  /** An answer in one of the person's own sessions. */
  async find(personId: number, responseId: number): Promise<Answer | undefined> {
    const row = await this.#db
      .selectFrom('practice_responses as response')
      .innerJoin('practice_sessions as session', 'session.session_id', 'response.session_id')
      .innerJoin('practice_turns as turn', (join) =>
        join.onRef('turn.session_id', '=', 'response.session_id').onRef('turn.turn_id', '=', 'response.turn_id'),
      )
      .select([
        'response.session_id',
        'response.turn_id',
        'response.model_name',
        'response.status',
        'response.response_text',
        'turn.prompt_text',
      ])
      .where('response.response_id', '=', responseId)
      .where('session.person_id', '=', personId)
      .executeTakeFirst()
    return (
      row && {
        responseId,
        sessionId: row.session_id,
        turnId: row.turn_id,
        modelName: row.model_name,
        status: row.status,
        promptText: row.prompt_text,
        text: row.response_text,
      }
    )
  }
}
