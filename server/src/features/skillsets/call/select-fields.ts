type Wanted = Map<string, Wanted | true>

/**
 * Only the named fields of a JSON value, in its own order: `items[].title`, `total`, `[].name`.
 *
 * A path that ends at an object or a list takes all of it. Lists may be named with or without `[]`. When no path leads
 * anywhere, everything is kept: the API has changed, and an empty answer would only mislead.
 */
export function selectFields(value: unknown, fields: readonly string[]): unknown {
  if (fields.length === 0) return value
  const wanted: Wanted = new Map()
  for (const field of fields) add(wanted, namesOf(field))
  return select(value, wanted) ?? value
}

function namesOf(field: string): string[] {
  return field
    .replace(/^\$\.?/, '')
    .replace(/\[[^\]]*\]/g, '')
    .split('.')
    .filter((name) => name !== '')
}

function add(wanted: Wanted, [name, ...rest]: string[]): void {
  if (name === undefined) return
  const known = wanted.get(name)
  if (known === true) return
  if (rest.length === 0) {
    wanted.set(name, true)
    return
  }
  const inner: Wanted = known ?? new Map()
  wanted.set(name, inner)
  add(inner, rest)
}

function select(value: unknown, wanted: Wanted): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  if (Array.isArray(value)) {
    const items = value.map((item) => select(item, wanted)).filter((item) => item !== undefined)
    return items.length > 0 || value.length === 0 ? items : undefined
  }
  const kept = Object.entries(value).flatMap(([key, part]) => {
    const inner = wanted.get(key)
    const selected = inner === true ? part : inner && select(part, inner)
    return selected === undefined ? [] : [[key, selected] as const]
  })
  return kept.length > 0 ? Object.fromEntries(kept) : undefined
}
