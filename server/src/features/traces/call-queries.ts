import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Person } from '../accounts/person.ts'
import type { Json } from '../weave/exact-json.ts'
import type { ProjectAccess, WeaveProjects } from '../weave/project-access.ts'
import type { RefAccess } from '../weave/ref-access.ts'
import { storeText } from '../weave/stored-json.ts'
import { type CallExtras, type StoredCall, toCallLine } from './call-lines.ts'
import { ALL_JSON, type CallReader, type JsonColumn } from './call-reader.ts'
import { type CallSelector, visibleTo } from './call-selector.ts'
import { addDays } from './call-time.ts'
import type { CallsQueryBody, CallsStatsBody } from './query-schema.ts'
import { RefExpansion } from './ref-expansion.ts'
import type { RetentionStore } from './retention-store.ts'
import type { TokenCosts } from './token-costs.ts'

/** What people said about calls. */
export type CallFeedback = {
  /** By call id, oldest first; calls without any may be missing. */
  ofCalls(access: ProjectAccess, callIds: readonly string[]): Promise<ReadonlyMap<string, unknown[]>>
}

type Includes = {
  include_costs?: boolean | null | undefined
  include_feedback?: boolean | null | undefined
  include_storage_size?: boolean | null | undefined
  include_total_storage_size?: boolean | null | undefined
  include_usernames?: boolean | null | undefined
  expand_columns?: readonly string[] | null | undefined
  return_expanded_column_values?: boolean | null | undefined
}

/** Finds calls and tells them as the Weave dialect does. */
export class CallQueries {
  readonly #projects: WeaveProjects
  readonly #refs: RefAccess
  readonly #reader: CallReader
  readonly #selector: CallSelector
  readonly #costs: TokenCosts
  readonly #feedback: CallFeedback
  readonly #retention: RetentionStore
  readonly #readRef: (person: Person, ref: string) => Promise<Json>

  constructor(deps: {
    projects: WeaveProjects
    refs: RefAccess
    reader: CallReader
    selector: CallSelector
    costs: TokenCosts
    feedback: CallFeedback
    retention: RetentionStore
    readRef: (person: Person, ref: string) => Promise<Json>
  }) {
    this.#projects = deps.projects
    this.#refs = deps.refs
    this.#reader = deps.reader
    this.#selector = deps.selector
    this.#costs = deps.costs
    this.#feedback = deps.feedback
    this.#retention = deps.retention
    this.#readRef = deps.readRef
  }

  /** One call as JSON; undefined when there is none. */
  async read(person: Person, projectName: string, callId: string, includes: Includes): Promise<string | undefined> {
    const access = await this.#projects.forReading(person, projectName)
    const call = await this.#reader.find(visibleTo(access), storeText(callId))
    if (!call) return undefined
    const toLines = await this.#printer(access, includes, ALL_JSON)
    return (await toLines([call]))[0]
  }

  /**
   * The calls of a query, as groups of lines of JSON.
   *
   * @throws {WeaveError} | {ProjectNotFoundError} before the first group.
   */
  async stream(person: Person, body: CallsQueryBody): Promise<AsyncIterable<readonly string[]>> {
    const access = await this.#projects.forReading(person, body.project_id)
    const selection = this.#selector.select(access, body)
    const columns = jsonColumns(body.columns)
    const toLines = await this.#printer(access, body, columns)
    return this.#print(this.#reader.stream(selection, columns), toLines)
  }

  async stats(person: Person, body: CallsStatsBody) {
    const access = await this.#projects.forReading(person, body.project_id)
    const limit = body.limit ?? undefined
    const { count, bytes } = await this.#reader.count(
      this.#selector.select(access, { filter: body.filter, query: body.query }),
      limit,
    )
    const hasMore = limit !== undefined && count > limit
    return {
      count: hasMore ? limit : count,
      has_more: hasMore,
      total_storage_size_bytes: body.include_total_storage_size ? bytes : null,
    }
  }

  async *#print(groups: AsyncIterable<StoredCall[]>, toLines: (calls: StoredCall[]) => Promise<readonly string[]>) {
    for await (const calls of groups) {
      yield await toLines(calls)
      // Reads of SQLite are done when they are asked for: others get their turn here.
      await nextTurn()
    }
  }

  #expansion(person: Person, { expand_columns, return_expanded_column_values }: Includes): RefExpansion | undefined {
    if (!expand_columns?.length || return_expanded_column_values === false) return undefined
    return new RefExpansion(expand_columns, (ref) => this.#readRef(person, ref))
  }

  /** Prints calls with what was asked for besides; what is the same for all is looked up once. */
  async #printer(access: ProjectAccess, includes: Includes, columns: ReadonlySet<JsonColumn>) {
    const prices = includes.include_costs ? await this.#costs.priceBook(access) : undefined
    const expansion = this.#expansion(access.person, includes)
    const days = await this.#retention.findDays(access.projectId)
    return async (calls: StoredCall[]): Promise<readonly string[]> => {
      const traceBytes = includes.include_total_storage_size
        ? await this.#reader.traceBytes(visibleTo(access), [...new Set(calls.map((call) => call.trace_id))])
        : undefined
      const feedback = includes.include_feedback
        ? await this.#feedback.ofCalls(
            access,
            calls.map((call) => call.call_id),
          )
        : undefined
      const expanded = await expansion?.expand(calls)
      const extras: CallExtras = {
        project: `${access.entity}/${access.project}`,
        includeStorageSize: includes.include_storage_size ?? false,
        includeUsernames: includes.include_usernames ?? false,
        includeSummary: columns.has('summary'),
        traceBytes,
        costs: (call, summary) => prices?.entries(summary, call.started_at),
        feedback: (call) => (includes.include_feedback ? (feedback?.get(call.call_id) ?? []) : undefined),
        expanded: (call, column) => expanded?.get(call)?.[column],
        expireAt: (startedAt) => (days === undefined ? null : addDays(startedAt, days)),
      }
      return this.#refs.mask(
        access,
        calls.map((call) => toCallLine(call, extras)),
      )
    }
  }
}

/** The JSON that the wanted columns are or lead into; all of it when nobody said. */
function jsonColumns(columns: readonly string[] | null | undefined): ReadonlySet<JsonColumn> {
  if (!columns?.length) return ALL_JSON
  const roots = new Set(columns.map((column) => column.split('.')[0]))
  return new Set([...ALL_JSON].filter((column) => roots.has(column)))
}
