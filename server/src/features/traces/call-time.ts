const ISO = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)(?:[.,](\d{1,9})\d*)?\s*(Z|[+-]\d\d(?::?\d\d)?)?$/i
/** Numbers beyond this are milliseconds, as pydantic has it: as seconds they would be in the year 2603. */
const MOST_SECONDS = 2e10

/**
 * A moment as calls keep it: UTC with six digits of a second, so that the order of texts is the order in time.
 *
 * @param value ISO 8601 (without an offset it is UTC), or a number of seconds or milliseconds since 1970.
 * @returns undefined when it is none of these.
 */
export function toCallTime(value: string | number): string | undefined {
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) return undefined
    return fromMicros(Math.round(Math.abs(value) > MOST_SECONDS ? value * 1e3 : value * 1e6))
  }
  const [, date, time, fraction = '', offset = 'Z'] = ISO.exec(value.trim()) ?? []
  if (date === undefined || time === undefined) return undefined
  const seconds = time.length === 5 ? `${time}:00` : time
  const zone = offset.length === 3 ? `${offset}:00` : offset.replace(/^([+-]\d\d)(\d\d)$/, '$1:$2').toUpperCase()
  const millis = Date.parse(`${date}T${seconds}${zone}`)
  return Number.isNaN(millis) ? undefined : fromMicros(millis * 1000 + Number(fraction.padEnd(6, '0').slice(0, 6)))
}

/** The moment that many microseconds after 1970; undefined outside the years 1 to 9999. */
export function fromMicros(micros: number): string | undefined {
  const seconds = Math.floor(micros / 1e6)
  const date = new Date(seconds * 1000)
  if (Number.isNaN(date.getTime()) || date.getUTCFullYear() < 1 || date.getUTCFullYear() > 9999) return undefined
  return `${date.toISOString().slice(0, 19)}.${String(micros - seconds * 1e6).padStart(6, '0')}Z`
}

/** Microseconds since 1970 of a moment that calls keep. */
export function toMicros(callTime: string): number {
  return Date.parse(`${callTime.slice(0, 19)}Z`) * 1000 + Number(callTime.slice(20, 26))
}

/** Whole milliseconds from one moment to another, never rounded up. */
export function latencyMs(startedAt: string, endedAt: string): number {
  return Math.floor((toMicros(endedAt) - toMicros(startedAt)) / 1000)
}

export function addDays(callTime: string, days: number): string | null {
  return fromMicros(toMicros(callTime) + days * 86_400e6) ?? null
}
