import { Float, JsonText, printFloat } from './exact-json.ts'

/**
 * What Python's `json.dumps` makes of a value: `", "` and `": "` between, everything but ASCII escaped.
 *
 * Digests and limits of the Weave dialect are defined over exactly this text.
 *
 * @param options.sortKeys by code point, as `sort_keys=True` does.
 */
export function pythonJson(value: unknown, options: { sortKeys?: boolean } = {}): string {
  return dump(value, options.sortKeys ?? false)
}

function dump(value: unknown, sortKeys: boolean): string {
  switch (typeof value) {
    case 'string':
      return quote(value)
    case 'number':
      if (!Number.isFinite(value)) return 'null'
      return Number.isInteger(value) ? String(BigInt(value)) : printFloat(value)
    case 'bigint':
    case 'boolean':
      return String(value)
    case 'object':
      break
    default:
      return 'null'
  }
  if (value === null) return 'null'
  if (value instanceof Float) return printFloat(value.value)
  if (value instanceof JsonText) throw new TypeError('Only values can be printed, not printed JSON.')
  if (Array.isArray(value)) return `[${value.map((item) => dump(item, sortKeys)).join(', ')}]`
  const keys = Object.keys(value).filter((key) => (value as Record<string, unknown>)[key] !== undefined)
  if (sortKeys) keys.sort(byCodePoint)
  const members = keys.map((key) => `${quote(key)}: ${dump((value as Record<string, unknown>)[key], sortKeys)}`)
  return `{${members.join(', ')}}`
}

function quote(text: string): string {
  const quoted = JSON.stringify(text)
  return UNPRINTABLE.test(quoted) ? quoted.replaceAll(EACH_UNPRINTABLE, escapeUnit) : quoted
}

/** What is left in the text of JSON.stringify and not in Python's. */
const UNPRINTABLE = /[^ -~]/
const EACH_UNPRINTABLE = /[^ -~]/g

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** Python compares strings by code points, JavaScript by UTF-16 units: they differ where surrogates are. */
export function byCodePoint(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let index = 0; index < length; index++) {
    const left = a.charCodeAt(index)
    const right = b.charCodeAt(index)
    if (left !== right) {
      const isLeftSurrogate = left >= 0xd800 && left <= 0xdfff
      const isRightSurrogate = right >= 0xd800 && right <= 0xdfff
      if (isLeftSurrogate !== isRightSurrogate) return isLeftSurrogate ? 1 : -1
      return left - right
    }
  }
  return a.length - b.length
}
