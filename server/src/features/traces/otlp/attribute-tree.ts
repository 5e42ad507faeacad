import { type Json, parseExactJson } from '../../weave/exact-json.ts'
import { isJsonObject } from '../../weave/fields.ts'
import { checkDepth } from '../../weave/json-depth.ts'
import type { OtlpAttribute } from './otlp-request.ts'

/** Parts of one key; real ones have about five. */
const MAX_KEY_PARTS = 64

/** A key leads into a value that holds no keys; the span is rejected (weave.md §3). */
export class AttributeConflictError extends Error {}

type Tree = { [key: string]: Json }

/**
 * The tree that dotted keys describe: `a.b` is in `a`, numbers from 0 on make lists. A text that is JSON becomes what it
 * says, as instrumentations pack messages into texts.
 *
 * @throws {AttributeConflictError}
 */
export function attributeTree(attributes: readonly OtlpAttribute[]): Tree {
  const root = newTree()
  for (const [key, value] of attributes) set(root, key, unpack(value))
  for (const key of Object.keys(root)) root[key] = withLists(root[key] ?? null)
  return root
}

/** The value at a dotted path, through objects and lists; undefined when there is none. */
export function valueAt(tree: Tree, path: string): Json | undefined {
  if (Object.hasOwn(tree, path)) return tree[path]
  let value: Json | undefined = tree
  for (const part of path.split('.')) {
    if (Array.isArray(value)) value = /^\d+$/.test(part) ? value[Number(part)] : undefined
    else value = isJsonObject(value) && Object.hasOwn(value, part) ? value[part] : undefined
    if (value === undefined) return undefined
  }
  return value
}

function set(root: Tree, key: string, value: Json): void {
  const parts = key.split('.')
  if (parts.length > MAX_KEY_PARTS)
    throw new AttributeConflictError(`Invalid attribute structure: the key '${key.slice(0, 80)}…' is too deep.`)
  let tree = root
  for (const [index, part] of parts.slice(0, -1).entries()) {
    const next = Object.hasOwn(tree, part) ? tree[part] : undefined
    if (next !== undefined && !isJsonObject(next))
      throw new AttributeConflictError(
        `Invalid attribute structure: cannot set subkey '${parts[index + 1]}' under parent key '${part}' because it ` +
          `is already a ${pythonType(next)}. Attributes must form a valid tree structure.`,
      )
    const child = next ?? newTree()
    tree[part] = child
    tree = child
  }
  tree[parts.at(-1) ?? ''] = value
}

/** Without a prototype: attributes may have any name. */
function newTree(): Tree {
  return Object.create(null)
}

function unpack(value: Json): Json {
  if (typeof value !== 'string' || !/^\s*[[{]/.test(value)) return value
  try {
    const parsed = parseExactJson(value)
    checkDepth(parsed)
    return parsed
  } catch {
    return value // A text that only looks like JSON.
  }
}

function withLists(value: Json): Json {
  if (!isJsonObject(value)) return value
  const keys = Object.keys(value)
  for (const key of keys) value[key] = withLists(value[key] ?? null)
  const isList = keys.length > 0 && keys.every((_, index) => Object.hasOwn(value, String(index)))
  return isList ? keys.map((_, index) => value[String(index)] ?? null) : value
}

/** What Python calls the type of a value: the text of the rejection names it. */
function pythonType(value: Json): string {
  if (value === null) return 'NoneType'
  if (Array.isArray(value)) return 'list'
  switch (typeof value) {
    case 'string':
      return 'str'
    case 'boolean':
      return 'bool'
    case 'bigint':
      return 'int'
    case 'number':
      return Number.isInteger(value) ? 'int' : 'float'
    default:
      return 'dict'
  }
}
