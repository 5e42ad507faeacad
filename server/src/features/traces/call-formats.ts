import { csvLine, disarmFormula } from '../../http/csv.ts'
import { type Json, parseExactJson, printJson } from '../weave/exact-json.ts'
import { toParquet } from './parquet.ts'

/** Rows as lines of JSON, in groups as they are found. */
export type LineGroups = AsyncIterable<readonly string[]>

export type FormatName = 'jsonl' | 'json' | 'csv' | 'tsv' | 'parquet'
type Format = { type: string; accepts: readonly string[]; write(groups: LineGroups): AsyncIterable<string | Buffer> }

/** Columns of calls that are numbers; all others are text, or JSON as text. */
const INTEGERS = new Set(['wb_run_step', 'wb_run_step_end', 'storage_size_bytes', 'total_storage_size_bytes'])

export const FORMATS: Record<FormatName, Format> = {
  jsonl: {
    type: 'application/jsonl',
    accepts: ['jsonl', 'x-ndjson'],
    async *write(groups) {
      for await (const lines of groups) yield `${lines.join('\n')}\n`
    },
  },
  csv: {
    type: 'text/csv; charset=utf-8',
    accepts: ['text/csv'],
    write: (groups) => toTable(groups, csvLine),
  },
  tsv: {
    type: 'text/tab-separated-values; charset=utf-8',
    accepts: ['text/tab-separated-values'],
    write: (groups) =>
      toTable(groups, (values) => `${values.map((value) => value.replaceAll(/[\t\r\n]+/g, ' ')).join('\t')}\n`),
  },
  parquet: {
    type: 'application/vnd.apache.parquet',
    accepts: ['application/vnd.apache.parquet'],
    write: (groups) => toParquet(groups, INTEGERS),
  },
  json: {
    type: 'application/json; charset=utf-8',
    accepts: ['application/json'],
    async *write(groups) {
      let before = '['
      for await (const lines of groups) {
        yield `${before}${lines.join(',')}`
        before = ','
      }
      yield before === '[' ? '[]' : ']'
    },
  },
}

/** The format that a client says it reads; JSON lines when it does not care. */
export function formatFor(accept: string | undefined): Format {
  const wanted = Object.values(FORMATS).find(({ accepts }) => accepts.some((type) => accept?.includes(type)))
  return wanted ?? FORMATS.jsonl
}

/** A header, and one record a line; what is not a text is JSON in its cell. */
async function* toTable(groups: LineGroups, toLine: (values: readonly string[]) => string): AsyncGenerator<string> {
  let names: string[] | undefined
  for await (const lines of groups) {
    let text = ''
    for (const line of lines) {
      const record = parseExactJson(line) as Record<string, Json>
      if (!names) {
        names = Object.keys(record)
        text += toLine(names)
      }
      text += toLine(names.map((name) => cell(record[name] ?? null)))
    }
    yield text
  }
}

function cell(value: Json): string {
  if (value === null) return ''
  return typeof value === 'string' ? disarmFormula(value) : printJson(value)
}
