import type { JsonObject } from '../language-model.ts'

/** Where the values of a JSON answer come from. */
export type JsonSource = {
  question: string
  /** The text that fits best to what a value is called; the empty string when nothing fits. */
  textFor: (words: string) => string
  /** Said where a text is wanted and nothing fits. */
  noText: string
}

const DEEPEST = 12

/**
 * A value that a simple JSON Schema accepts, filled from what was given.
 *
 * Understands types, enum, const, properties, required, items, lengths, ranges, anyOf, oneOf, allOf and local $ref.
 */
export function jsonAnswer(schema: JsonObject | undefined, source: JsonSource): unknown {
  if (!schema) {
    const found = source.textFor('')
    return { answer: found || source.noText, answered: found !== '' }
  }
  return new SchemaFiller(schema, source).fill(schema, '', 0)
}

class SchemaFiller {
  readonly #root: JsonObject
  readonly #source: JsonSource

  constructor(root: JsonObject, source: JsonSource) {
    this.#root = root
    this.#source = source
  }

  fill(given: JsonObject, name: string, depth: number): unknown {
    const schema = this.#resolve(given)
    if ('const' in schema) return schema.const
    const words = `${name} ${typeof schema.description === 'string' ? schema.description : ''}`.trim()
    if (Array.isArray(schema.enum)) return this.#choose(schema.enum, words)
    if (depth > DEEPEST) return null
    switch (typeOf(schema)) {
      case 'object':
        return this.#object(schema, depth)
      case 'array':
        return this.#array(schema, name, words, depth)
      case 'integer':
      case 'number':
        return this.#number(schema, words)
      case 'boolean':
        return this.#source.textFor(words) !== ''
      case 'null':
        return null
      default:
        return this.#string(schema, words)
    }
  }

  #object(schema: JsonObject, depth: number): JsonObject {
    const properties = isObject(schema.properties) ? schema.properties : {}
    const required = Array.isArray(schema.required) ? schema.required.map(String) : []
    const names = new Set([...Object.keys(properties), ...required])
    return Object.fromEntries(
      [...names]
        // What need not be given ends a schema that contains itself.
        .filter((name) => depth < 4 || required.includes(name))
        .map((name) => {
          const property = properties[name]
          return [name, this.fill(isObject(property) ? property : {}, name, depth + 1)]
        }),
    )
  }

  #array(schema: JsonObject, name: string, words: string, depth: number): unknown[] {
    const least = numberOr(schema.minItems, 0)
    const most = numberOr(schema.maxItems, Math.max(least, 3))
    const items = isObject(schema.items) ? this.#resolve(schema.items) : {}
    if (Array.isArray(items.enum)) {
      const fitting = items.enum.filter((value) =>
        this.#source.question.toLowerCase().includes(String(value).toLowerCase()),
      )
      return [...fitting, ...items.enum.filter((value) => !fitting.includes(value))].slice(
        0,
        Math.max(least, Math.min(most, fitting.length)),
      )
    }
    if (typeOf(items) === 'string') {
      const lines = this.#source
        .textFor(words)
        .split(/(?<=[.!?。！？])\s*/u)
        .filter(Boolean)
        .slice(0, most)
      while (lines.length < least) lines.push(this.#source.noText)
      return lines
    }
    return Array.from({ length: Math.min(most, Math.max(least, depth < 3 ? 1 : 0)) }, () =>
      this.fill(items, name, depth + 1),
    )
  }

  #choose(values: readonly unknown[], words: string): unknown {
    const text = `${this.#source.question} ${this.#source.textFor(words)}`.toLowerCase()
    return values.find((value) => typeof value === 'string' && text.includes(value.toLowerCase())) ?? values[0] ?? null
  }

  #number(schema: JsonObject, words: string): number {
    const found =
      /[-+]?\d+(?:\.\d+)?/.exec(this.#source.textFor(words)) ?? /[-+]?\d+(?:\.\d+)?/.exec(this.#source.question)
    const isInteger = typeOf(schema) === 'integer'
    const step = isInteger ? 1 : Number.EPSILON
    const least = Math.max(numberOr(schema.minimum, -Infinity), numberOr(schema.exclusiveMinimum, -Infinity) + step)
    const most = Math.min(numberOr(schema.maximum, Infinity), numberOr(schema.exclusiveMaximum, Infinity) - step)
    const value = Math.min(most, Math.max(least, found ? Number(found[0]) : 0))
    return isInteger ? Math.round(value) : value
  }

  #string(schema: JsonObject, words: string): string {
    const format = schema.format
    if (format === 'date') return /\d{4}-\d{2}-\d{2}/.exec(this.#source.question)?.[0] ?? '1970-01-01'
    if (format === 'date-time') return '1970-01-01T00:00:00Z'
    const text = this.#source.textFor(words) || this.#source.noText
    return text.slice(0, numberOr(schema.maxLength, 10_000)).padEnd(numberOr(schema.minLength, 0), '.')
  }

  /** Follows local references and picks the first of several ways. */
  #resolve(schema: JsonObject, depth = 0): JsonObject {
    if (depth > DEEPEST) return {}
    if (typeof schema.$ref === 'string' && schema.$ref.startsWith('#')) {
      let target: unknown = this.#root
      for (const part of schema.$ref.slice(1).split('/').filter(Boolean))
        target = isObject(target) ? target[part.replaceAll('~1', '/').replaceAll('~0', '~')] : undefined
      return isObject(target) ? this.#resolve(target, depth + 1) : {}
    }
    const ways = [schema.anyOf, schema.oneOf].find(Array.isArray) as unknown[] | undefined
    const way = ways?.find((one) => isObject(one) && one.type !== 'null')
    if (isObject(way)) return { ...omit(schema, ['anyOf', 'oneOf']), ...this.#resolve(way, depth + 1) }
    if (!Array.isArray(schema.allOf)) return schema
    let merged = omit(schema, ['allOf'])
    for (const part of schema.allOf) {
      if (!isObject(part)) continue
      const next = this.#resolve(part, depth + 1)
      merged = {
        ...merged,
        ...next,
        properties: {
          ...(isObject(merged.properties) && merged.properties),
          ...(isObject(next.properties) && next.properties),
        },
        required: [
          ...(Array.isArray(merged.required) ? merged.required : []),
          ...(Array.isArray(next.required) ? next.required : []),
        ],
      }
    }
    return merged
  }
}

function typeOf(schema: JsonObject): string {
  const type = Array.isArray(schema.type) ? schema.type.find((one) => one !== 'null') : schema.type
  if (typeof type === 'string') return type
  if (isObject(schema.properties)) return 'object'
  return schema.items === undefined ? 'string' : 'array'
}

function numberOr(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function omit(schema: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(schema).filter(([key]) => !keys.includes(key)))
}
