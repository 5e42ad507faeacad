import { Float, type Json, JsonText } from './exact-json.ts'
import { invalidRequest } from './weave-error.ts'

/** Objects and lists in each other. Both databases read this deep, Python's own limit is a little less than twice it. */
const MAX_DEPTH = 500

/** @throws {WeaveError} when JSON is nested so deeply that a database could not read it any more. */
export function checkDepth(value: Json, depth = 0): void {
  if (typeof value !== 'object' || value === null || value instanceof Float || value instanceof JsonText) return
  if (depth >= MAX_DEPTH) throw invalidRequest(`The JSON is nested more than ${MAX_DEPTH} levels deep`)
  if (Array.isArray(value)) for (const item of value) checkDepth(item, depth + 1)
  else for (const key in value) checkDepth(value[key] as Json, depth + 1)
}
