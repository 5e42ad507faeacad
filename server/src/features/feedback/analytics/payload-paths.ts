import type { Json } from '../../weave/exact-json.ts'
import { isJsonObject } from '../../weave/fields.ts'
import { isSafePath, typeOfValue, type ValueType } from './metric.ts'

export type PayloadPath = { json_path: string; value_type: ValueType }

/** The paths of values in some payloads, sorted; one that has values of several types is categorical. */
export function collectPaths(payloads: readonly Json[]): PayloadPath[] {
  const types = new Map<string, ValueType>()
  for (const payload of payloads) collect(payload, '', types)
  return [...types]
    .map(([json_path, value_type]) => ({ json_path, value_type }))
    .toSorted((a, b) => (a.json_path < b.json_path ? -1 : 1))
}

function collect(value: Json, path: string, types: Map<string, ValueType>): void {
  if (isJsonObject(value)) {
    for (const [key, item] of Object.entries(value))
      if (key.trim() !== '' && !key.includes('.') && isSafePath(key))
        collect(item, path === '' ? key : `${path}.${key}`, types)
    return
  }
  const type = typeOfValue(value)
  if (path === '' || type === undefined) return
  types.set(path, (types.get(path) ?? type) === type ? type : 'categorical')
}
