import { child, type Node, textOf } from './node.ts'
import type { Problems } from './problem.ts'

const MAX_CHARACTERS = 128

/**
 * Makes the function that names operations: as the document does, or from method and path (`get_hotels_by_id`), so that
 * the same document always gives the same names. A second one of the same name gets a number.
 */
export function newOperationIds(problems: Problems): (operation: Node, method: string, path: string) => string {
  const taken = new Set<string>()
  return (operation, method, path) => {
    const given = textOf(operation, 'operationId').trim().slice(0, MAX_CHARACTERS)
    const wanted = given === '' ? nameFor(method, path) : given
    let name = wanted
    for (let number = 2; taken.has(name); number++) name = `${wanted}_${number}`
    taken.add(name)
    if (name !== wanted && given !== '')
      problems.warn(
        child(operation, 'operationId')!.pointer,
        `Another operation is named ${given} already, so this one is named ${name}.`,
        'Give every operation a name of its own.',
      )
    return name
  }
}

function nameFor(method: string, path: string): string {
  const words = path.replace(/\{([^{}]*)\}/g, 'by_$1').match(/[\p{L}\p{N}]+/gu) ?? []
  return [method, ...words].join('_').slice(0, MAX_CHARACTERS)
}
