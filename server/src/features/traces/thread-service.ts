import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Person } from '../accounts/person.ts'
import type { WeaveProjects } from '../weave/project-access.ts'
import type { SortBy } from '../weave/query/query.ts'
import { checkPage } from '../weave/query/sort.ts'
import { restoreText } from '../weave/stored-json.ts'
import { WeaveError } from '../weave/weave-error.ts'
import { visibleTo } from './call-selector.ts'
import { latencyMs } from './call-time.ts'
import type { ThreadsQueryBody } from './thread-schema.ts'
import type { StoredTurn, ThreadStore } from './thread-store.ts'

/** A conversation, told by its turns and not by what those called. */
export type Thread = {
  thread_id: string
  turn_count: number
  start_time: string
  /** Null as long as no turn has ended. */
  last_updated: string | null
  first_turn_id: string
  last_turn_id: string
  p50_turn_duration_ms: number | null
  p99_turn_duration_ms: number | null
}

const SORTABLE = [
  'thread_id',
  'turn_count',
  'start_time',
  'last_updated',
  'p50_turn_duration_ms',
  'p99_turn_duration_ms',
] as const satisfies (keyof Thread)[]

/** Finds conversations. */
export class ThreadService {
  readonly #projects: WeaveProjects
  readonly #store: ThreadStore

  constructor(deps: { projects: WeaveProjects; store: ThreadStore }) {
    this.#projects = deps.projects
    this.#store = deps.store
  }

  /** @throws {WeaveError} for fields that threads cannot be sorted by, and negative pages. */
  async query(person: Person, body: ThreadsQueryBody): Promise<Thread[]> {
    checkPage({ limit: body.limit ?? null, offset: body.offset ?? null })
    const order = (body.sort_by ?? []).map(toComparison)
    const access = await this.#projects.forReading(person, body.project_id)
    const { after_datetime, before_datetime, thread_ids } = body.filter ?? {}
    const threads: Thread[] = []
    let turns: StoredTurn[] = []
    const close = () => {
      if (turns.length > 0) threads.push(toThread(turns))
      turns = []
    }
    const pages = this.#store.turns(visibleTo(access), {
      ...(after_datetime && { after: after_datetime }),
      ...(before_datetime && { before: before_datetime }),
      ...(thread_ids && { threadIds: thread_ids }),
    })
    for await (const page of pages) {
      for (const turn of page) {
        if (turns[0] && turns[0].thread_id !== turn.thread_id) close()
        turns.push(turn)
      }
      await nextTurn()
    }
    close()
    const comparisons = order.length > 0 ? order : [toComparison({ field: 'last_updated', direction: 'desc' })]
    threads.sort((a, b) => comparisons.reduce((result, compare) => result || compare(a, b), 0))
    const offset = body.offset ?? 0
    return threads.slice(offset, offset + (body.limit ?? threads.length))
  }
}

function toThread(turns: readonly StoredTurn[]): Thread {
  const byStart = turns.toSorted((a, b) => compareTexts(a.started_at, b.started_at))
  const ended = turns.filter((turn) => turn.ended_at !== null)
  const byEnd = ended.toSorted((a, b) => compareTexts(a.ended_at ?? '', b.ended_at ?? ''))
  const durations = ended.map((turn) => latencyMs(turn.started_at, turn.ended_at ?? '')).toSorted((a, b) => a - b)
  const [first] = byStart as [StoredTurn]
  return {
    thread_id: restoreText(first.thread_id),
    turn_count: turns.length,
    start_time: first.started_at,
    last_updated: byEnd.at(-1)?.ended_at ?? null,
    first_turn_id: restoreText(first.call_id),
    last_turn_id: restoreText((byEnd.at(-1) ?? byStart.at(-1) ?? first).call_id),
    p50_turn_duration_ms: quantile(durations, 0.5),
    p99_turn_duration_ms: quantile(durations, 0.99),
  }
}

/** Between two values in proportion, as ClickHouse's `quantile` does. */
function quantile(sorted: readonly number[], share: number): number | null {
  if (sorted.length === 0) return null
  const place = (sorted.length - 1) * share
  const low = sorted[Math.floor(place)] ?? 0
  return low + ((sorted[Math.ceil(place)] ?? low) - low) * (place - Math.floor(place))
}

type Comparison = (a: Thread, b: Thread) => number

/** What is missing comes last in both directions. */
function toComparison({ field, direction }: SortBy): Comparison {
  const key = SORTABLE.find((one) => one === field)
  if (!key)
    throw new WeaveError(
      400,
      'ValueError',
      `Unsupported sort field: ${field}. Supported fields: [${SORTABLE.map((one) => `'${one}'`).join(', ')}]`,
    )
  const sign = direction === 'asc' ? 1 : -1
  return (a, b) => {
    const [left, right] = [a[key], b[key]]
    if (left === null || right === null) return Number(left === null) - Number(right === null)
    if (typeof left === 'number' && typeof right === 'number') return sign * (left - right)
    return sign * compareTexts(String(left), String(right))
  }
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
