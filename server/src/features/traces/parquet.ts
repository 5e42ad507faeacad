import type { ParquetWriter } from 'hyparquet-writer'
import { type Json, parseExactJson, printJson } from '../weave/exact-json.ts'

/** A row group is what a reader loads at once, and what we hold at once. */
const GROUP_ROWS = 1_000
const GROUP_CHARACTERS = 4 * 1024 * 1024

/**
 * Parquet of lines of JSON that all have the keys of the first, in row groups of little memory.
 *
 * Columns are text, JSON where a value is none, and integers where they are named; no line makes a file without columns.
 */
export async function* toParquet(
  groups: AsyncIterable<readonly string[]>,
  integers: ReadonlySet<string>,
): AsyncGenerator<Buffer> {
  const { ByteWriter, ParquetWriter: Writer } = await import('hyparquet-writer')
  const bytes = new ByteWriter(64 * 1024)
  const take = () => {
    const taken = Buffer.from(bytes.getBytes())
    bytes.index = 0
    return taken
  }
  let parquet: ParquetWriter | undefined
  let names: string[] = []
  let rows: Record<string, Json>[] = []
  let characters = 0
  const writeGroup = () => {
    const columnData = names.map((name) => ({
      name,
      data: rows.map((row) => toCell(row[name] ?? null, integers.has(name))),
    }))
    parquet?.write({ columnData, rowGroupSize: Math.max(rows.length, 1) })
    rows = []
    characters = 0
    return take()
  }
  for await (const lines of groups)
    for (const line of lines) {
      const row = parseExactJson(line) as Record<string, Json>
      if (!parquet) {
        names = Object.keys(row)
        parquet = new Writer({ writer: bytes, schema: schemaOf(names, integers) })
      }
      rows.push(row)
      characters += line.length
      if (rows.length >= GROUP_ROWS || characters >= GROUP_CHARACTERS) yield writeGroup()
    }
  if (rows.length > 0) yield writeGroup()
  parquet ??= new Writer({ writer: bytes, schema: schemaOf([], integers) })
  parquet.finish()
  yield take()
}

function schemaOf(names: readonly string[], integers: ReadonlySet<string>) {
  const columns = names.map((name) =>
    integers.has(name)
      ? { name, type: 'INT64' as const, repetition_type: 'OPTIONAL' as const }
      : { name, type: 'BYTE_ARRAY' as const, converted_type: 'UTF8' as const, repetition_type: 'OPTIONAL' as const },
  )
  return [{ name: 'root', num_children: names.length }, ...columns]
}

function toCell(value: Json, isInteger: boolean): string | bigint | null {
  if (value === null) return null
  if (isInteger) return BigInt(value as number)
  return typeof value === 'string' ? value.toWellFormed() : printJson(value)
}
