/**
 * Checks that SQLite can hold each parameter, before it is sent to another thread.
 *
 * @throws {TypeError} naming the first that it cannot: a truth value, undefined, a date, an object, NaN.
 */
export function checkParameters(parameters: readonly unknown[]): void {
  for (let index = 0; index < parameters.length; index++) {
    const problem = problemOf(parameters[index])
    if (problem) throw new TypeError(`Parameter ${index + 1} of the query is ${problem}.`)
  }
}

/** Parses the JSON columns of rows, in place. */
export function decodeRows(rows: Record<string, unknown>[], jsonColumns: readonly string[] | undefined) {
  for (const row of rows) {
    if (jsonColumns) for (const column of jsonColumns) decodeJson(row, column)
    // Between threads a Buffer becomes a bare Uint8Array.
    for (const key in row) {
      const value = row[key]
      if (value instanceof Uint8Array && !Buffer.isBuffer(value))
        row[key] = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    }
  }
  return rows
}

export function decodeJson(row: Record<string, unknown>, column: string): void {
  const value = row[column]
  if (typeof value === 'string') row[column] = JSON.parse(value)
}

function problemOf(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
    case 'bigint':
      return undefined
    case 'number':
      return Number.isNaN(value) ? 'not a number (NaN)' : undefined
    case 'boolean':
      return `${value}: truth values are stored as 0 and 1`
    case 'undefined':
      return 'undefined: use null, or leave the column out'
    case 'object':
      if (value === null || value instanceof Uint8Array) return undefined
      return value instanceof Date
        ? 'a Date: times are stored as ISO 8601 text'
        : `${Array.isArray(value) ? 'an array' : 'an object'}: JSON is passed as a string`
    default:
      return `a ${typeof value}, which cannot be stored`
  }
}
