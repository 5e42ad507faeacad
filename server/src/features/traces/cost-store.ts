import type { Expression, Kysely, RawBuilder, SqlBool } from 'kysely'
import type { Database } from '../../db/open.ts'
import type { Tables } from '../../db/tables.ts'
import { restoreText, storeText } from '../weave/stored-json.ts'
import type { TokenPrice } from './token-prices.ts'

/** A price that a project has set. */
export type ProjectPrice = Omit<TokenPrice, 'level' | 'levelId'>

/** What tokens cost in a project, as its people have said. */
export class CostStore {
  readonly #database: Pick<Database, 'db' | 'batch'>
  readonly #db: Kysely<Tables>

  constructor(database: Pick<Database, 'db' | 'batch'>) {
    this.#database = database
    this.#db = database.db
  }

  async add(projectId: number, prices: readonly ProjectPrice[]): Promise<void> {
    await this.#database.batch(
      prices.map((price) =>
        this.#db
          .insertInto('token_costs')
          .values({
            project_id: projectId,
            cost_id: price.costId,
            llm_id: storeText(price.llmId),
            provider_id: storeText(price.providerId),
            effective_date: price.effectiveDate,
            prompt_token_cost: price.promptTokenCost,
            completion_token_cost: price.completionTokenCost,
            cache_read_input_token_cost: price.cacheReadInputTokenCost,
            cache_creation_input_token_cost: price.cacheCreationInputTokenCost,
            prompt_token_cost_unit: storeText(price.promptTokenCostUnit),
            completion_token_cost_unit: storeText(price.completionTokenCostUnit),
            created_by: price.createdBy,
            created_at: price.createdAt,
          })
          .compile(),
      ),
    )
  }

  /** The prices of a project, or those that a condition holds for; the newest last unless another order is given. */
  async list(
    projectId: number,
    options: {
      condition?: Expression<SqlBool>
      order?: readonly RawBuilder<unknown>[]
      limit?: number
      offset?: number
    } = {},
  ): Promise<ProjectPrice[]> {
    let query = this.#db.selectFrom('token_costs').selectAll().where('project_id', '=', projectId)
    if (options.condition) query = query.where(options.condition)
    for (const key of options.order ?? []) query = query.orderBy(key)
    const rows = await query
      .orderBy('cost_id')
      .limit(options.limit ?? Number.MAX_SAFE_INTEGER)
      .offset(options.offset ?? 0)
      .execute()
    return rows.map((row) => ({
      costId: row.cost_id,
      llmId: restoreText(row.llm_id),
      providerId: restoreText(row.provider_id),
      effectiveDate: row.effective_date,
      promptTokenCost: row.prompt_token_cost,
      completionTokenCost: row.completion_token_cost,
      cacheReadInputTokenCost: row.cache_read_input_token_cost,
      cacheCreationInputTokenCost: row.cache_creation_input_token_cost,
      promptTokenCostUnit: restoreText(row.prompt_token_cost_unit),
      completionTokenCostUnit: restoreText(row.completion_token_cost_unit),
      createdBy: row.created_by,
      createdAt: row.created_at,
    }))
  }

  async remove(projectId: number, costIds: readonly string[]): Promise<void> {
    if (costIds.length === 0) return
    await this.#db
      .deleteFrom('token_costs')
      .where('project_id', '=', projectId)
      .where('cost_id', 'in', costIds)
      .execute()
  }
}
