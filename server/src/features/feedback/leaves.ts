import { Float, type Json, printJson } from '../weave/exact-json.ts'
import { isJsonObject } from '../weave/fields.ts'
import type { Operand, Operation } from '../weave/query/query.ts'
import { storeText } from '../weave/stored-json.ts'

/*
 * An index of what is in payloads: one row for each value that is no object and no list, found by its path and by what it
 * equals; numbers by their order, too. A query looks up candidates in it and then checks them as it would check all rows,
 * so values may be cut here, and equal ones (`1`, `1.0`, `"1"`) must only be found together.
 */

export type Leaf = { path: string; value: string }
/** All leaves of a path with a value from one to another, both included. */
export type Lookup = { path: string; from: string; to: string }

type PathOf = (field: string) => readonly (string | number)[] | undefined

/** Rows with more leaves, or paths that are longer, are looked at by every query. */
const MAX_LEAVES = 64
const MAX_PATH_CHARACTERS = 200
const MAX_VALUE_CHARACTERS = 80

/** The leaves of a payload; undefined when there are too many, or some that are too deep. */
export function leavesOf(payload: Json): Leaf[] | undefined {
  const leaves: Leaf[] = []
  return collect(payload, '', leaves) ? leaves : undefined
}

/**
 * Where to look so that every row is found that a query finds, and perhaps others; undefined when the query cannot be
 * answered by looking values up.
 *
 * @param pathOf the path into the payload that a field's name means, if it does.
 */
export function candidates(operation: Operand, pathOf: PathOf): Lookup[] | undefined {
  switch (operation.op) {
    case 'and':
      for (const one of operation.operands) {
        const found = candidates(one, pathOf)
        if (found) return found
      }
      return undefined
    case 'or':
      return everyOne(operation.operands.map((one) => candidates(one, pathOf)))
    case 'eq': {
      const { left, right } = operation
      return everyOne([equal(left, right, pathOf) ?? equal(right, left, pathOf)])
    }
    case 'in':
      return everyOne(operation.list.map((item) => equal(operation.left, item, pathOf)))
    case 'gt':
    case 'gte':
    case 'lt':
    case 'lte':
      return beyond(operation, pathOf)
    default:
      return undefined
  }
}

/** Whether a query asks for equality with a column that has an index of its own. */
export function namesColumn(operation: Operation, columns: readonly string[]): boolean {
  if (operation.op === 'and')
    return operation.operands.some((one) =>
      'operands' in one || 'left' in one ? namesColumn(one as Operation, columns) : false,
    )
  if (operation.op !== 'eq' && operation.op !== 'in') return false
  return operation.left.op === 'field' && columns.includes(operation.left.field)
}

function equal(field: Operand, literal: Operand, pathOf: PathOf): Lookup[] | undefined {
  const path = pathOfOperand(field, pathOf)
  if (path === undefined || literal.op !== 'literal') return undefined
  const { value } = literal
  if (value === null || isContainer(value)) return undefined
  // A list or object equals the text of its JSON, and a number a truth value.
  if (typeof value === 'string' && /^[[{]/.test(value)) return undefined
  if (typeof value === 'boolean' && field.op === 'convert') return undefined
  const found = leafValue(value)
  return [{ path, from: found, to: found }]
}

/** Only numbers are in order in the index. */
function beyond({ op, left, right }: Extract<Operation, { left: Operand; right: Operand }>, pathOf: PathOf) {
  const path = pathOfOperand(left, pathOf)
  if (path === undefined || right.op !== 'literal' || !isNumber(right.value)) return undefined
  const found = leafValue(right.value)
  const isUpwards = op === 'gt' || op === 'gte'
  return [{ path, from: isUpwards ? found : SMALLEST_NUMBER, to: isUpwards ? LARGEST_NUMBER : found }]
}

/** A conversion keeps what the value equals, except to a truth value. */
function pathOfOperand(operand: Operand, pathOf: PathOf): string | undefined {
  const input = operand.op === 'convert' && ['double', 'int', 'string'].includes(operand.to) ? operand.input : operand
  const path = input.op === 'field' ? pathOf(input.field) : undefined
  if (!path || path.length === 0) return undefined
  const joined = path.reduce<string>((prefix, part) => join(prefix, part), '')
  return joined.length > MAX_PATH_CHARACTERS ? undefined : joined
}

function everyOne(found: readonly (Lookup[] | undefined)[]): Lookup[] | undefined {
  return found.length > 0 && found.every((one) => one !== undefined) ? found.flat() : undefined
}

/** False, having stopped, when the payload cannot be indexed. */
function collect(value: Json, path: string, leaves: Leaf[]): boolean {
  if (value === null) return true
  if (path.length > MAX_PATH_CHARACTERS) return false
  if (Array.isArray(value)) return value.every((item, index) => collect(item, join(path, index), leaves))
  if (isJsonObject(value))
    return Object.keys(value).every((key) => collect(value[key] as Json, join(path, storeText(key)), leaves))
  return leaves.push({ path, value: leafValue(value) }) <= MAX_LEAVES
}

/** Parts cannot be confused: a place in a list is no key. */
function join(prefix: string, part: string | number): string {
  return typeof part === 'number' ? `${prefix}[${part}]` : `${prefix}.${part.replaceAll(/[.[\\]/g, '\\$&')}`
}

function isContainer(value: Json): boolean {
  return Array.isArray(value) || isJsonObject(value)
}

function isNumber(value: Json): boolean {
  return typeof value === 'number' || typeof value === 'bigint' || value instanceof Float
}

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/
const SMALLEST_NUMBER = 'n'
const LARGEST_NUMBER = 'ng'

/** Equal for values that a comparison may find equal; texts of numbers are in the order of the numbers. */
function leafValue(value: Json): string {
  const text = typeof value === 'string' ? value : printJson(value)
  return NUMBER.test(text) ? `n${sortable(Number(text))}` : `s${storeText(text.slice(0, MAX_VALUE_CHARACTERS))}`
}

const bits = new DataView(new ArrayBuffer(8))

/** A float as 16 hexadecimal digits, in the order of the floats. */
function sortable(number: number): string {
  bits.setFloat64(0, number === 0 ? 0 : number)
  const [high, low] = [bits.getUint32(0), bits.getUint32(4)]
  const isNegative = high >= 0x8000_0000
  const [first, second] = isNegative ? [~high >>> 0, ~low >>> 0] : [(high | 0x8000_0000) >>> 0, low]
  return first.toString(16).padStart(8, '0') + second.toString(16).padStart(8, '0')
}
