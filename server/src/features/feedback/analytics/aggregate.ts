import type { Person } from '../../accounts/person.ts'
import type { WeaveProjects } from '../../weave/project-access.ts'
import { byCodePoint } from '../../weave/python-json.ts'
import { storedTime } from '../../weave/query/time.ts'
import { findRef } from '../../weave/refs.ts'
import { restoreText } from '../../weave/stored-json.ts'
import { invalidRequest } from '../../weave/weave-error.ts'
import { checkBucketCount } from './buckets.ts'
import type { FeedbackScan } from './scan.ts'

const GROUPS = ['scorer_id', 'span_agent_name', 'span_agent_version', 'span_status_code'] as const
const MOST_DAYS = 31
const DAY_MS = 86_400_000
/** The rating that limits are about. */
const RATING = '_rating_'

type Group = (typeof GROUPS)[number]

export type AggregateQuestion = {
  projectName: string
  afterMs: number
  beforeMs: number
  bucketSeconds: number | null
  feedbackTypes: readonly string[]
  tags: readonly string[]
  ratingMin: number | null
  ratingMax: number | null
  monitorIds: readonly string[]
  scorerIds: readonly string[]
  agentNames: readonly string[]
  spanTypes: readonly string[]
  groupBy: readonly Group[]
}

type Scored = {
  feedbackType: string
  createdMs: number
  spanType: string
  monitorId: string
  tags: readonly string[]
  ratings: Readonly<Record<string, number>>
  groups: Readonly<Record<Group, string>>
}

type Bucket = {
  time_bucket_start_ms: number | null
  group: Record<string, string>
  total_count: number
  scored_count: number
  tag_counts: Record<string, number>
  rating_counts: Record<string, number>
  rating_sums: Record<string, number>
}

/** Tags and ratings of scorers, counted over time and by who gave them (weave.md §1.9). */
export class FeedbackAggregates {
  readonly #projects: WeaveProjects
  readonly #scan: FeedbackScan

  constructor(deps: { projects: WeaveProjects; scan: FeedbackScan }) {
    this.#projects = deps.projects
    this.#scan = deps.scan
  }

