import { InvalidRequestError } from '../errors.ts'

/** One record of a CSV file. @property line where it begins, from 1. */
export type CsvRecord = { line: number; values: string[] }

/**
 * Reads CSV as RFC 4180 and spreadsheets write it: quotes, quoted line breaks, CRLF, LF or CR. Blank lines are left out.
 *
 * @throws {InvalidRequestError} `invalid_csv`, naming the line.
 */
export function parseCsv(text: string): CsvRecord[] {
  return [...readCsv(text)]
}

/**
 * Reads CSV like `parseCsv`, a record at a time: for files that may hold more records than are wanted.
 *
 * @throws {InvalidRequestError} `invalid_csv`, naming the line.
 */
export function* readCsv(text: string): Generator<CsvRecord> {
  let line = 1
  let position = 0
  const plain = /[^",\r\n]*/y
  while (position < text.length) {
    const record: CsvRecord = { line, values: [] }
    for (;;) {
      if (text[position] === '"') {
        const end = endOfQuoted(text, position)
        if (end === undefined) throw badQuote(line)
        const raw = text.slice(position + 1, end - 1)
        record.values.push(raw.replaceAll('""', '"'))
        line += countLineBreaks(raw)
        position = end
      } else {
        plain.lastIndex = position
        const [value = ''] = plain.exec(text) ?? []
        record.values.push(value)
        position += value.length
      }
      if (text[position] !== ',') break
      position++
    }
    if (position < text.length && !'\r\n'.includes(text[position] ?? '')) throw badQuote(line)
    if (record.values.length > 1 || record.values[0] !== '') yield record
    position += text.startsWith('\r\n', position) ? 2 : 1
    line++
  }
}

/** One record as RFC 4180 writes it, with its line end. */
export function csvLine(values: readonly string[]): string {
  return `${values.map((value) => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value)).join(',')}\r\n`
}

/**
 * Spreadsheets run what looks like a formula. An apostrophe before it makes them show a text; one more before those
 * that are there already, so that `restoreFormula` takes away exactly what was added.
 */
export function disarmFormula(text: string): string {
  return /^'*[=+\-@\t\r\n＝＋－＠]/.test(text) ? `'${text}` : text
}

/** The text that `disarmFormula` was given. */
export function restoreFormula(value: string): string {
  return /^'+[=+\-@\t\r\n＝＋－＠]/.test(value) ? value.slice(1) : value
}

/** The position after the closing quote. A regular expression would run out of stack in a value of many quotes. */
function endOfQuoted(text: string, start: number): number | undefined {
  for (let from = start + 1; ; ) {
    const quote = text.indexOf('"', from)
    if (quote < 0) return undefined
    if (text[quote + 1] !== '"') return quote + 1
    from = quote + 2
  }
}

function badQuote(line: number): InvalidRequestError {
  return new InvalidRequestError('invalid_csv', `Line ${line}: a quote is not closed or stands alone.`)
}

/**
 * The text of an uploaded file, without its byte order mark.
 *
 * @throws {InvalidRequestError} `invalid_encoding` when it is not UTF-8.
 */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new InvalidRequestError('invalid_encoding', 'The file is not UTF-8; save it as "CSV UTF-8".')
  }
}

function countLineBreaks(text: string): number {
  return text.match(/\r\n|\r|\n/g)?.length ?? 0
}
