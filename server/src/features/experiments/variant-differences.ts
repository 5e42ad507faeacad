import { differences } from '../practice/settings-diff.ts'

/** A setting in which variants differ, with the value of each, in their order. */
export type VariantDifference = { path: string; values: unknown[] }

/**
 * The settings in which any two variants differ.
 *
 * One row for each path says of every pair what differs; all pairs one by one would repeat each value as often as there
 * are variants.
 */
export function variantDifferences(variants: readonly Record<string, unknown>[]): VariantDifference[] {
  const [first = {}, ...others] = variants
  const toFirst = others.map((other) => new Map(differences(first, other).map((found) => [found.path, found])))
  const paths = [...new Set(toFirst.flatMap((found) => [...found.keys()]))].sort()
  return paths.map((path) => {
    const own = toFirst.map((found) => found.get(path)).find((found) => found !== undefined)?.from
    return { path, values: [own ?? null, ...toFirst.map((found) => (found.has(path) ? found.get(path)?.to : own))] }
  })
}
