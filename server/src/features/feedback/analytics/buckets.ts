import { invalidRequest } from '../../weave/weave-error.ts'

/** More points than a chart can show. */
const MOST_BUCKETS = 10_000

/** @throws {WeaveError} for more buckets than a reply may have. */
export function checkBucketCount(rangeSeconds: number, bucketSeconds: number): void {
  if (rangeSeconds / bucketSeconds > MOST_BUCKETS)
    throw invalidRequest(`The time range has more than ${MOST_BUCKETS} buckets of ${bucketSeconds} seconds`)
}

/** The size of buckets that suits a time range, in seconds. */
export function granularityFor(rangeSeconds: number): number {
  const known = GRANULARITIES.find(([most]) => rangeSeconds <= most)
  return known ? known[1] : 86_400
}

const HOUR = 3_600
const DAY = 86_400
const GRANULARITIES: [number, number][] = [
  [2 * HOUR, 300],
  [12 * HOUR, HOUR],
  [3 * DAY, 6 * HOUR],
  [14 * DAY, 12 * HOUR],
]

/** Finds the beginnings of buckets, which are aligned to midnight in a time zone. */
export class BucketClock {
  readonly #sizeMs: number
  readonly #format: Intl.DateTimeFormat | undefined
  readonly #offsets = new Map<number, number>()

  /** @throws {WeaveError} for a time zone that does not exist. */
  constructor(sizeSeconds: number, timezone: string) {
    this.#sizeMs = sizeSeconds * 1000
    if (timezone !== 'UTC') this.#format = zoneFormat(timezone)
  }

  /** The beginning of the bucket that a moment is in; both in milliseconds since 1970. */
  startOf(moment: number): number {
    const offset = this.#offsetAt(moment)
    const local = Math.floor((moment + offset) / this.#sizeMs) * this.#sizeMs
    // The clocks may have changed since.
    return local - this.#offsetAt(local - offset)
  }

  /** The beginnings of all buckets that a time has a part in. */
  all(from: number, until: number): number[] {
    const starts = new Set<number>()
    // A day on which clocks change is shorter than others: none may be skipped.
    const step = this.#format ? Math.min(this.#sizeMs, HOUR * 1000) : this.#sizeMs
    for (let moment = from; moment < until; moment += step) starts.add(this.startOf(moment))
    if (until > from) starts.add(this.startOf(until - 1))
    return [...starts].toSorted((a, b) => a - b)
  }

  /** Offsets change on quarters of an hour, if at all. */
  #offsetAt(moment: number): number {
    if (!this.#format) return 0
    const quarter = Math.floor(moment / 900_000)
    let offset = this.#offsets.get(quarter)
    if (offset === undefined) {
      offset = offsetAt(this.#format, quarter * 900_000)
      this.#offsets.set(quarter, offset)
    }
    return offset
  }
}

function zoneFormat(timezone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone: timezone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
  } catch {
    throw invalidRequest(`Invalid timezone: ${timezone}`)
  }
}

function offsetAt(format: Intl.DateTimeFormat, moment: number): number {
  const parts = Object.fromEntries(format.formatToParts(moment).map(({ type, value }) => [type, Number(value)]))
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts
  return Date.UTC(year, month - 1, day, hour, minute, second) - moment
}
