import { z } from 'zod'
import type { Json } from '../exact-json.ts'
import { isJsonObject } from '../fields.ts'

/** A query as Weave's clients write it (weave.md §1.8), read into what it means. */
export type Operation =
  | { op: 'and' | 'or'; operands: Operand[] }
  | { op: 'not'; operand: Operand }
  | { op: 'eq' | 'gt' | 'lt' | 'gte' | 'lte'; left: Operand; right: Operand }
  | { op: 'in'; left: Operand; list: Operand[] }
  | { op: 'contains'; input: Operand; part: Operand; isCaseInsensitive: boolean }

export type Operand =
  | Operation
  | { op: 'literal'; value: Json }
  | { op: 'field'; field: string }
  | { op: 'convert'; input: Operand; to: ConvertTo }
  | { op: 'size'; input: Operand }

export type ConvertTo = (typeof CONVERT_TO)[number]

const CONVERT_TO = ['double', 'string', 'int', 'bool', 'exists'] as const
const COMPARISONS = { $eq: 'eq', $gt: 'gt', $lt: 'lt', $gte: 'gte', $lte: 'lte' } as const
const OPERATIONS = ['$and', '$or', '$not', ...Object.keys(COMPARISONS), '$in', '$contains']
const OPERANDS = ['$literal', '$getField', '$convert', '$size', ...OPERATIONS]
/** Neither database reads conditions that are nested without end. */
const MAX_DEPTH = 50

/** `{"$expr": operation}`, to be used in the body of a route. */
export const Query = z.strictObject({
  $expr: z
    .unknown()
    .transform((value, context): Operation => {
      try {
        return parseOperation(value, [])
      } catch (error) {
        if (!(error instanceof Malformed)) throw error
        context.addIssue({ ...error.issue, path: error.path })
        return z.NEVER
      }
    })
    .meta({
      type: 'object',
      description: `An operation: one of ${OPERATIONS.join(', ')}. Its operands are $literal, $getField, $convert, $size or operations.`,
    }),
})

export type Query = z.output<typeof Query>

/** One field to sort by, as in the body of a route. */
export const SortBy = z.object({ field: z.string(), direction: z.enum(['asc', 'desc']) })

export type SortBy = z.output<typeof SortBy>

type Path = (string | number)[]
type Issue = { code: 'custom'; message: string } | { code: 'invalid_type'; expected: string; input: unknown }

class Malformed extends Error {
  readonly path: Path
  readonly issue: Issue

  constructor(path: Path, issue: string | { expected: string; input: unknown }) {
    super()
    this.path = path
    this.issue = typeof issue === 'string' ? { code: 'custom', message: issue } : { code: 'invalid_type', ...issue }
  }
}

function parseOperation(value: unknown, path: Path): Operation {
  const operand = parseOperand(value, path)
  switch (operand.op) {
    case 'literal':
    case 'field':
    case 'convert':
    case 'size':
      throw new Malformed(path, `Input should be an operation: one of ${OPERATIONS.join(', ')}`)
    default:
      return operand
  }
}

function parseOperand(value: unknown, path: Path): Operand {
  if (path.length > 2 * MAX_DEPTH) throw new Malformed([], `The query is nested more than ${MAX_DEPTH} levels deep`)
  if (!isJsonObject(value)) throw new Malformed(path, { expected: 'object', input: value })
  const name = OPERANDS.find((one) => Object.hasOwn(value, one))
  if (name === undefined) throw new Malformed(path, `Input should have one of the keys ${OPERANDS.join(', ')}`)
  const given = value[name] as Json
  const at = [...path, name]
  switch (name) {
    case '$literal':
      return { op: 'literal', value: given }
    case '$getField':
      return { op: 'field', field: parseString(given, at) }
    case '$convert': {
      const { input, to } = parseObject(given, at)
      const known = CONVERT_TO.find((one) => one === to)
      if (known === undefined)
        throw new Malformed([...at, 'to'], `Input should be ${CONVERT_TO.map((one) => `'${one}'`).join(' or ')}`)
      return { op: 'convert', input: parseOperand(input, [...at, 'input']), to: known }
    }
    case '$size':
      return { op: 'size', input: parseOperand(given, at) }
    case '$and':
    case '$or':
      return {
        op: name === '$and' ? 'and' : 'or',
        operands: parseList(given, at).map((item, index) => parseOperand(item, [...at, index])),
      }
    case '$not': {
      const [operand] = parseList(given, at, 1)
      return { op: 'not', operand: parseOperand(operand, [...at, 0]) }
    }
    case '$in': {
      const [left, list] = parseList(given, at, 2)
      return {
        op: 'in',
        left: parseOperand(left, [...at, 0]),
        list: parseList(list, [...at, 1]).map((item, index) => parseOperand(item, [...at, 1, index])),
      }
    }
    case '$contains': {
      const { input, substr, case_insensitive } = parseObject(given, at)
      if (case_insensitive !== undefined && case_insensitive !== null && typeof case_insensitive !== 'boolean')
        throw new Malformed([...at, 'case_insensitive'], { expected: 'boolean', input: case_insensitive })
      return {
        op: 'contains',
        input: parseOperand(input, [...at, 'input']),
        part: parseOperand(substr, [...at, 'substr']),
        isCaseInsensitive: case_insensitive === true,
      }
    }
    default: {
      const [left, right] = parseList(given, at, 2)
      return {
        op: COMPARISONS[name as keyof typeof COMPARISONS],
        left: parseOperand(left, [...at, 0]),
        right: parseOperand(right, [...at, 1]),
      }
    }
  }
}

function parseString(value: unknown, path: Path): string {
  if (typeof value !== 'string') throw new Malformed(path, { expected: 'string', input: value })
  return value
}

function parseObject(value: unknown, path: Path): { [key: string]: Json } {
  if (!isJsonObject(value)) throw new Malformed(path, { expected: 'object', input: value })
  return value
}

function parseList(value: unknown, path: Path, length?: number): Json[] {
  if (!Array.isArray(value)) throw new Malformed(path, { expected: 'array', input: value })
  if (length !== undefined && value.length !== length)
    throw new Malformed(path, `List should have ${length} item${length === 1 ? '' : 's'}, not ${value.length}`)
  return value
}
