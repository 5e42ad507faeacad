import { type FieldProblem, ValidationError } from '../../errors.ts'
import { csvLine, decodeUtf8, disarmFormula, readCsv, restoreFormula } from '../../http/csv.ts'
import { validateRequest } from '../../http/validate.ts'
import { type FewShotDraft, type FewShotExample, MAX_EXAMPLES_PER_PERSON } from './few-shot.ts'
import { FewShotBody, toDraft } from './schema.ts'

export type FileFormat = 'csv' | 'jsonl'

const COLUMNS = ['input_text', 'output_text', 'title', 'is_active', 'meta'] as const
const REQUIRED_COLUMNS: readonly string[] = ['input_text', 'output_text']
const MOST_PROBLEMS = 20

/** What a file begins with, before its examples. */
export const HEADER = { csv: csvLine(COLUMNS), jsonl: '' } as const satisfies Record<FileFormat, string>

/** An example as a line (or more) of a file that `readExamples` reads back exactly. */
export function writeExample(format: FileFormat, example: FewShotExample): string {
  const { inputText, outputText, title, isActive, meta } = example
  if (format === 'jsonl')
    return `${JSON.stringify({ input_text: inputText, output_text: outputText, title, is_active: isActive, meta })}\n`
  return csvLine([
    disarmFormula(inputText),
    disarmFormula(outputText),
    disarmFormula(title ?? ''),
    String(isActive),
    JSON.stringify(meta),
  ])
}

/**
 * Reads a whole file of examples.
 *
 * @throws {ValidationError} naming the lines that are wrong, at most 20 of them.
 * @throws {InvalidRequestError} `invalid_csv`, `invalid_encoding`.
 */
export function readExamples(format: FileFormat, file: Uint8Array): FewShotDraft[] {
  const text = decodeUtf8(file)
  const drafts: FewShotDraft[] = []
  const problems: FieldProblem[] = []
  try {
    for (const { line, row } of format === 'csv' ? csvRows(text) : jsonRows(text)) {
      if (drafts.length === MAX_EXAMPLES_PER_PERSON)
        throw new LineError(line, `A library holds at most ${MAX_EXAMPLES_PER_PERSON} examples`)
      const checked = check(row)
      if (checked.error) problems.push(...checked.error.problems.map((problem) => inLine(line, problem)))
      else drafts.push(toDraft(checked.value))
      if (problems.length >= MOST_PROBLEMS) break
    }
  } catch (error) {
    if (!(error instanceof LineError)) throw error
    problems.push(inLine(error.line, { type: 'value_error', loc: ['body'], msg: error.message }))
  }
  if (problems.length > 0) throw new ValidationError(problems.slice(0, MOST_PROBLEMS))
  if (drafts.length === 0)
    throw new ValidationError([{ type: 'value_error', loc: ['body'], msg: 'There are no examples in the file' }])
  return drafts
}

/** Says in which line of a file something is wrong that concerns all of it. */
class LineError extends Error {
  readonly line: number

  constructor(line: number, message: string) {
    super(message)
    this.line = line
  }
}

type Row = { line: number; row: unknown }

function* jsonRows(text: string): Generator<Row> {
  let line = 0
  for (let start = 0; start < text.length; ) {
    line++
    const newline = text.indexOf('\n', start)
    const end = newline < 0 ? text.length : newline
    const content = text.slice(start, end)
    if (content.trim() !== '') yield { line, row: parseJson(content, line, 'The line') }
    start = end + 1
  }
}

function* csvRows(text: string): Generator<Row> {
  const records = readCsv(text)
  const header = records.next()
  if (header.done) return
  const { line, values } = header.value
  const columns = values.map((field) => field.trim().toLowerCase())
  for (const column of REQUIRED_COLUMNS)
    if (!columns.includes(column)) throw new LineError(line, `The header has no column ${column}`)
  for (const [index, column] of columns.entries()) {
    if (!COLUMNS.some((known) => known === column))
      throw new LineError(line, `The header has a column ${JSON.stringify(column)}; known are ${COLUMNS.join(', ')}`)
    if (columns.indexOf(column) < index) throw new LineError(line, `The header has the column ${column} twice`)
  }
  for (const record of records) {
    if (record.values.length !== columns.length)
      throw new LineError(
        record.line,
        `There are ${record.values.length} values where the header has ${columns.length} columns`,
      )
    const cells = columns.map((column, index) => [column, readCell(column, record.values[index] ?? '', record.line)])
    yield { line: record.line, row: Object.fromEntries(cells) }
  }
}

function readCell(column: string, cell: string, line: number): unknown {
  switch (column) {
    case 'is_active': {
      const word = cell.trim().toLowerCase()
      if (word === '') return true
      if (word === 'true' || word === '1') return true
      if (word === 'false' || word === '0') return false
      throw new LineError(line, 'is_active is neither true nor false')
    }
    case 'meta':
      return cell.trim() === '' ? {} : parseJson(cell, line, 'meta')
    default:
      return restoreFormula(cell)
  }
}

const validate = validateRequest({ schema: FewShotBody, method: 'POST', url: '', httpPart: 'body' })

function check(row: unknown): { value: FewShotOutput; error?: undefined } | { error: ValidationError } {
  return validate(row) as ReturnType<typeof check>
}

type FewShotOutput = Parameters<typeof toDraft>[0]

/** Without the text itself, which may be long and is in the file anyway. */
function inLine(line: number, { type, loc, msg }: FieldProblem): FieldProblem {
  return { type, loc: ['body', `line ${line}`, ...loc.slice(1)], msg }
}

function parseJson(text: string, line: number, what: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new LineError(line, `${what} is not JSON`)
  }
}
