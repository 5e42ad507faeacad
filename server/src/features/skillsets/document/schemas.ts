import type { JsonObject } from '../../../models/language-model.ts'
import type { Dialect } from './dialect.ts'
import { escapePointer, isObject, type Node } from './node.ts'
import type { Problems } from './problem.ts'
import type { References } from './references.ts'

/** Of one operation: more would fill a model's window, and some documents would never end. */
const MAX_SCHEMAS_PER_OPERATION = 2_000
/** Of a whole document, so that what is stored stays in proportion to what was given. */
const MAX_SCHEMAS = 300_000
const MAX_DEPTH = 32
const MAX_EXAMPLE_CHARACTERS = 200

const OF_MANY = new Set(['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas'])
const OF_LISTS = new Set(['allOf', 'anyOf', 'oneOf', 'prefixItems'])
const OF_ONE = new Set([
  'items',
  'additionalProperties',
  'not',
  'if',
  'then',
  'else',
  'contains',
  'propertyNames',
  'unevaluatedProperties',
  'unevaluatedItems',
  'contentSchema',
])
/** They name or point at schemas, which are in their places once references are resolved. */
const LEFT_OUT = new Set([
  '$ref',
  '$id',
  '$anchor',
  '$schema',
  '$defs',
  'definitions',
  '$dynamicRef',
  '$dynamicAnchor',
  'externalDocs',
  'nullable',
  'readOnly',
  'writeOnly',
])
/** Beside a `$ref` these only say more of the same thing. */
const ANNOTATIONS = new Set([
  'description',
  'title',
  'default',
  'example',
  'examples',
  'deprecated',
  'xml',
  'nullable',
  'readOnly',
  'writeOnly',
  'externalDocs',
  '$comment',
])

type Budget = { left: number; isSpent: boolean }

/**
 * Brings schemas into the form of OpenAPI 3.1 (JSON Schema 2020-12) with every reference in its place.
 *
 * A reference that leads back to where it stands is cut there, with a `$comment` that says so. Properties that are
 * `readOnly` are left out: they are not for requests (OpenAPI 3.1 §4.8.24.3).
 */
export class Schemas {
  readonly #references: References
  readonly #dialect: Dialect
  readonly #problems: Problems
  #left = MAX_SCHEMAS
  #budget: Budget = { left: 0, isSpent: false }

  constructor(parts: { references: References; dialect: Dialect; problems: Problems }) {
    this.#references = parts.references
    this.#dialect = parts.dialect
    this.#problems = parts.problems
  }

  /** Reads all schemas of one operation, together within its bounds. */
  ofOperation<T>(pointer: string, read: () => T): T {
    const allowed = Math.min(MAX_SCHEMAS_PER_OPERATION, this.#left)
    this.#budget = { left: allowed, isSpent: false }
    const result = read()
    this.#left -= allowed - this.#budget.left
    if (this.#budget.isSpent)
      this.#problems.warn(
        pointer,
        'Its schemas are very large: inner parts were cut, and models will not know them.',
        'Describe in the operation what inner parts look like, or make the schemas smaller.',
      )
    return result
  }

  /** One schema. Anything that is not one is as good as a schema that allows everything. */
  read(node: Node | undefined): JsonObject {
    if (!node) return {}
    const read = this.#read(node, [], 0)
    return isObject(read) ? read : {}
  }

  #read(node: Node, open: readonly string[], depth: number): unknown {
    if (!isObject(node.value)) return typeof node.value === 'boolean' ? node.value : {}
    if (depth > MAX_DEPTH || this.#budget.left <= 0) {
      this.#budget.isSpent = true
      return { ...kindOf(node.value), $comment: 'Cut here: too large.' }
    }
    this.#budget.left--
    const { $ref } = node.value
    return typeof $ref === 'string'
      ? this.#readReference(node as Node<JsonObject>, $ref, open, depth)
      : this.#readParts(node as Node<JsonObject>, open, depth)
  }

  #readReference(node: Node<JsonObject>, reference: string, open: readonly string[], depth: number): unknown {
    const target = this.#references.find(reference, node.pointer)
    if (!target) return this.#readParts(node, open, depth)
    if (open.includes(target.pointer))
      return {
        ...(isObject(target.value) && kindOf(target.value)),
        $comment: `Cut here: the same again as ${reference}.`,
      }
    const read = this.#read(target, [...open, target.pointer], depth)
    const beside = Object.keys(node.value).filter((key) => key !== '$ref' && !key.startsWith('x-'))
    if (beside.length === 0 || !isObject(read)) return read
    const own = this.#readParts(node, open, depth)
    // Before 3.1, what stands beside a $ref is ignored by the letter; what only describes is kept all the same.
    const isAnnotated = beside.every((key) => ANNOTATIONS.has(key))
    if (isAnnotated || this.#dialect !== '3.1') return { ...read, ...pick(own, ANNOTATIONS) }
    return { allOf: [read], ...own }
  }

