import type { CallPart } from './call.ts'

/** Of the JSON of one call that arrives at one time, in UTF-8 (weave.md §4). */
const MAX_JSON_BYTES = 3.5 * 1024 * 1024
export const TOO_LARGE = '{"_weave":{"error":"<EXCEEDS_LIMITS>"}}'

/** Replaces the largest JSON values of a call until the rest fits, as Weave does; the others stay whole. */
export function stripTooLarge(part: CallPart): CallPart {
  const { start, end } = part
  // A character takes three bytes at most, and nearly every call is far below the limit.
  if (3 * jsonCharacters(part) <= MAX_JSON_BYTES) return part
  const values: { owner: Record<string, unknown>; key: string; bytes: number }[] = []
  const stripped: CallPart = { ...part, start: start && { ...start }, end: end && { ...end } }
  for (const owner of [stripped.start, stripped.end])
    for (const [key, value] of Object.entries(owner ?? {}))
      if (key.endsWith('Json')) values.push({ owner: owner!, key, bytes: Buffer.byteLength(value as string) })
  let bytes = values.reduce((sum, value) => sum + value.bytes, 0)
  if (bytes <= MAX_JSON_BYTES) return part
  for (const value of values.toSorted((a, b) => b.bytes - a.bytes)) {
    if (bytes <= MAX_JSON_BYTES) break
    value.owner[value.key] = TOO_LARGE
    bytes += TOO_LARGE.length - value.bytes
  }
  return stripped
}

function jsonCharacters({ start, end }: CallPart): number {
  const ofStart = start ? start.attributesJson.length + start.inputsJson.length : 0
  return ofStart + (end ? end.outputJson.length + end.summaryJson.length : 0)
}

/** How long the JSON texts of the beginning and of the end are, in UTF-8. */
export function jsonBytes({ start, end }: CallPart): { startBytes: number; endBytes: number } {
  return {
    startBytes: start ? Buffer.byteLength(start.attributesJson) + Buffer.byteLength(start.inputsJson) : 0,
    endBytes: end ? Buffer.byteLength(end.outputJson) + Buffer.byteLength(end.summaryJson) : 0,
  }
}
