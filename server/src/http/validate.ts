import type { FastifySchemaCompiler } from 'fastify'
import type { z } from 'zod'
import { type FieldProblem, ValidationError } from '../errors.ts'

/**
 * Checks a part of a request against its Zod schema and describes what is wrong in FastAPI's words, which existing
 * clients of the Practice API and of Weave read.
 */
export const validateRequest: FastifySchemaCompiler<z.ZodType> = ({ schema, httpPart }) => {
  const place = PLACES[httpPart ?? 'body'] ?? 'body'
  const isPlain = PLAIN.get(schema)
  return (data: unknown) => {
    if (isPlain?.(data)) return { value: data }
    const parsed = schema.safeParse(data)
    if (parsed.success) return { value: parsed.data }
    return {
      error: new ValidationError(distinct(parsed.error.issues.flatMap((issue) => describe(issue, place, data)))),
    }
  }
}

const PLAIN = new WeakMap<z.ZodType, (data: unknown) => boolean>()

/**
 * Spares the schema of large bodies the work of copying each part of them.
 *
 * @param isPlain whether parsing would give exactly what it was given; when in doubt it says no.
 */
export function takePlain<Schema extends z.ZodType>(schema: Schema, isPlain: (data: unknown) => boolean): Schema {
  PLAIN.set(schema, isPlain)
  return schema
}

const PLACES: Record<string, string> = { body: 'body', querystring: 'query', params: 'path', headers: 'header' }

type Issue = z.core.$ZodIssue

function describe(issue: Issue, place: string, data: unknown): FieldProblem[] {
  const path = issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key))
  const loc = [place, ...path]
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      type: 'extra_forbidden',
      loc: [...loc, key],
      msg: 'Extra inputs are not permitted',
      input: valueAt(data, [...path, key]),
    }))
  }
  const input = valueAt(data, path)
  // A rule over several fields may point at one that was left out.
  if (issue.code !== 'custom' && (input === undefined || (data === null && path.length === 0)))
    return [{ type: 'missing', loc, msg: 'Field required', input: null }]
  return [{ ...inWords(issue), loc, input: input ?? null }]
}

/** Two checks of one field can fail with the same words. */
function distinct(problems: readonly FieldProblem[]): FieldProblem[] {
  const byWords = new Map(problems.map((problem) => [JSON.stringify([problem.loc, problem.msg]), problem]))
  return [...byWords.values()]
}

function inWords(issue: Issue): { type: string; msg: string } {
  switch (issue.code) {
    case 'invalid_type':
      return TYPES[issue.expected] ?? { type: `${issue.expected}_type`, msg: issue.message }
    case 'too_small':
      if (issue.origin === 'string')
        return { type: 'string_too_short', msg: `String should have at least ${characters(issue.minimum)}` }
      if (issue.origin === 'array')
        return { type: 'too_short', msg: `List should have at least ${issue.minimum} items` }
      return issue.inclusive === false
        ? { type: 'greater_than', msg: `Input should be greater than ${issue.minimum}` }
        : { type: 'greater_than_equal', msg: `Input should be greater than or equal to ${issue.minimum}` }
    case 'too_big':
      if (issue.origin === 'string')
        return { type: 'string_too_long', msg: `String should have at most ${characters(issue.maximum)}` }
      if (issue.origin === 'array') return { type: 'too_long', msg: `List should have at most ${issue.maximum} items` }
      return { type: 'less_than_equal', msg: `Input should be less than or equal to ${issue.maximum}` }
    case 'invalid_value':
      return {
        type: 'literal_error',
        msg: `Input should be ${issue.values.map((value) => `'${String(value)}'`).join(' or ')}`,
      }
    default:
      return { type: 'value_error', msg: issue.message }
  }
}

const TYPES: Record<string, { type: string; msg: string }> = {
  string: { type: 'string_type', msg: 'Input should be a valid string' },
  number: { type: 'float_type', msg: 'Input should be a valid number' },
  int: { type: 'int_parsing', msg: 'Input should be a valid integer' },
  boolean: { type: 'bool_type', msg: 'Input should be a valid boolean' },
  array: { type: 'list_type', msg: 'Input should be a valid list' },
  object: { type: 'dict_type', msg: 'Input should be a valid dictionary' },
  record: { type: 'dict_type', msg: 'Input should be a valid dictionary' },
}

function characters(count: number | bigint): string {
  return `${count} character${count === 1 ? '' : 's'}`
}

function valueAt(data: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (value as Record<string | number, unknown> | undefined | null)?.[key],
    data,
  )
}
