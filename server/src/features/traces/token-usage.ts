import { asObject } from './call-summary.ts'

/** The tokens of one model in one call, whichever names its library has for them. */
export type TokenUsage = {
  requests: number
  prompt_tokens: number
  completion_tokens: number
  total_tokens: number
  cache_read_input_tokens: number
  cache_creation_input_tokens: number
}

const TOKEN_COSTS = [
  'prompt_tokens',
  'completion_tokens',
  'cache_read_input_tokens',
  'cache_creation_input_tokens',
] as const
export type TotalCosts = Record<`${(typeof TOKEN_COSTS)[number]}_total_cost`, number>
export type AggregatedUsage = TokenUsage & Record<keyof TotalCosts, number | null>

/** The usage in a call's summary, by model; what is not usage is left out. */
export function readUsage(summary: unknown): Map<string, TokenUsage> {
  const usages = new Map<string, TokenUsage>()
  for (const [model, value] of Object.entries(asObject(asObject(summary)?.usage) ?? {})) {
    const usage = asObject(value)
    if (!usage) continue
    const prompt = count(usage.prompt_tokens) + count(usage.input_tokens)
    const completion = count(usage.completion_tokens) + count(usage.output_tokens)
    usages.set(model, {
      requests: count(usage.requests),
      prompt_tokens: prompt,
      completion_tokens: completion,
      total_tokens: count(usage.total_tokens) || prompt + completion,
      cache_read_input_tokens: count(usage.cache_read_input_tokens),
      cache_creation_input_tokens: count(usage.cache_creation_input_tokens),
    })
  }
  return usages
}

/** What one call used; the costs are null unless they were asked for. */
export type CallUsage = { callId: string; parentId: string | null; usage: Map<string, AggregatedUsage> }

/**
 * What each call used, together with everything that it called, at any depth.
 *
 * Calls that are each other's parents count what they used themselves and nothing twice.
 */
export function rollUpUsage(calls: readonly CallUsage[]): Map<string, Record<string, AggregatedUsage>> {
  const nodes = new Map(calls.map((call) => [call.callId, { ...call, usage: copyUsage(call.usage), children: 0 }]))
  const parentOf = (node: { callId: string; parentId: string | null }) =>
    node.parentId === null || node.parentId === node.callId ? undefined : nodes.get(node.parentId)
  for (const node of nodes.values()) {
    const parent = parentOf(node)
    if (parent) parent.children++
  }
  const ready = [...nodes.values()].filter((node) => node.children === 0)
  for (let node = ready.pop(); node; node = ready.pop()) {
    const parent = parentOf(node)
    if (!parent) continue
    for (const [model, usage] of node.usage) parent.usage.set(model, addUsage(parent.usage.get(model), usage))
    if (--parent.children === 0) ready.push(parent)
  }
  return new Map([...nodes.values()].map(({ callId, usage }) => [callId, Object.fromEntries(usage)]))
}

export function withCosts(usage: TokenUsage, costs: TotalCosts | undefined | 'not asked'): AggregatedUsage {
  const total = (key: keyof TotalCosts) => (costs === 'not asked' ? null : (costs?.[key] ?? 0))
  return {
    ...usage,
    prompt_tokens_total_cost: total('prompt_tokens_total_cost'),
    completion_tokens_total_cost: total('completion_tokens_total_cost'),
    cache_read_input_tokens_total_cost: total('cache_read_input_tokens_total_cost'),
    cache_creation_input_tokens_total_cost: total('cache_creation_input_tokens_total_cost'),
  }
}

function addUsage(sum: AggregatedUsage | undefined, more: AggregatedUsage): AggregatedUsage {
  if (!sum) return { ...more }
  const added = { ...sum }
  for (const key of Object.keys(more) as (keyof AggregatedUsage)[]) {
    const [left, right] = [sum[key], more[key]]
    ;(added[key] as number | null) = left === null && right === null ? null : (left ?? 0) + (right ?? 0)
  }
  return added
}

function copyUsage(usage: Map<string, AggregatedUsage>): Map<string, AggregatedUsage> {
  return new Map([...usage].map(([model, one]) => [model, { ...one }]))
}

/** Tokens are whole and not negative; libraries also send texts and nothing at all. */
function count(value: unknown): number {
  const number = Math.trunc(Number(value ?? 0))
  return Number.isSafeInteger(number) && number > 0 ? number : 0
}
