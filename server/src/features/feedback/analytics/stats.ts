import type { Person } from '../../accounts/person.ts'
import type { WeaveProjects } from '../../weave/project-access.ts'
import { storedTime, toStoredTime } from '../../weave/query/time.ts'
import { restoreJson } from '../../weave/stored-json.ts'
import { invalidRequest } from '../../weave/weave-error.ts'
import { BucketClock, checkBucketCount, granularityFor } from './buckets.ts'
import { checkMetric, type Metric, MetricCollector, slugOf } from './metric.ts'
import { collectPaths, type PayloadPath } from './payload-paths.ts'
import type { FeedbackScan, Window } from './scan.ts'

/** Which feedback, as clients ask for it: times are ISO 8601. */
type Asked = {
  projectName: string
  start: string
  end: string | null
  feedbackType: string | null
  triggerRef: string | null
}

type Bucket = { count: number; collectors: MetricCollector[] }

/** Numbers from payloads over time, and what there is to make them of (weave.md §1.9). */
export class FeedbackStats {
  readonly #projects: WeaveProjects
  readonly #scan: FeedbackScan
  readonly #now: () => Date

  constructor(deps: { projects: WeaveProjects; scan: FeedbackScan; now: () => Date }) {
    this.#projects = deps.projects
    this.#scan = deps.scan
    this.#now = deps.now
  }

  /** @throws {WeaveError} for times, time zones and metrics that are none. */
  async stats(
    person: Person,
    asked: Asked & { granularity: number | null; timezone: string; metrics: readonly Metric[] },
  ) {
    const { metrics, timezone } = asked
    for (const metric of metrics) checkMetric(metric)
    const access = await this.#projects.forReading(person, asked.projectName)
    const window = this.#window(asked)
    const range = (window.untilMs - window.fromMs) / 1000
    const granularity = asked.granularity ?? granularityFor(range)
    if (granularity <= 0) throw invalidRequest('granularity must be positive')
    checkBucketCount(range, granularity)

    const clock = new BucketClock(granularity, timezone)
    const newBucket = (): Bucket => ({ count: 0, collectors: metrics.map((metric) => new MetricCollector(metric)) })
    const buckets = new Map(clock.all(window.fromMs, window.untilMs).map((start) => [start, newBucket()]))
    const whole = newBucket()
    for await (const rows of this.#scan.rows(access, window, { payload: metrics.length > 0 })) {
      for (const { created_at, payload } of rows) {
        const bucket = buckets.get(clock.startOf(Date.parse(created_at)))
        const value = payload === null ? null : restoreJson(payload)
        for (const one of bucket ? [bucket, whole] : [whole]) {
          one.count++
          for (const collector of one.collectors) collector.add(value)
        }
      }
    }
    return {
      start: window.from,
      end: window.until,
      granularity,
      timezone,
      buckets: [...buckets].map(([start, bucket]) => printBucket(start, bucket, metrics)),
      window_stats:
        metrics.length === 0
          ? null
          : Object.fromEntries(
              metrics.map((metric, index) => [slugOf(metric), whole.collectors[index]?.results(null) ?? {}]),
            ),
    }
  }

  /** The paths of values in payloads, from one payload for each thing that triggered feedback. */
  async payloadPaths(person: Person, asked: Asked & { sampleLimit: number }): Promise<PayloadPath[]> {
    const access = await this.#projects.forReading(person, asked.projectName)
    const payloads = await this.#scan.samplePayloads(access, this.#window(asked), asked.sampleLimit)
    return collectPaths(payloads.map(restoreJson))
  }

  #window({ start, end, feedbackType, triggerRef }: Asked): Window & {
    from: string
    until: string
    fromMs: number
    untilMs: number
  } {
    const from = toStoredTime(start)
    const until = end === null ? storedTime(this.#now()) : toStoredTime(end)
    if (from === undefined) throw invalidRequest(`start is no time: ${start}`)
    if (until === undefined) throw invalidRequest(`end is no time: ${end}`)
    if (until <= from) throw invalidRequest('end must be after start')
    return { from, until, fromMs: Date.parse(from), untilMs: Date.parse(until), feedbackType, triggerRef }
  }
}

function printBucket(start: number, { count, collectors }: Bucket, metrics: readonly Metric[]) {
  const bucket: Record<string, unknown> = { timestamp: new Date(start).toISOString().replace('.000Z', 'Z'), count }
  for (const [index, metric] of metrics.entries())
    for (const [name, value] of Object.entries(collectors[index]?.results(0) ?? {}))
      bucket[`${name}_${slugOf(metric)}`] = value
  return bucket
}
