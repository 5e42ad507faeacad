import type { JsonObject } from '../../../models/language-model.ts'
import { isObject } from '../document/node.ts'

/** A model mends a few mistakes at once, not more. */
const MAX_PROBLEMS = 8
const MAX_SHOWN_CHOICES = 30

/**
 * A value that fits a schema, or what keeps it from fitting, in words for the model that made it.
 *
 * What a model plainly meant is put right: `"5"` for a number, one value for a list of them, JSON written as text.
 * `pattern` and `format` are not checked: a pattern that its author has made slow would stop the server, and the API
 * judges both itself.
 */
export function fitValue(schema: unknown, value: unknown, name: string): { value: unknown; problems: string[] } {
  const problems: string[] = []
  return { value: fitTo(schema, value, name, problems), problems: problems.slice(0, MAX_PROBLEMS) }
}

function fitTo(schema: unknown, given: unknown, name: string, problems: string[]): unknown {
  if (!isObject(schema)) {
    if (schema === false) problems.push(`${name} is not allowed.`)
    return given
  }
  const types = typesOf(schema)
  let value = types.length === 0 || types.some((type) => isOf(type, given)) ? given : meant(types, given)
  if (value === undefined) {
    problems.push(
      `${name} must be ${types.map((type) => WITH_ARTICLE[type] ?? type).join(' or ')}, not ${show(given)}.`,
    )
    return given
  }
  for (const part of listOf(schema.allOf)) value = fitTo(part, value, name, problems)
  for (const choices of [listOf(schema.anyOf), listOf(schema.oneOf)]) value = fitOne(choices, value, name, problems)
  checkChoices(schema, value, name, problems)
  if (typeof value === 'number') checkNumber(schema, value, name, problems)
  if (typeof value === 'string')
    checkLength(schema, value.length, ['minLength', 'maxLength'], `${name}`, 'characters', problems)
  if (Array.isArray(value)) return fitItems(schema, value, name, problems)
  return isObject(value) ? fitProperties(schema, value, name, problems) : value
}

/** The first alternative that fits; when none does, what is wrong by the first one. */
function fitOne(choices: readonly unknown[], value: unknown, name: string, problems: string[]): unknown {
  let first: string | undefined
  for (const choice of choices) {
    const attempt: string[] = []
    const fitted = fitTo(choice, value, name, attempt)
    if (attempt.length === 0) return fitted
    first ??= attempt[0]
  }
  if (first !== undefined) problems.push(choices.length > 1 ? `${name} fits none of its alternatives: ${first}` : first)
  return value
}

function fitItems(schema: JsonObject, items: readonly unknown[], name: string, problems: string[]): unknown[] {
  checkLength(schema, items.length, ['minItems', 'maxItems'], name, 'items', problems)
  const prefix = listOf(schema.prefixItems)
  return items.map((item, index) => fitTo(prefix[index] ?? schema.items, item, `${name}[${index}]`, problems))
}

function fitProperties(schema: JsonObject, value: JsonObject, name: string, problems: string[]): JsonObject {
  const properties = isObject(schema.properties) ? schema.properties : {}
  for (const required of listOf(schema.required))
    if (value[String(required)] === undefined) problems.push(`${name}.${required} is missing.`)
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => {
      const path = `${name}.${key}`
      if (Object.hasOwn(properties, key)) return [key, fitTo(properties[key], part, path, problems)]
      if (schema.additionalProperties === false && !isObject(schema.patternProperties))
        problems.push(`${path} is not known; there are ${Object.keys(properties).join(', ') || 'none'}.`)
      return [
        key,
        isObject(schema.additionalProperties) ? fitTo(schema.additionalProperties, part, path, problems) : part,
      ]
    }),
  )
}

function checkChoices(schema: JsonObject, value: unknown, name: string, problems: string[]): void {
  const choices = Array.isArray(schema.enum) ? schema.enum : 'const' in schema ? [schema.const] : undefined
  if (choices === undefined || choices.some((choice) => JSON.stringify(choice) === JSON.stringify(value))) return
  const shown = choices.slice(0, MAX_SHOWN_CHOICES).map((choice) => JSON.stringify(choice))
  problems.push(
    `${name} must be one of ${shown.join(', ')}${choices.length > shown.length ? ', …' : ''}, not ${show(value)}.`,
  )
}

function checkNumber(schema: JsonObject, value: number, name: string, problems: string[]): void {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema
  if (typeof minimum === 'number' && value < minimum) problems.push(`${name} must be at least ${minimum}.`)
  if (typeof maximum === 'number' && value > maximum) problems.push(`${name} must be at most ${maximum}.`)
  if (typeof exclusiveMinimum === 'number' && value <= exclusiveMinimum)
    problems.push(`${name} must be more than ${exclusiveMinimum}.`)
  if (typeof exclusiveMaximum === 'number' && value >= exclusiveMaximum)
    problems.push(`${name} must be less than ${exclusiveMaximum}.`)
}

function checkLength(
  schema: JsonObject,
  length: number,
  [least, most]: readonly [string, string],
  name: string,
  unit: string,
  problems: string[],
): void {
  const [min, max] = [schema[least], schema[most]]
  if (typeof min === 'number' && length < min) problems.push(`${name} must have at least ${min} ${unit}.`)
  if (typeof max === 'number' && length > max) problems.push(`${name} must have at most ${max} ${unit}.`)
}

const WITH_ARTICLE: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
}

function typesOf({ type }: JsonObject): string[] {
  return (Array.isArray(type) ? type : [type]).filter((name) => typeof name === 'string')
}

function isOf(type: string, value: unknown): boolean {
  switch (type) {
    case 'integer':
      return Number.isInteger(value)
    case 'number':
      return typeof value === 'number'
    case 'array':
      return Array.isArray(value)
    case 'object':
      return isObject(value)
    case 'null':
      return value === null
  }
  return typeof value === type
}

/** What a value of another type was plainly meant to be, or undefined. */
function meant(types: readonly string[], given: unknown): unknown {
  for (const type of types) {
    const value = meantAs(type, given)
    if (value !== undefined) return value
  }
  return undefined
}

function meantAs(type: string, given: unknown): unknown {
  switch (type) {
    case 'string':
      return typeof given === 'number' || typeof given === 'boolean' ? String(given) : undefined
    case 'integer':
    case 'number':
      return typeof given === 'string' ? numberFrom(given.trim(), type === 'integer') : undefined
    case 'boolean':
      return given === 'true' ? true : given === 'false' ? false : undefined
    case 'array':
    case 'object': {
      const parsed = typeof given === 'string' ? jsonFrom(given) : undefined
      if (parsed !== undefined && isOf(type, parsed)) return parsed
      return type === 'array' && given !== null && typeof given !== 'object' ? [given] : undefined
    }
  }
  return undefined
}

function numberFrom(text: string, isWhole: boolean): number | string | undefined {
  if (!(isWhole ? /^-?\d+$/ : /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i).test(text)) return undefined
  const value = Number(text)
  // An id too long for a number is sent as it was written.
  return isWhole && !Number.isSafeInteger(value) ? text : value
}

function jsonFrom(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 60 ? `${text.slice(0, 59)}…` : text
}
