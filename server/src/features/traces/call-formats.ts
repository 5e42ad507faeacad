import { csvLine, disarmFormula } from '../../http/csv.ts'
import { type Json, parseExactJson, printJson } from '../weave/exact-json.ts'

type LineGroups = AsyncIterable<readonly string[]>
type Format = { type: string; write(groups: LineGroups): AsyncIterable<string> }

/** How lines of JSON leave: as they are, or as what the client says it reads. */
export function formatFor(accept: string | undefined): Format {
  const wanted = FORMATS.find(({ accepts }) => accepts.some((type) => accept?.includes(type)))
  return wanted ?? JSON_LINES
}

const JSON_LINES: Format = {
  type: 'application/jsonl',
  async *write(groups) {
    for await (const lines of groups) yield `${lines.join('\n')}\n`
  },
}

const FORMATS: (Format & { accepts: string[] })[] = [
  { ...JSON_LINES, accepts: ['jsonl', 'x-ndjson'] },
  {
    accepts: ['text/csv'],
    type: 'text/csv; charset=utf-8',
    write: (groups) => table(groups, csvLine),
  },
  {
    accepts: ['text/tab-separated-values'],
    type: 'text/tab-separated-values; charset=utf-8',
    write: (groups) =>
      table(groups, (values) => `${values.map((value) => value.replaceAll(/[\t\r\n]+/g, ' ')).join('\t')}\n`),
  },
  {
    accepts: ['application/json'],
    type: 'application/json; charset=utf-8',
    async *write(groups) {
      let before = '['
      for await (const lines of groups) {
        yield `${before}${lines.join(',')}`
        before = ','
      }
      yield before === '[' ? '[]' : ']'
    },
  },
]

/** A header and one record a line; what is not a text or a number is JSON in its cell. */
async function* table(groups: LineGroups, toLine: (values: readonly string[]) => string): AsyncGenerator<string> {
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
