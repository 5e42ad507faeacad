import type { Json } from '../weave/exact-json.ts'
import { isJsonObject } from '../weave/fields.ts'
import { invalidRequest } from '../weave/weave-error.ts'

/** What an object is, as far as it says so itself (weave.md §2.4). */
export type ObjectClass = {
  /** An op is published code; everything else is an object. */
  kind: 'op' | 'object'
  /** The class right under `Object`: `Dataset`, `Evaluation`, `Model`, … */
  baseObjectClass: string | null
  /** Its own class. */
  leafObjectClass: string | null
}

/** Classes that a client may name without sending their bases; the server then writes what a Python client would. */
const BUILTIN_CLASSES = [
  'ActionSpec',
  'AnnotationSpec',
  'ClassifierMonitor',
  'Leaderboard',
  'LLMStructuredCompletionModel',
  'Provider',
  'ProviderModel',
  'SavedView',
  'TestOnlyExample',
]
const ROOTS = ['Object', 'BaseObject']

/**
 * The value to be stored and what it is.
 *
 * @param builtinClass what the client calls it; the value then needs no bases.
 * @throws {WeaveError} when the two contradict each other or the class is unknown.
 */
export function classify(value: Json, builtinClass: string | null): { value: Json; class: ObjectClass } {
  if (!isJsonObject(value)) {
    if (builtinClass !== null) throw invalidRequest('object_class cannot be provided for non-dict objects')
    return { value, class: { kind: 'object', ...UNTYPED } }
  }
  const own = classesOf(value)
  if (builtinClass === null || own) {
    if (builtinClass !== null && own?.leafObjectClass !== builtinClass)
      throw invalidRequest(
        `object_class must match val's defined object class: ${own?.leafObjectClass} != ${builtinClass}`,
      )
    return { value, class: { kind: isOp(value) ? 'op' : 'object', ...(own ?? UNTYPED) } }
  }
  if (!BUILTIN_CLASSES.includes(builtinClass)) throw invalidRequest(`Unknown object class: ${builtinClass}`)
  return {
    value: {
      _type: builtinClass,
      name: null,
      description: null,
      ...value,
      _class_name: builtinClass,
      _bases: ['BaseObject', 'BaseModel'],
    },
    class: { kind: 'object', baseObjectClass: builtinClass, leafObjectClass: builtinClass },
  }
}

const UNTYPED = { baseObjectClass: null, leafObjectClass: null }

/** `_bases` goes from the nearest to `BaseModel`: the one before the root is what clients list objects by. */
function classesOf(value: { [key: string]: Json }): Omit<ObjectClass, 'kind'> | undefined {
  const { _bases: bases, _class_name: leaf } = value
  if (!Array.isArray(bases) || typeof leaf !== 'string') return undefined
  if (bases.at(-1) !== 'BaseModel' || !ROOTS.includes(bases.at(-2) as string)) return undefined
  const base = bases.at(-3)
  return { baseObjectClass: typeof base === 'string' ? base : leaf, leafObjectClass: leaf }
}

function isOp(value: { [key: string]: Json }): boolean {
  return isCustomType(value) && isJsonObject(value.weave_type) && value.weave_type.type === 'Op'
}

function isCustomType(value: { [key: string]: Json }): boolean {
  return value._type === 'CustomWeaveType'
}

/**
 * Files of a custom type are written into a folder by the clients that read them: no name may lead out of it.
 *
 * @throws {WeaveError} naming the first that does.
 */
export function checkFileNames(value: Json): void {
  if (Array.isArray(value)) for (const item of value) checkFileNames(item)
  if (!isJsonObject(value)) return
  if (isCustomType(value) && isJsonObject(value.files))
    for (const name of Object.keys(value.files))
      if (name.startsWith('/') || name.split('/').includes('..'))
        throw invalidRequest(`Invalid file path key: '${name}'`)
  for (const item of Object.values(value)) checkFileNames(item)
}
