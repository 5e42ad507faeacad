import type { Response } from '../../runs/turn.ts'

/** Over the answers that a variant has completed. */
export type Spread = { mean: number; min: number; max: number }

export type VariantMetrics = {
  answers: number
  complete: number
  /** Answers that failed or were interrupted. */
  failures: number
  promptTokens: Spread | null
  completionTokens: Spread | null
  /** Milliseconds. */
  firstTokenMs: Spread | null
  /** Milliseconds, from asking to the end. */
  latencyMs: Spread | null
  /** US dollars; null when the model has no price. */
  cost: Spread | null
  /** US dollars of all answers, also of those that did not complete. */
  totalCost: number | null
}

/** What a variant's answers took, from the completed ones: a failure that comes fast is not a fast answer. */
export function metricsOf(responses: readonly Response[]): VariantMetrics {
  const complete = responses.filter(({ status }) => status === 'complete')
  const spread = (value: (response: Response) => number | null | undefined) => spreadOf(complete.map(value))
  const costs = responses.flatMap(({ cost }) => cost ?? [])
  return {
    answers: responses.length,
    complete: complete.length,
    failures: responses.filter(({ status }) => status === 'failed' || status === 'interrupted').length,
    promptTokens: spread(({ usage }) => usage?.promptTokens),
    completionTokens: spread(({ usage }) => usage?.completionTokens),
    firstTokenMs: spread(({ firstTokenMs }) => firstTokenMs),
    latencyMs: spread(({ latencyMs }) => latencyMs),
    cost: spread(({ cost }) => cost),
    totalCost: costs.length === 0 ? null : sum(costs),
  }
}

function spreadOf(values: readonly (number | null | undefined)[]): Spread | null {
  const known = values.filter((value) => value !== null && value !== undefined)
  if (known.length === 0) return null
  return { mean: sum(known) / known.length, min: Math.min(...known), max: Math.max(...known) }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
