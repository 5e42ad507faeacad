/**
 * A moment as columns of the Weave dialect store it: `2026-11-25T21:00:00.000000Z`, always with microseconds, so that
 * text order is the order of time.
 */
export function storedTime(date: Date): string {
  return `${date.toISOString().slice(0, -1)}000Z`
}

/**
 * A literal of a query as a stored time: seconds since 1970, or ISO 8601 with any offset (none is UTC), down to the
 * microsecond.
 *
 * @returns undefined when it is no time.
 */
export function toStoredTime(value: string | number): string | undefined {
  if (typeof value === 'number') {
    const microseconds = Math.round(value * 1e6)
    return fromMilliseconds(Math.floor(microseconds / 1000), ((microseconds % 1000) + 1000) % 1000)
  }
  const [, date, time = '00:00:00', fraction = '', offset = 'Z'] =
    /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?)(?:[.,](\d{1,9}))?)?\s*(Z|z|[+-]\d{2}:?\d{2})?$/.exec(value) ??
    []
  if (date === undefined) return undefined
  const zone = /^z$/i.test(offset) ? 'Z' : offset.replace(/^([+-]\d{2}):?(\d{2})$/, '$1:$2')
  const seconds = Date.parse(`${date}T${time.length === 5 ? `${time}:00` : time}${zone}`)
  const digits = fraction.padEnd(6, '0')
  return fromMilliseconds(seconds + Number(digits.slice(0, 3)), Number(digits.slice(3, 6)))
}

function fromMilliseconds(milliseconds: number, microseconds: number): string | undefined {
  const date = new Date(milliseconds)
  const year = date.getUTCFullYear()
  if (Number.isNaN(year) || year < 0 || year > 9999) return undefined
  return date.toISOString().replace(/Z$/, `${String(microseconds).padStart(3, '0')}Z`)
}
