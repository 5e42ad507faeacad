import { printJson } from '../weave/exact-json.ts'
import type { Operand, Operation } from '../weave/query/query.ts'
import { invalidRequest } from '../weave/weave-error.ts'

/**
 * The ids of a query to purge feedback, which may only be `$eq` of the id and a text, or an `$or` of such.
 *
 * @throws {WeaveError} in the words of weave.md §1.7 for every other query.
 */
export function purgeIds(operation: Operation): string[] {
  if (operation.op === 'eq') return [idOf(operation, 'Can only purge feedback by specifying one or more feedback ids')]
  if (operation.op !== 'or') throw invalidRequest('Can only purge feedback by specifying one or more feedback ids')
  if (operation.operands.length === 0) throw invalidRequest('Empty OR operation')
  return operation.operands.map((operand) => idOf(operand, 'Can only purge by specifying one or more ids'))
}

function idOf(operand: Operand, otherwise: string): string {
  if (operand.op !== 'eq') throw invalidRequest(otherwise)
  const { left, right } = operand
  if (left.op !== 'field') throw invalidRequest(`Expected key get_field_, got ${KEYS[left.op] ?? left.op}_`)
  if (left.field !== 'id') throw invalidRequest(otherwise)
  if (right.op !== 'literal') throw invalidRequest(`Expected key literal_, got ${KEYS[right.op] ?? right.op}_`)
  if (typeof right.value !== 'string')
    throw invalidRequest(`Expected value of type <class 'str'>, got <class '${pythonClass(right.value)}'>`)
  return right.value
}

/** What Weave's server calls operands, where it is not what we call them. */
const KEYS: Partial<Record<Operand['op'], string>> = { field: 'get_field' }

function pythonClass(value: unknown): string {
  if (value === null) return 'NoneType'
  switch (typeof value) {
    case 'boolean':
      return 'bool'
    case 'number':
      return Number.isInteger(value) ? 'int' : 'float'
    case 'bigint':
      return 'int'
    default:
      if (Array.isArray(value)) return 'list'
      return printJson(value).startsWith('{') ? 'dict' : 'float'
  }
}
