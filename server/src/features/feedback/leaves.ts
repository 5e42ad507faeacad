import { type Json, printJson } from '../weave/exact-json.ts'
import { isJsonObject } from '../weave/fields.ts'
import type { Operand, Operation } from '../weave/query/query.ts'
import { storeText } from '../weave/stored-json.ts'

/*
 * An index of what is in payloads: one row for each value that is no object and no list, found by its path and by what it
 * equals. A query looks up candidates in it and then checks them as it would check all rows, so values may be cut here, and
 * equal ones (`1`, `1.0`, `"1"`) must only be found together.
 */

export type Leaf = { path: string; value: string }

/** Rows with more leaves, or paths that are longer, are looked at by every query. */
const MAX_LEAVES = 64
const MAX_PATH_CHARACTERS = 200
const MAX_VALUE_CHARACTERS = 80

/** The leaves of a payload; undefined when there are too many, or some that are too deep. */
export function leavesOf(payload: Json): Leaf[] | undefined {
  const leaves: Leaf[] = []
  return collect(payload, '', leaves) ? leaves : undefined
}

/** Where the value of a path can be found; undefined when the index does not know. */
export function leafOf(path: readonly (string | number)[], literal: Json): Leaf | undefined {
  const joined = path.reduce<string>((prefix, part) => join(prefix, part), '')
  if (path.length === 0 || joined.length > MAX_PATH_CHARACTERS) return undefined
  if (literal === null || isContainer(literal)) return undefined
  // A list or object equals the text of its JSON.
  if (typeof literal === 'string' && /^[[{]/.test(literal)) return undefined
  return { path: joined, value: leafValue(literal) }
}

/**
 * Leaves one of which every row has that a query finds; undefined when the query cannot be answered by looking them up.
 *
 * @param pathOf the path into the payload that a field's name means, if it does.
 */
export function candidateLeaves(
  operation: Operand,
  pathOf: (field: string) => readonly (string | number)[] | undefined,
): Leaf[] | undefined {
  switch (operation.op) {
    case 'and':
      for (const one of operation.operands) {
        const leaves = candidateLeaves(one, pathOf)
        if (leaves) return leaves
      }
      return undefined
    case 'or':
      return everyOne(operation.operands.map((one) => candidateLeaves(one, pathOf)))
    case 'eq': {
      const { left, right } = operation
      return everyOne([leafFor(left, right, pathOf) ?? leafFor(right, left, pathOf)])
    }
    case 'in':
      return everyOne(operation.list.map((item) => leafFor(operation.left, item, pathOf)))
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

function leafFor(
  field: Operand,
  literal: Operand,
  pathOf: (field: string) => readonly (string | number)[] | undefined,
): Leaf[] | undefined {
  // A conversion keeps what the value equals, except to a truth value.
  const input = field.op === 'convert' && ['double', 'int', 'string'].includes(field.to) ? field.input : field
  if (input.op !== 'field' || literal.op !== 'literal') return undefined
  const path = pathOf(input.field)
  const leaf = path && leafOf(path, literal.value)
  return leaf && [leaf]
}

function everyOne(leaves: readonly (Leaf[] | undefined)[]): Leaf[] | undefined {
  return leaves.length > 0 && leaves.every((one) => one !== undefined) ? leaves.flat() : undefined
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

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/
const LARGEST_EXACT = 2n ** 63n

/** Equal for values that a comparison may find equal. */
function leafValue(value: Json): string {
  const text = typeof value === 'string' ? value : printJson(value)
  if (!NUMBER.test(text)) return `s${storeText(text.slice(0, MAX_VALUE_CHARACTERS))}`
  if (/^-?\d+$/.test(text) && text.length < 40) {
    const integer = BigInt(text)
    if (integer < LARGEST_EXACT && integer > -LARGEST_EXACT) return `n${integer}`
  }
  const number = Number(text)
  return `n${Number.isInteger(number) && Math.abs(number) < 2 ** 63 ? BigInt(number) : number}`
}
