import type { JsonObject } from '../../../models/language-model.ts'

/** A part of a document and where it stands in the document as it was given. */
export type Node<T = unknown> = { value: T; pointer: string }

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The part under a key, if there is one. */
export function child(node: Node, key: string): Node | undefined {
  if (!isObject(node.value) || !Object.hasOwn(node.value, key)) return undefined
  const value = node.value[key]
  return value === undefined ? undefined : { value, pointer: `${node.pointer}/${escapePointer(key)}` }
}

/** The part under a key if it is an object. */
export function childObject(node: Node, key: string): Node<JsonObject> | undefined {
  const found = child(node, key)
  return found && isObject(found.value) ? { value: found.value, pointer: found.pointer } : undefined
}

/** All parts of an object with their keys; none of anything else, and no extensions. */
export function childrenOf(node: Node | undefined): [key: string, node: Node][] {
  if (!node || !isObject(node.value)) return []
  return Object.entries(node.value)
    .filter(([key]) => !key.startsWith('x-'))
    .map(([key, value]) => [key, { value, pointer: `${node.pointer}/${escapePointer(key)}` }])
}

/** All items of a list; none of anything else. */
export function itemsOf(node: Node | undefined): Node[] {
  if (!Array.isArray(node?.value)) return []
  return node.value.map((value, index) => ({ value, pointer: `${node.pointer}/${index}` }))
}

/** The text under a key; numbers and booleans are what YAML makes of unquoted text. */
export function textOf(node: Node, key: string): string {
  const value = child(node, key)?.value
  return typeof value === 'string'
    ? value
    : typeof value === 'number' || typeof value === 'boolean'
      ? String(value)
      : ''
}

export function escapePointer(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1')
}
