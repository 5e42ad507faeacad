import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Person } from '../accounts/person.ts'
import type { ProjectAccess, WeaveProjects } from '../weave/project-access.ts'
import { restoreJson, restoreText, storeText } from '../weave/stored-json.ts'
import { type CallReader, type CallSelection, type JsonColumn, sortedByTime } from './call-reader.ts'
import { type CallSelector, visibleTo } from './call-selector.ts'
import type { TokenCosts } from './token-costs.ts'
import { type AggregatedUsage, type CallUsage, readUsage, rollUpUsage, withCosts } from './token-usage.ts'
import type { CallsUsageBody, TraceUsageBody, UsageReply } from './usage-schema.ts'

const ONLY_SUMMARY: ReadonlySet<JsonColumn> = new Set(['summary'])

/** What calls used, each together with everything that it called. */
export class UsageService {
  readonly #projects: WeaveProjects
  readonly #reader: CallReader
  readonly #selector: CallSelector
  readonly #costs: TokenCosts

  constructor(deps: { projects: WeaveProjects; reader: CallReader; selector: CallSelector; costs: TokenCosts }) {
    this.#projects = deps.projects
    this.#reader = deps.reader
    this.#selector = deps.selector
    this.#costs = deps.costs
  }

  /** Of every call that a query finds; calls that it does not find count for none. */
  async ofTrace(person: Person, body: TraceUsageBody): Promise<UsageReply> {
    const access = await this.#projects.forReading(person, body.project_id)
    const selection = this.#selector.select(access, { filter: body.filter, query: body.query, limit: body.limit })
    return this.#rollUp(access, selection, body.include_costs)
  }

  /** Of some calls, together with all that is below them in their traces. */
  async ofCalls(person: Person, body: CallsUsageBody): Promise<UsageReply> {
    const access = await this.#projects.forReading(person, body.project_id)
    const callIds = [...new Set(body.call_ids)]
    const below = this.#reader.withDescendants(visibleTo(access), callIds.map(storeText), body.limit)
    const all = await this.#rollUp(
      access,
      { ...this.#selector.select(access, {}), conditions: [below], order: [sortedByTime('asc')] },
      body.include_costs,
    )
    return {
      call_usage: Object.fromEntries(callIds.map((id) => [id, all.call_usage[id] ?? {}])),
      unfinished_call_ids: all.unfinished_call_ids,
    }
  }

  async #rollUp(access: ProjectAccess, selection: CallSelection, includeCosts: boolean): Promise<UsageReply> {
    const prices = includeCosts ? await this.#costs.priceBook(access) : undefined
    const usages: CallUsage[] = []
    const unfinished: string[] = []
    for await (const calls of this.#reader.stream(selection, ONLY_SUMMARY)) {
      for (const call of calls) {
        const summary = call.summary === null ? null : restoreJson(call.summary)
        const totals = prices?.totals(summary, call.started_at)
        const usage = new Map<string, AggregatedUsage>()
        for (const [model, tokens] of readUsage(summary))
          usage.set(model, withCosts(tokens, totals ? totals.get(model) : 'not asked'))
        usages.push({
          callId: restoreText(call.call_id),
          parentId: call.parent_id && restoreText(call.parent_id),
          usage,
        })
        if (call.ended_at === null) unfinished.push(restoreText(call.call_id))
      }
      await nextTurn()
    }
    return { call_usage: Object.fromEntries(rollUpUsage(usages)), unfinished_call_ids: unfinished }
  }
}