  #readParts(node: Node<JsonObject>, open: readonly string[], depth: number): JsonObject {
    const inner = (value: unknown, path: string) =>
      this.#read({ value, pointer: `${node.pointer}/${path}` }, open, depth + 1)
    const hidden = readOnlyNames(node.value)
    const parts = Object.entries(node.value).flatMap(([key, value]): [string, unknown][] => {
      if (LEFT_OUT.has(key) || key.startsWith('x-') || !isWellFormed(key, value)) return []
      if (OF_MANY.has(key) && isObject(value)) {
        const named = Object.entries(value).filter(([name]) => key !== 'properties' || !hidden.has(name))
        return [
          [key, Object.fromEntries(named.map(([name, part]) => [name, inner(part, `${key}/${escapePointer(name)}`)]))],
        ]
      }
      if (OF_LISTS.has(key) && Array.isArray(value))
        return [[key, value.map((part, index) => inner(part, `${key}/${index}`))]]
      if (key === 'items' && Array.isArray(value))
        return [['prefixItems', value.map((part, index) => inner(part, `items/${index}`))]]
      if (OF_ONE.has(key)) return [[key, inner(value, key)]]
      if (key === 'required')
        return Array.isArray(value)
          ? [[key, value.filter((name) => typeof name === 'string' && !hidden.has(name))]]
          : []
      if (key === 'discriminator') return isObject(value) ? [[key, { propertyName: value.propertyName }]] : []
      if (key === 'example') return isShort(value) ? [['examples', [value]]] : []
      if (key === 'examples' || key === 'default') return isShort(value) ? [[key, value]] : []
      return [[key, value]]
    })
    return modernize(Object.fromEntries(parts), node.value)
  }
}

/** Whoever reads a schema may rely on the kinds of its keywords: what is of another kind is left out. */
function isWellFormed(key: string, value: unknown): boolean {
  if (OF_MANY.has(key)) return isObject(value)
  if (OF_LISTS.has(key) || key === 'enum' || key === 'examples') return Array.isArray(value)
  if (key === 'type')
    return typeof value === 'string' || (Array.isArray(value) && value.every((one) => typeof one === 'string'))
  return !(key === 'title' || key === 'description') || typeof value === 'string'
}

/** What 2.0 and 3.0 write otherwise than JSON Schema 2020-12. In documents of 3.1 it does not occur, or means the same. */
function modernize(schema: JsonObject, old: JsonObject): JsonObject {
  const modern = { ...schema }
  if (modern.type === 'file') Object.assign(modern, { type: 'string', format: 'binary' })
  if (modern.format === 'binary' && modern.contentMediaType === undefined)
    modern.contentMediaType = 'application/octet-stream'
  if (modern.format === 'byte' && modern.contentEncoding === undefined) modern.contentEncoding = 'base64'
  for (const [flag, bound] of [
    ['exclusiveMinimum', 'minimum'],
    ['exclusiveMaximum', 'maximum'],
  ] as const) {
    if (typeof modern[flag] !== 'boolean') continue
    if (modern[flag] && modern[bound] !== undefined) {
      modern[flag] = modern[bound]
      delete modern[bound]
    } else delete modern[flag]
  }
  if (old.nullable === true) {
    if (typeof modern.type === 'string') modern.type = [modern.type, 'null']
    if (Array.isArray(modern.enum) && !modern.enum.includes(null)) modern.enum = [...modern.enum, null]
  }
  return modern
}

function readOnlyNames({ properties }: JsonObject): Set<string> {
  if (!isObject(properties)) return new Set()
  return new Set(
    Object.keys(properties).filter((name) => isObject(properties[name]) && properties[name].readOnly === true),
  )
}

/** What a cut schema still says of its value. */
function kindOf(schema: JsonObject): JsonObject {
  return pick(schema, new Set(['type', 'title', 'description']))
}

function pick(from: unknown, keys: ReadonlySet<string>): JsonObject {
  return isObject(from) ? Object.fromEntries(Object.entries(from).filter(([key]) => keys.has(key))) : {}
}

function isShort(value: unknown): boolean {
  return (JSON.stringify(value) ?? '').length <= MAX_EXAMPLE_CHARACTERS
}
