/** One value that differs between two revisions, at a path such as `generation_params.temperature`. */
export type Difference = { path: string; from: unknown; to: unknown }

/** What differs between two objects of settings, objects one level deep. */
export function differences(from: Record<string, unknown>, to: Record<string, unknown>, prefix = ''): Difference[] {
  const names = [...new Set([...Object.keys(from), ...Object.keys(to)])]
  return names.flatMap((name): Difference[] => {
    const [a, b] = [from[name], to[name]]
    if (JSON.stringify(a) === JSON.stringify(b)) return []
    if (prefix === '' && isObject(a) && isObject(b)) return differences(a, b, `${name}.`)
    return [{ path: `${prefix}${name}`, from: a ?? null, to: b ?? null }]
  })
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
