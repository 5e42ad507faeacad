import { InvalidArgumentError } from 'commander'

const UNIT_MS = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 }

/**
 * Reads a length of time such as `30d`, in milliseconds. Units: m, h, d, w.
 *
 * @throws {InvalidArgumentError} for anything else.
 */
export function parseDuration(text: string): number {
  const [, count, unit] = /^(\d{1,6})([mhdw])$/.exec(text) ?? []
  if (!count || !unit || Number(count) === 0)
    throw new InvalidArgumentError('Give a length of time such as 30m, 12h, 30d or 4w.')
  return Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS]
}

/**
 * Reads when something ends: a length of time from now, or a date with or without a time (UTC unless it says so).
 *
 * @throws {InvalidArgumentError} for anything else.
 */
export function parseExpiry(text: string, now = new Date()): Date {
  if (/^\d+[mhdw]$/.test(text)) return new Date(now.getTime() + parseDuration(text))
  const date = /^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d)?)?$/.test(text) ? new Date(withZone(text)) : undefined
  if (!date || Number.isNaN(date.getTime()))
    throw new InvalidArgumentError('Give a date such as 2027-01-31, or a length of time such as 30d.')
  return date
}

/** JavaScript takes a time without a zone as local, but a date without a time as UTC. */
function withZone(text: string): string {
  return /T[\d:.]+$/.test(text) ? `${text}Z` : text
}
