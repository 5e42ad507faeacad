import type { JsonObject } from '../../../models/language-model.ts'

export type Limits = { items: number; characters: number; depth: number }

/** A JSON value with shorter lists, shorter strings and fewer levels; what is missing is said where it was. */
export function reduceValue(value: unknown, limits: Limits): unknown {
  if (typeof value === 'string') return cutAtWord(value, limits.characters)
  if (typeof value !== 'object' || value === null) return value
  if (limits.depth <= 0) return Array.isArray(value) ? `… ${value.length} items` : '…'
  const inner = { ...limits, depth: limits.depth - 1 }
  if (!Array.isArray(value))
    return Object.fromEntries(Object.entries(value as JsonObject).map(([key, part]) => [key, reduceValue(part, inner)]))
  const kept = value.slice(0, limits.items).map((item) => reduceValue(item, inner))
  return kept.length < value.length ? [...kept, `… ${value.length - kept.length} more`] : kept
}

/** How many items the longest list has, at any level. */
export function longestList(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  const parts = Array.isArray(value) ? value : Object.values(value)
  return parts.reduce(
    (longest: number, part) => Math.max(longest, longestList(part)),
    Array.isArray(value) ? value.length : 0,
  )
}

/**
 * The beginning of a text up to the end of a word, with a mark where something is missing.
 *
 * Where no word ends near the limit (Chinese, Japanese, long codes) it ends between two characters instead.
 */
export function cutAtWord(text: string, maxCharacters: number): string {
  if (text.length <= maxCharacters) return text
  let head = text.slice(0, Math.max(0, maxCharacters - 1))
  // Not between the two halves of a character outside the basic plane.
  if (/[\uD800-\uDBFF]$/.test(head)) head = head.slice(0, -1)
  const isInsideWord = /\S/.test(text[head.length] ?? ' ')
  const lastWord = isInsideWord ? /\s\S*$/.exec(head)?.index : head.length
  const end = lastWord !== undefined && lastWord > head.length / 2 ? lastWord : head.length
  return `${head.slice(0, end).trimEnd()}…`
}
