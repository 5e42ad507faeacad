import type { Json } from '../weave/exact-json.ts'
import { Float } from '../weave/exact-json.ts'
import { isJsonObject } from '../weave/fields.ts'
import { byCodePoint } from '../weave/python-json.ts'
import { invalidRequest } from '../weave/weave-error.ts'

export type RowOrder = { field: string; direction: 'asc' | 'desc' }

/** What a row is sorted by: only as much of it as tells rows apart. */
export type SortKey = (number | string | undefined)[]

const MOST_COMPARED_CHARACTERS = 500

/**
 * Compiles what rows are to be sorted by into a function that reads it off a row.
 *
 * @throws {WeaveError} for a path with an empty part.
 */
export function sortKeyOf(order: readonly RowOrder[]): (row: Json) => SortKey {
  const paths = order.map(({ field }) => pathOf(field))
  return (row) => paths.map((path) => comparable(path.reduce<Json | undefined>(inside, row)))
}

/** Numbers before texts; what has no value comes last in both directions. */
export function bySortKeys(order: readonly RowOrder[]): (a: SortKey, b: SortKey) => number {
  return (a, b) => {
    for (const [index, { direction }] of order.entries()) {
      const [left, right] = [a[index], b[index]]
      if (left === right) continue
      if (left === undefined) return 1
      if (right === undefined) return -1
      const result = compare(left, right)
      if (result !== 0) return direction === 'asc' ? result : -result
    }
    return 0
  }
}

function pathOf(field: string): string[] {
  if (field.trim() === '') throw invalidRequest('Sort field cannot be empty')
  if (field.startsWith('.') || field.endsWith('.') || field.includes('..'))
    throw invalidRequest(
      `Invalid sort field '${field}': field names cannot start/end with dots or contain consecutive dots`,
    )
  const path = field.split('.')
  if (path.some((part) => part.trim() === ''))
    throw invalidRequest(`Invalid sort field '${field}': field path components cannot be empty`)
  return path
}

function inside(value: Json | undefined, key: string): Json | undefined {
  if (Array.isArray(value)) return /^\d+$/.test(key) ? value[Number(key)] : undefined
  return isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined
}

function comparable(value: Json | undefined): number | string | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string') return value.slice(0, MOST_COMPARED_CHARACTERS)
  if (value instanceof Float) return value.value
  return typeof value === 'object' ? undefined : Number(value)
}

function compare(a: number | string, b: number | string): number {
  if (typeof a === 'number') return typeof b === 'number' ? a - b : -1
  return typeof b === 'number' ? 1 : byCodePoint(a, b)
}
