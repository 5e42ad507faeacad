import { InvalidRequestError } from '../errors.ts'

/** One record of a CSV file. @property line where it begins, from 1. */
export type CsvRecord = { line: number; values: string[] }

/**
 * Reads CSV as RFC 4180 and spreadsheets write it: quotes, quoted line breaks, CRLF, LF or CR. Blank lines are left out.
 *
 * @throws {InvalidRequestError} `invalid_csv`, naming the line.
 */
export function parseCsv(text: string): CsvRecord[] {
  const records: CsvRecord[] = []
  let line = 1
  let record: CsvRecord = { line, values: [] }
  // Each match is one value and what ends it; a quoted value may span lines.
  const value = /(?:"([^"]*(?:""[^"]*)*)"|([^",\r\n]*))(,|\r\n|\r|\n|$)/gy
  while (value.lastIndex < text.length || record.values.length > 0) {
    const match = value.exec(text)
    if (!match) throw new InvalidRequestError('invalid_csv', `Line ${line}: a quote is not closed or stands alone.`)
    const [, quoted, plain = '', end] = match
    record.values.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'))
    line += countLineBreaks(quoted)
    if (end === ',') {
      // A comma at the very end is followed by one more, empty, value.
      if (value.lastIndex === text.length) record.values.push('')
      else continue
    }
    if (record.values.length > 1 || record.values[0] !== '') records.push(record)
    if (end !== '' && end !== ',') line++
    record = { line, values: [] }
    if (value.lastIndex >= text.length) break
  }
  return records
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

function countLineBreaks(text: string | undefined): number {
  return text?.match(/\r\n|\r|\n/g)?.length ?? 0
}
