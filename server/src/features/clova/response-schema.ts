import type { JsonObject } from '../../models/language-model.ts'
import { ClovaError } from './clova-error.ts'

const TYPES = new Set(['object', 'array', 'string', 'number', 'integer', 'boolean', 'null'])
const DEEPEST = 32

/**
 * The JSON Schema that an answer is to follow, if it can be one.
 *
 * @throws {ClovaError} 40055 naming the place, for what every provider would refuse in words of its own.
 */
export function responseSchema(schema: unknown): JsonObject {
  check(schema, 'responseFormat.schema', 0)
  return schema
}

function check(schema: unknown, where: string, depth: number): asserts schema is JsonObject {
  if (!isObject(schema)) throw new ClovaError(40055, `${where} must be an object`)
  if (depth > DEEPEST) throw new ClovaError(40055, `${where} is nested too deeply`)
  const { type, properties, items, required, enum: values, anyOf } = schema
  for (const name of type === undefined ? [] : [type].flat())
    if (!TYPES.has(name as string)) throw new ClovaError(40055, `${where}.type: ${JSON.stringify(name)} is no type`)
  if (required !== undefined && !(Array.isArray(required) && required.every((name) => typeof name === 'string')))
    throw new ClovaError(40055, `${where}.required must be a list of names`)
  if (values !== undefined && !(Array.isArray(values) && values.length > 0))
    throw new ClovaError(40055, `${where}.enum must be a list of values`)
  if (properties !== undefined) {
    if (!isObject(properties)) throw new ClovaError(40055, `${where}.properties must be an object`)
    for (const [name, property] of Object.entries(properties)) check(property, `${where}.properties.${name}`, depth + 1)
  }
  if (items !== undefined && typeof items !== 'boolean') check(items, `${where}.items`, depth + 1)
  if (anyOf === undefined) return
  if (!Array.isArray(anyOf)) throw new ClovaError(40055, `${where}.anyOf must be a list of schemas`)
  for (const [index, one] of anyOf.entries()) check(one, `${where}.anyOf[${index}]`, depth + 1)
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
