import type { ResponseHint } from '../skill.ts'
import { child, isObject, type Node } from './node.ts'
import type { Problems } from './problem.ts'

const MAX_FIELDS = 100

/** `x-etude-response: { fields: ['items[].title'], maxItems: 5 }` of an operation: what of an answer models shall see. */
export function readHint(operation: Node, problems: Problems): ResponseHint {
  const none = { fields: [], maxItems: null }
  const node = child(operation, 'x-etude-response')
  if (!node) return none
  const { fields = [], maxItems = null } = isObject(node.value) ? node.value : { fields: null }
  const isList =
    Array.isArray(fields) && fields.length <= MAX_FIELDS && fields.every((field) => typeof field === 'string')
  const isCount = maxItems === null || (Number.isInteger(maxItems) && (maxItems as number) > 0)
  if (isList && isCount) return { fields, maxItems: maxItems as number | null }
  problems.warn(
    node.pointer,
    'x-etude-response is not understood.',
    "Write { fields: ['items[].title'], maxItems: 5 }.",
  )
  return none
}
