import { AppError } from '../../errors.ts'
import type { Json } from '../weave/exact-json.ts'
import { isJsonObject } from '../weave/fields.ts'
import { splitFieldName } from '../weave/query/field.ts'
import { REF_SCHEME } from '../weave/refs.ts'
import { restoreJson } from '../weave/stored-json.ts'
import type { StoredCall } from './call-lines.ts'

/** What a ref leads to; null when that was deleted. */
export type ReadRef = (ref: string) => Promise<Json>
type ExpandableColumn = 'inputs' | 'output'
type Expanded = Partial<Record<ExpandableColumn, Json>>

/** Refs of one request that are replaced by what they lead to, each read once. */
export class RefExpansion {
  readonly #paths: { column: ExpandableColumn; path: string[] }[]
  readonly #read: ReadRef
  readonly #known = new Map<string, Json | undefined>()

  /** @param columns such as `inputs.example`, and then `inputs.example.author`, which is a ref inside the first. */
  constructor(columns: readonly string[], read: ReadRef) {
    this.#read = read
    this.#paths = columns
      .map(splitFieldName)
      .flatMap(([column, ...path]) =>
        column === 'inputs' || column === 'output' ? [{ column: column as ExpandableColumn, path }] : [],
      )
      // What is inside an expanded value is there after it was expanded.
      .toSorted((a, b) => a.path.length - b.path.length)
  }

  /** The columns of calls that hold refs to be replaced, with those replaced; a ref that leads nowhere stays. */
  async expand(calls: readonly StoredCall[]): Promise<ReadonlyMap<StoredCall, Expanded>> {
    const expanded = new Map<StoredCall, Expanded>()
    for (const call of calls) {
      const values: Expanded = {}
      for (const { column, path } of this.#paths) {
        const stored = call[column]
        if (stored === null || !stored.includes(REF_SCHEME)) continue
        values[column] = await this.#replaceAt(values[column] ?? restoreJson(stored), path)
      }
      expanded.set(call, values)
    }
    return expanded
  }

  async #replaceAt(value: Json, path: readonly string[]): Promise<Json> {
    const [key, ...rest] = path
    if (key === undefined) return typeof value === 'string' ? this.#replace(value) : value
    if (Array.isArray(value)) {
      const index = Number(key)
      const item = value[index]
      return item === undefined ? value : value.with(index, await this.#replaceAt(item, rest))
    }
    if (!isJsonObject(value) || !Object.hasOwn(value, key)) return value
    return { ...value, [key]: await this.#replaceAt(value[key] ?? null, rest) }
  }

  async #replace(text: string): Promise<Json> {
    if (!text.startsWith(REF_SCHEME)) return text
    if (!this.#known.has(text)) this.#known.set(text, await this.#find(text))
    const found = this.#known.get(text)
    if (found === undefined) return text
    return isJsonObject(found) ? { ...found, _ref: text } : found
  }

  async #find(ref: string): Promise<Json | undefined> {
    try {
      return (await this.#read(ref)) ?? undefined
    } catch (error) {
      if (error instanceof AppError) return undefined
      throw error
    }
  }
}
