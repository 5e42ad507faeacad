import { type CompiledQuery, type Kysely, type Selectable, sql } from 'kysely'
import type { Tables } from '../../db/tables.ts'
import type { TurnStatus } from '../../runs/turn.ts'
import type { Experiment, ExperimentVariant } from './experiment.ts'

const PREVIEW_CHARACTERS = 200

/** An experiment as lists show it. */
export type ListedExperiment = Experiment & { preview: string; status: TurnStatus }

/** Experiments and their variants. They are removed together with their session. */
export class ExperimentStore {
  readonly #db: Kysely<Tables>

  constructor(database: { db: Kysely<Tables> }) {
    this.#db = database.db
  }

  /** What stores an experiment; to be committed together with its turn. */
  insert(experiment: Experiment, variants: readonly ExperimentVariant[]): CompiledQuery[] {
    return [
      this.#db
        .insertInto('experiments')
        .values({
          person_id: experiment.personId,
          experiment_id: experiment.experimentId,
          class_id: experiment.classId,
          session_id: experiment.sessionId,
          turn_id: experiment.turnId,
          repeats: experiment.repeats,
          is_shared: experiment.isShared ? 1 : 0,
          created_at: experiment.createdAt,
        })
        .compile(),
      this.#db
        .insertInto('experiment_variants')
        .values(
          variants.map(({ revision, label, modelName }) => ({
            session_id: experiment.sessionId,
            revision,
            label,
            model_name: modelName,
          })),
        )
        .compile(),
    ]
  }

  /** Whoever's it is: the caller decides who may see it. */
  async find(experimentId: number): Promise<Experiment | undefined> {
    const row = await this.#db
      .selectFrom('experiments')
      .selectAll()
      .where('experiment_id', '=', experimentId)
      .executeTakeFirst()
    return row && toExperiment(row)
  }

  /** In the order in which they were given. */
  async listVariants(sessionId: number): Promise<ExperimentVariant[]> {
    const rows = await this.#db
      .selectFrom('experiment_variants')
      .selectAll()
      .where('session_id', '=', sessionId)
      .orderBy('revision')
      .execute()
    return rows.map(({ revision, label, model_name }) => ({ revision, label, modelName: model_name }))
  }

  /** A page of a person's own, or of those that a class may vote on, newest first. */
  async list(
    of: { personId: number } | { sharedWith: number },
    page: { limit: number; offset: number },
  ): Promise<{ total: number; experiments: ListedExperiment[] }> {
    const experiments = this.#db.selectFrom('experiments')
    const matching =
      'personId' in of
        ? experiments.where('experiments.person_id', '=', of.personId)
        : experiments.where('experiments.class_id', '=', of.sharedWith).where('is_shared', '=', 1)
    const { total } = await matching
      .select((select) => select.fn.countAll<number>().as('total'))
      .executeTakeFirstOrThrow()
    const rows = await matching
      .innerJoin('practice_turns', (join) =>
        join
          .onRef('practice_turns.session_id', '=', 'experiments.session_id')
          .onRef('practice_turns.turn_id', '=', 'experiments.turn_id'),
      )
      .selectAll('experiments')
      .select(['status', sql<string>`substr(prompt_text, 1, ${sql.lit(PREVIEW_CHARACTERS)})`.as('preview')])
      .orderBy('experiment_id', 'desc')
      .limit(page.limit)
      .offset(page.offset)
      .execute()
    return {
      total: Number(total),
      experiments: rows.map((row) => ({ ...toExperiment(row), preview: row.preview, status: row.status })),
    }
  }

  async setShared(experimentId: number, isShared: boolean): Promise<void> {
    await this.#db
      .updateTable('experiments')
      .set({ is_shared: isShared ? 1 : 0 })
      .where('experiment_id', '=', experimentId)
      .execute()
  }
}

function toExperiment(row: Selectable<Tables['experiments']>): Experiment {
  return {
    experimentId: row.experiment_id,
    personId: row.person_id,
    classId: row.class_id,
    sessionId: row.session_id,
    turnId: row.turn_id,
    repeats: row.repeats,
    isShared: row.is_shared === 1,
    createdAt: row.created_at,
  }
}