  /** @throws {WeaveError} for a time range that is empty or too long, and for too many buckets. */
  async aggregate(person: Person, question: AggregateQuestion): Promise<Bucket[]> {
    checkRange(question)
    const access = await this.#projects.forReading(person, question.projectName)
    const isWanted = filterOf(question)
    const buckets = new Map<string, Bucket>()
    const window = {
      from: storedTime(new Date(Math.min(question.afterMs, LATEST_MS))),
      until: storedTime(new Date(Math.min(question.beforeMs, LATEST_MS))),
    }
    for await (const rows of this.#scan.rows(access, window, { payload: false }))
      for (const row of rows) {
        const scored = toScored(row)
        if (isWanted(scored)) add(bucketFor(scored, question, buckets), scored)
      }
    return [...buckets.values()].toSorted(byTimeAndGroup)
  }
}

/** The end of what ISO 8601 can say. */
const LATEST_MS = Date.UTC(9999, 11, 31)

function checkRange(question: AggregateQuestion): void {
  const { afterMs, beforeMs, bucketSeconds } = question
  if (beforeMs <= afterMs) throw invalidRequest('before_ms must be greater than after_ms')
  const isBareTotal = bucketSeconds === null && question.groupBy.length === 0 && !hasFilters(question)
  if (!isBareTotal && beforeMs - afterMs > MOST_DAYS * DAY_MS)
    throw invalidRequest(`The time range must not be longer than ${MOST_DAYS} days`)
  if (bucketSeconds !== null) checkBucketCount((beforeMs - afterMs) / 1000, bucketSeconds)
}

function hasFilters(question: AggregateQuestion): boolean {
  const { feedbackTypes, tags, monitorIds, scorerIds, agentNames, spanTypes, ratingMin, ratingMax } = question
  const lists = [feedbackTypes, tags, monitorIds, scorerIds, agentNames, spanTypes]
  return ratingMin !== null || ratingMax !== null || lists.some((list) => list.length > 0)
}

function filterOf(question: AggregateQuestion): (scored: Scored) => boolean {
  const { feedbackTypes, tags, monitorIds, scorerIds, agentNames, spanTypes, ratingMin, ratingMax } = question
  const prefixes = feedbackTypes.map((type) => type.replace(/\*$/, ''))
  return (scored) => {
    const rating = scored.ratings[RATING]
    return (
      (prefixes.length === 0 || prefixes.some((prefix) => scored.feedbackType.startsWith(prefix))) &&
      (tags.length === 0 || tags.some((tag) => scored.tags.includes(tag))) &&
      (ratingMin === null || (rating !== undefined && rating >= ratingMin)) &&
      (ratingMax === null || (rating !== undefined && rating <= ratingMax)) &&
      isAmong(scored.monitorId, monitorIds) &&
      isAmong(scored.groups.scorer_id, scorerIds) &&
      (agentNames.length === 0 || agentNames.includes(scored.groups.span_agent_name)) &&
      (spanTypes.length === 0 || spanTypes.includes(scored.spanType))
    )
  }
}

/** @param wanted ids, or beginnings of ids followed by `*`; none allows all. */
function isAmong(id: string, wanted: readonly string[]): boolean {
  return wanted.length === 0 || wanted.some((one) => (one.endsWith('*') ? id.startsWith(one.slice(0, -1)) : id === one))
}

function toScored(row: {
  created_at: string
  feedback_type: string
  weave_ref: string
  runnable_ref: string | null
  trigger_ref: string | null
  scorer_tags: string | null
  scorer_ratings: string | null
  span_agent_name: string | null
  span_agent_version: string | null
  span_status_code: string | null
}): Scored {
  return {
    feedbackType: restoreText(row.feedback_type),
    createdMs: Date.parse(row.created_at),
    spanType: row.weave_ref.split('/').at(-2) ?? '',
    monitorId: objectNameOf(row.trigger_ref),
    tags: row.scorer_tags === null ? [] : JSON.parse(restoreText(row.scorer_tags)),
    ratings: row.scorer_ratings === null ? {} : JSON.parse(row.scorer_ratings),
    groups: {
      scorer_id: objectNameOf(row.runnable_ref),
      span_agent_name: restoreText(row.span_agent_name ?? ''),
      span_agent_version: restoreText(row.span_agent_version ?? ''),
      span_status_code: restoreText(row.span_status_code ?? 'UNSET'),
    },
  }
}

function objectNameOf(ref: string | null): string {
  const found = ref === null ? undefined : findRef(restoreText(ref))
  return found && 'name' in found ? found.name : ''
}

function bucketFor(
  scored: Scored,
  { bucketSeconds, groupBy }: AggregateQuestion,
  buckets: Map<string, Bucket>,
): Bucket {
  const start =
    bucketSeconds === null ? null : Math.floor(scored.createdMs / (bucketSeconds * 1000)) * bucketSeconds * 1000
  const group = Object.fromEntries(groupBy.map((name) => [name, scored.groups[name]]))
  const key = JSON.stringify([start, group])
  let bucket = buckets.get(key)
  if (!bucket) {
    bucket = {
      time_bucket_start_ms: start,
      group,
      total_count: 0,
      scored_count: 0,
      tag_counts: {},
      rating_counts: {},
      rating_sums: {},
    }
    buckets.set(key, bucket)
  }
  return bucket
}

function add(bucket: Bucket, { tags, ratings }: Scored): void {
  bucket.total_count++
  const rated = Object.entries(ratings)
  if (tags.length > 0 || rated.length > 0) bucket.scored_count++
  for (const tag of tags) increase(bucket.tag_counts, tag, 1)
  for (const [name, rating] of rated) {
    increase(bucket.rating_counts, name, 1)
    increase(bucket.rating_sums, name, rating)
  }
}

function increase(counts: Record<string, number>, name: string, by: number): void {
  counts[name] = (Object.hasOwn(counts, name) ? (counts[name] ?? 0) : 0) + by
}

function byTimeAndGroup(a: Bucket, b: Bucket): number {
  const byTime = (a.time_bucket_start_ms ?? 0) - (b.time_bucket_start_ms ?? 0)
  return byTime || byCodePoint(JSON.stringify(a.group), JSON.stringify(b.group))
}
