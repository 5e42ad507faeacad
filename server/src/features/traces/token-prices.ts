import type { TokenUsage, TotalCosts } from './token-usage.ts'

/** What the tokens of a model cost from a time on; of a project, or by default. */
export type TokenPrice = {
  costId: string
  llmId: string
  level: 'project' | 'default'
  /** Of what `level` says: the project on the wire, or `default`. */
  levelId: string
  providerId: string
  effectiveDate: string
  promptTokenCost: number
  completionTokenCost: number
  cacheReadInputTokenCost: number
  cacheCreationInputTokenCost: number
  promptTokenCostUnit: string
  completionTokenCostUnit: string
  createdBy: string
  createdAt: string
}

/**
 * The price that counts for a call: one that was in effect when it began before one that came later, the project's
 * own before the default, the latest before older ones.
 */
export function choosePrice(prices: readonly TokenPrice[], startedAt: string): TokenPrice | undefined {
  const rank = (price: TokenPrice) => (price.effectiveDate <= startedAt ? 0 : 2) + (price.level === 'project' ? 0 : 1)
  return prices.toSorted(
    (a, b) => rank(a) - rank(b) || (a.effectiveDate < b.effectiveDate ? 1 : a.effectiveDate > b.effectiveDate ? -1 : 0),
  )[0]
}

/** One entry of `summary.weave.costs`: what was used, what it cost, and by which price. */
export function costEntry(usage: TokenUsage, price: TokenPrice) {
  return {
    ...usage,
    prompt_token_cost: price.promptTokenCost,
    completion_token_cost: price.completionTokenCost,
    cache_read_input_token_cost: price.cacheReadInputTokenCost,
    cache_creation_input_token_cost: price.cacheCreationInputTokenCost,
    ...totalCosts(usage, price),
    prompt_token_cost_unit: price.promptTokenCostUnit,
    completion_token_cost_unit: price.completionTokenCostUnit,
    effective_date: price.effectiveDate,
    provider_id: price.providerId,
    pricing_level: price.level,
    pricing_level_id: price.levelId,
    created_by: price.createdBy,
    created_at: price.createdAt,
  }
}

export function totalCosts(usage: TokenUsage, price: TokenPrice): TotalCosts {
  return {
    prompt_tokens_total_cost: usage.prompt_tokens * price.promptTokenCost,
    completion_tokens_total_cost: usage.completion_tokens * price.completionTokenCost,
    cache_read_input_tokens_total_cost: usage.cache_read_input_tokens * price.cacheReadInputTokenCost,
    cache_creation_input_tokens_total_cost: usage.cache_creation_input_tokens * price.cacheCreationInputTokenCost,
  }
}
