/** Deeper values would overflow the stack of whatever walks through them. */
const MAX_DEPTH = 200

/**
 * A JSON text as a value. Whole numbers that a number cannot hold exactly become texts: they are ids, and a model
 * that reads a rounded one asks for something else next.
 *
 * @returns undefined when it is not JSON, or nested more than 200 levels deep.
 */
export function readJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(withLongNumbersQuoted(text.replace(/^\uFEFF/, '')))
    return isDeeper(value, MAX_DEPTH) ? undefined : value
  } catch {
    return undefined
  }
}

/** A value for each line, as `application/x-ndjson` has it; undefined when a line is not JSON. */
export function readJsonLines(text: string): unknown[] | undefined {
  const values = text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map(readJson)
  return values.includes(undefined) ? undefined : values
}

export function isDeeper(root: unknown, maxDepth: number): boolean {
  let level: unknown[] = [root]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > maxDepth) return true
    const next: unknown[] = []
    for (const value of level)
      if (typeof value === 'object' && value !== null) for (const part of Object.values(value)) next.push(part)
    level = next
  }
  return false
}

function withLongNumbersQuoted(text: string): string {
  if (!/\d{16}/.test(text)) return text
  return text.replace(/"(?:[^"\\]|\\.)*"|-?\d{16,}(?![\d.eE])/g, (part) =>
    part.startsWith('"') || Number.isSafeInteger(Number(part)) ? part : `"${part}"`,
  )
}
