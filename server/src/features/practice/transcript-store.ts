import { type Kysely, sql } from 'kysely'
import { compileOnce } from '../../db/compile-once.ts'
import type { Tables } from '../../db/tables.ts'
import type { Transcript } from './history.ts'

/** Reads what lanes remember. */
export class TranscriptStore {
  readonly #db: Kysely<Tables>

  constructor(database: { db: Kysely<Tables> }) {
    this.#db = database.db
  }

  async read(sessionId: number): Promise<Transcript> {
    const [turns, answers, choices] = await Promise.all([
      this.#db.executeQuery(this.#selectTurns({ sessionId })),
      this.#db.executeQuery(this.#selectAnswers({ sessionId })),
      this.#db.executeQuery(this.#selectChoices({ sessionId })),
    ])
    return {
      turns: turns.rows.map((row) => ({
        turnId: row.turn_id,
        parentTurnId: row.parent_turn_id,
        promptText: row.prompt_text,
      })),
      answers: answers.rows.map((row) => ({
        responseId: row.response_id,
        turnId: row.turn_id,
        laneId: row.lane_id,
        text: row.response_text,
      })),
      choices: choices.rows.map((row) => ({ turnId: row.turn_id, laneId: row.lane_id, responseId: row.response_id })),
    }
  }

  readonly #selectTurns = compileOnce((v: { sessionId: number }) =>
    this.#db
      .selectFrom('practice_turns')
      .select(['turn_id', 'parent_turn_id', 'prompt_text'])
      .where('session_id', '=', v.sessionId)
      .orderBy('created_at')
      .orderBy('turn_id'),
  )

  readonly #selectAnswers = compileOnce((v: { sessionId: number }) =>
    this.#db
      .selectFrom('practice_responses')
      .select(['response_id', 'turn_id', 'lane_id', 'response_text'])
      .where('session_id', '=', v.sessionId)
      .where('response_text', '<>', sql.lit(''))
      .where('status', '<>', sql.lit('running'))
      .orderBy('created_at')
      .orderBy('response_id'),
  )

  readonly #selectChoices = compileOnce((v: { sessionId: number }) =>
    this.#db
      .selectFrom('practice_choices')
      .select(['turn_id', 'lane_id', 'response_id'])
      .where('session_id', '=', v.sessionId),
  )
}
