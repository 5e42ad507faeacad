import type { JsonObject } from '../../../models/language-model.ts'

/** What a model can do without, in the order in which it is left out. */
const DISPENSABLE = [
  new Set(['example', 'examples', 'externalDocs', 'xml', 'deprecated', '$comment', 'contentMediaType']),
  new Set(['title', 'default', 'pattern', 'minLength', 'maxLength', 'contentEncoding']),
]
const DEPTHS = [12, 6, 4, 3, 2]
const MAX_ENUM = 200

/**
 * A schema that says as much as fits, and is the same one every time.
 *
 * Examples go first, then what merely refines, then long descriptions, then levels from the inside; names and types of
 * what is left are always kept.
 *
 * @param maxCharacters of the schema as JSON.
 */
export function boundSchema(schema: JsonObject, maxCharacters: number): JsonObject {
  const attempts = [
    ...DISPENSABLE.map((_, index) => ({ without: DISPENSABLE.slice(0, index + 1), text: 1_000, depth: DEPTHS[0]! })),
    ...DEPTHS.map((depth) => ({ without: DISPENSABLE, text: 160, depth })),
    { without: DISPENSABLE, text: 0, depth: 2 },
  ]
  let bounded: JsonObject = {}
  for (const { without, text, depth } of attempts) {
    bounded = reduce(schema, { without, text, depth }) as JsonObject
    if (JSON.stringify(bounded).length <= maxCharacters) return bounded
  }
  return onlyNames(bounded, maxCharacters)
}

type Limits = { without: readonly ReadonlySet<string>[]; text: number; depth: number }

/** Depth counts levels of objects and arrays in the value described, not those of the schema. */
function reduce(schema: unknown, limits: Limits): unknown {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return schema
  const reduced: JsonObject = {}
  for (const [key, value] of Object.entries(schema)) {
    if (key.startsWith('x-') || limits.without.some((keys) => keys.has(key))) continue
    const kept = keep(key, value, limits)
    if (kept !== undefined) reduced[key] = kept
  }
  return reduced
}

function keep(key: string, value: unknown, limits: Limits): unknown {
  const inner = { ...limits, depth: limits.depth - 1 }
  switch (key) {
    case 'properties':
    case 'patternProperties':
      if (limits.depth <= 0) return undefined
      return Object.fromEntries(Object.entries(value as JsonObject).map(([name, part]) => [name, reduce(part, inner)]))
    case 'items':
    case 'additionalProperties':
      return limits.depth <= 0 ? undefined : reduce(value, inner)
    case 'prefixItems':
      return limits.depth <= 0 ? undefined : (value as unknown[]).map((part) => reduce(part, inner))
    case 'allOf':
    case 'anyOf':
    case 'oneOf':
      return (value as unknown[]).map((part) => reduce(part, limits))
    case 'not':
      return reduce(value, limits)
    case 'required':
      return limits.depth <= 0 ? undefined : value
    case 'enum':
      return (value as unknown[]).slice(0, MAX_ENUM)
    case 'description':
      if (limits.text === 0) return undefined
      return String(value).length <= limits.text ? value : `${String(value).slice(0, limits.text - 1)}…`
  }
  return value
}

/** The last resort, for hundreds of arguments: required ones first, then as many others as fit, with no schema. */
function onlyNames({ properties, required }: JsonObject, maxCharacters: number): JsonObject {
  const needed = new Set(required as string[] | undefined)
  const names = Object.keys((properties as JsonObject | undefined) ?? {})
  const ordered = [...names.filter((name) => needed.has(name)), ...names.filter((name) => !needed.has(name))]
  const kept: JsonObject = {}
  let characters = 100
  for (const name of ordered) {
    characters += 2 * name.length + 10
    if (characters > maxCharacters) break
    kept[name] = {}
  }
  return { type: 'object', properties: kept, required: [...needed].filter((name) => name in kept) }
}
