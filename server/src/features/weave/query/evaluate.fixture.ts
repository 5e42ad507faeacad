import { Float, type Json, printJson } from '../exact-json.ts'
import { isJsonObject } from '../fields.ts'
import { byCodePoint } from '../python-json.ts'
import { storeText } from '../stored-json.ts'
import { splitFieldName } from './field.ts'
import type { Operand, Operation } from './query.ts'
import { toStoredTime } from './time.ts'

/**
 * What queries mean, said as plainly as it can be: to be compared with what the databases say. Text is ordered as it is
 * stored: a NUL sorts as U+E000 does.
 */

export type Row = {
  name: string | null
  score: number | null
  at: string
  flag: boolean | null
  tags: string[]
  payload: Json
}

type Value = { type: 'text' | 'number' | 'bool' | 'time' | 'json' | 'list' | 'literal'; value: Json | undefined }
type Numeric = number | bigint

export function evaluate(operation: Operation, row: Row): boolean | null {
  switch (operation.op) {
    case 'and':
      return fold(operation.operands, row, false)
    case 'or':
      return fold(operation.operands, row, true)
    case 'not':
      return negated(truth(operation.operand, row))
    case 'in': {
      const left = valueIn(operation.left, row)
      const found = operation.list.map((item) => compare('eq', left, valueIn(item, row)))
      return found.includes(true) ? true : found.includes(null) ? null : false
    }
    case 'contains': {
      const [input, part] = [valueIn(operation.input, row), toText(valueIn(operation.part, row))]
      const fold = (text: string) =>
        operation.isCaseInsensitive ? text.replace(/[A-Z]/g, (letter) => letter.toLowerCase()) : text
      if (input.type === 'list')
        return (input.value as string[]).some((item) => part !== null && fold(item) === fold(part))
      const text = toText(input)
      return text === null || part === null ? null : fold(text).includes(fold(part))
    }
    default:
      return compare(operation.op, valueIn(operation.left, row), valueIn(operation.right, row))
  }
}

/** `and` for decisive false, `or` for decisive true. */
function fold(operands: readonly Operand[], row: Row, decisive: boolean): boolean | null {
  const found = operands.map((operand) => truth(operand, row))
  if (found.includes(decisive)) return decisive
  return found.includes(null) ? null : !decisive
}

function truth(operand: Operand, row: Row): boolean | null {
  switch (operand.op) {
    case 'literal':
    case 'field':
    case 'convert':
    case 'size': {
      const bool = toBool(valueIn(operand, row))
      return bool === null ? null : Number(bool) !== 0
    }
    default:
      return evaluate(operand, row)
  }
}

function negated(value: boolean | null): boolean | null {
  return value === null ? null : !value
}

function valueIn(operand: Operand, row: Row): Value {
  switch (operand.op) {
    case 'literal':
      return { type: 'literal', value: operand.value }
    case 'field': {
      const [first = '', ...rest] = splitFieldName(operand.field)
      if (first === 'payload') return { type: 'json', value: at(row.payload, rest) }
      const types = { name: 'text', score: 'number', at: 'time', flag: 'bool', tags: 'list' } as const
      return { type: types[first as keyof typeof types], value: row[first as keyof Row] }
    }
    case 'size': {
      const input = valueIn(operand.input, row)
      const { value } = input
      if (Array.isArray(value)) return { type: 'number', value: value.length }
      if (isJsonObject(value)) return { type: 'number', value: Object.keys(value).length }
      return { type: 'number', value: typeof value === 'string' ? charactersIn(value) : null }
    }
    case 'convert': {
      const input = valueIn(operand.input, row)
      switch (operand.to) {
        case 'exists':
          return { type: 'bool', value: input.type === 'json' ? input.value !== undefined : input.value !== null }
        case 'string':
          return { type: 'text', value: toText(input) }
        case 'double':
          return { type: 'number', value: toNumber(input) }
        case 'int': {
          const number = toNumber(input)
          const isInteger = typeof number === 'bigint' || (number !== null && Number.isInteger(number))
          return { type: 'number', value: isInteger && Math.abs(Number(number)) < 2 ** 63 ? number : null }
        }
        case 'bool': {
          const bool = toBool(input)
          return { type: 'bool', value: bool }
        }
      }
      break
    }
    default:
      return { type: 'bool', value: evaluate(operand, row) }
  }
}

/** A NUL and half a pair are six characters where they are stored, U+E000 too. */
function charactersIn(text: string): number {
  return [...text].reduce((sum, character) => sum + (/[\0\ue000]|[\ud800-\udfff]/u.test(character) ? 5 : 1), 0)
}

function at(value: Json | undefined, path: readonly string[]): Json | undefined {
  const [key, ...rest] = path
  if (key === undefined) return value
  if (/^\d+$/.test(key)) return Array.isArray(value) ? at(value[Number(key)], rest) : undefined
  return isJsonObject(value) && Object.hasOwn(value, key) ? at(value[key], rest) : undefined
}

function compare(op: 'eq' | 'gt' | 'lt' | 'gte' | 'lte', left: Value, right: Value): boolean | null {
  const types = [typeOf(left), typeOf(right)]
  const as = (value: Value) => {
    if (types.includes('bool')) return toBool(value)
    if (types.includes('time')) return (value.type === 'literal' && timeOf(value.value)) || toText(value)
    return types.includes('number') ? toNumber(value) : toText(value)
  }
  const [a, b] = [as(left), as(right)]
  if (a === null || b === null) return null
  const order =
    typeof a === 'string'
      ? byCodePoint(storeText(a), storeText(b as string))
      : a < (b as Numeric)
        ? -1
        : a > (b as Numeric)
          ? 1
          : 0
  switch (op) {
    case 'eq':
      return order === 0
    case 'gt':
      return order > 0
    case 'lt':
      return order < 0
    case 'gte':
      return order >= 0
    case 'lte':
      return order <= 0
  }
}

function typeOf({ type, value }: Value): string {
  if (type !== 'literal') return type
  if (typeof value === 'boolean') return 'bool'
  return typeof value === 'number' || typeof value === 'bigint' || value instanceof Float ? 'number' : 'text'
}

function timeOf(value: Json | undefined): string | undefined {
  const given = value instanceof Float ? value.value : value
  return typeof given === 'string' || typeof given === 'number' ? toStoredTime(given) : undefined
}

function toText({ value }: Value): string | null {
  if (value === undefined || value === null) return null
  return typeof value === 'string' ? value : printJson(value)
}

function toNumber(value: Value): Numeric | null {
  const given = value.value
  if (value.type === 'bool' || value.type === 'literal') if (typeof given === 'boolean') return given ? 1 : 0
  if (typeof given === 'number' || typeof given === 'bigint') return given
  if (given instanceof Float) return given.value
  const text = toText(value)
  if (text === null || !/^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(text)) return null
  if (/^-?\d+$/.test(text) && !Number.isSafeInteger(Number(text))) return BigInt(text)
  return Math.abs(Number(text)) < 1e300 ? Number(text) : null
}

function toBool(value: Value): Numeric | null {
  const given = value.value
  if (value.type === 'bool') return given === null ? null : Number(given)
  if (value.type === 'number') return toNumber(value)
  if (value.type === 'literal' && typeof given !== 'string') return toNumber(value)
  const text = toText(value)
  return text === 'true' ? 1 : text === 'false' ? 0 : null
}
