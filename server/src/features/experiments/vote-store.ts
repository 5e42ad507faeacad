import type { Kysely } from 'kysely'
import { compileOnce } from '../../db/compile-once.ts'
import type { Tables } from '../../db/tables.ts'
import type { ModelVote } from './leaderboard.ts'

/** One person's judgement of two answers; `first` is the one with the smaller id. */
export type Vote = ModelVote & {
  classId: number
  sessionId: number
  personId: number
  firstResponseId: number
  secondResponseId: number
  votedAt: string
}

export type VoteKey = Pick<Vote, 'classId' | 'sessionId' | 'personId'>

/** Votes: one for each person and pair of answers. They are removed together with the experiment's session. */
export class VoteStore {
  readonly #db: Kysely<Tables>

  constructor(database: { db: Kysely<Tables> }) {
    this.#db = database.db
  }

  /** Stores a vote in place of the person's earlier one on the same pair. */
  async put(vote: Vote): Promise<void> {
    await this.#db.executeQuery(this.#put(vote))
  }

  /** False when there was none. */
  async remove(key: VoteKey, firstResponseId: number, secondResponseId: number): Promise<boolean> {
    const { numDeletedRows } = await this.#db
      .deleteFrom('experiment_votes')
      .where('class_id', '=', key.classId)
      .where('session_id', '=', key.sessionId)
      .where('person_id', '=', key.personId)
      .where('first_response_id', '=', firstResponseId)
      .where('second_response_id', '=', secondResponseId)
      .executeTakeFirstOrThrow()
    return numDeletedRows === 1n
  }

  /** A person's votes in one experiment, oldest first. */
  async list(key: VoteKey): Promise<Pick<Vote, 'firstResponseId' | 'secondResponseId' | 'outcome' | 'votedAt'>[]> {
    const rows = await this.#db
      .selectFrom('experiment_votes')
      .select(['first_response_id', 'second_response_id', 'outcome', 'voted_at'])
      .where('class_id', '=', key.classId)
      .where('session_id', '=', key.sessionId)
      .where('person_id', '=', key.personId)
      .orderBy('voted_at')
      .orderBy('first_response_id')
      .orderBy('second_response_id')
      .execute()
    return rows.map((row) => ({
      firstResponseId: row.first_response_id,
      secondResponseId: row.second_response_id,
      outcome: row.outcome,
      votedAt: row.voted_at,
    }))
  }

  /** All votes of a class in which one model stood against another. */
  async listOfClass(classId: number): Promise<ModelVote[]> {
    const rows = await this.#db
      .selectFrom('experiment_votes')
      .select(['first_model', 'second_model', 'outcome', 'first_characters', 'second_characters'])
      .where('class_id', '=', classId)
      .whereRef('first_model', '<>', 'second_model')
      .execute()
    return rows.map((row) => ({
      firstModel: row.first_model,
      secondModel: row.second_model,
      outcome: row.outcome,
      firstCharacters: row.first_characters,
      secondCharacters: row.second_characters,
    }))
  }

  readonly #put = compileOnce((v: Vote) =>
    this.#db
      .insertInto('experiment_votes')
      .values({
        class_id: v.classId,
        session_id: v.sessionId,
        person_id: v.personId,
        first_response_id: v.firstResponseId,
        second_response_id: v.secondResponseId,
        outcome: v.outcome,
        first_model: v.firstModel,
        second_model: v.secondModel,
        first_characters: v.firstCharacters,
        second_characters: v.secondCharacters,
        voted_at: v.votedAt,
      })
      .onConflict((conflict) =>
        conflict
          .columns(['class_id', 'session_id', 'person_id', 'first_response_id', 'second_response_id'])
          .doUpdateSet({ outcome: v.outcome, voted_at: v.votedAt }),
      ),
  )
}
