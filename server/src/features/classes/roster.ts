import { AppError, type FieldProblem, ValidationError } from '../../errors.ts'
import { type CsvRecord, parseCsv } from '../../http/csv.ts'
import { checkCalled } from '../accounts/people.ts'
import type { ClassRole } from './class.ts'

export type RosterEntry = { handle: string; name: string; role: ClassRole }

const COLUMNS = ['handle', 'name', 'role'] as const
const ROLES: readonly ClassRole[] = ['teacher', 'assistant', 'student']
const MAX_ROSTER_PEOPLE = 10_000
/** A file of a wrong kind is wrong on every line; nobody reads further. */
const MAX_PROBLEMS = 100

/**
 * Reads a class list: a header with `handle` and perhaps `name` and `role`, then one person a line.
 *
 * Handles may be written in capitals. A missing name is the handle, a missing role is student.
 *
 * @throws {ValidationError} with every line that is wrong, located as `['body', <line>, <column>]`.
 * @throws {InvalidRequestError} `invalid_csv`.
 */
export function parseRoster(text: string): RosterEntry[] {
  const [header, ...records] = parseCsv(text)
  const columns = readHeader(header)
  if (records.length === 0) throw new ValidationError([problem(header!.line, undefined, 'There is nobody on the list')])
  if (records.length > MAX_ROSTER_PEOPLE)
    throw new ValidationError([
      problem(records[MAX_ROSTER_PEOPLE]!.line, undefined, `A list has at most ${MAX_ROSTER_PEOPLE} people`),
    ])
  const problems: FieldProblem[] = []
  const lines = new Map<string, number>()
  const entries: RosterEntry[] = []
  for (const record of records) {
    const found = problems.length
    const entry = readEntry(record, columns, problems)
    const earlier = lines.get(entry.handle)
    if (earlier !== undefined)
      problems.push(problem(record.line, 'handle', `The same handle is on line ${earlier}`, entry.handle))
    if (problems.length >= MAX_PROBLEMS) break
    if (problems.length > found) continue
    lines.set(entry.handle, record.line)
    entries.push(entry)
  }
  if (problems.length > 0) throw new ValidationError(problems.slice(0, MAX_PROBLEMS))
  return entries
}

function readHeader(header: CsvRecord | undefined): string[] {
  if (!header) throw new ValidationError([problem(1, undefined, 'The file is empty')])
  const columns = header.values.map((name) => name.trim().toLowerCase())
  const known: readonly string[] = COLUMNS
  const unknown = columns.find((name, index) => !known.includes(name) || columns.indexOf(name) !== index)
  if (unknown !== undefined)
    throw new ValidationError([
      problem(header.line, undefined, 'The first line names the columns: handle, name and role, each once', unknown),
    ])
  if (!columns.includes('handle'))
    throw new ValidationError([problem(header.line, 'handle', 'The column handle is missing')])
  return columns
}

function readEntry({ line, values }: CsvRecord, columns: string[], problems: FieldProblem[]): RosterEntry {
  const cell = (column: string) => values[columns.indexOf(column)]?.trim() ?? ''
  const entry = { handle: cell('handle').toLowerCase(), name: cell('name'), role: cell('role').toLowerCase() }
  if (values.length > columns.length)
    problems.push(problem(line, undefined, `There are ${values.length} values for ${columns.length} columns`))
  try {
    checkCalled(entry)
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    const column = error.code === 'invalid_name' ? 'name' : 'handle'
    problems.push(problem(line, column, error.message, cell(column)))
  }
  const role = entry.role === '' ? 'student' : ROLES.find((one) => one === entry.role)
  if (!role) problems.push(problem(line, 'role', `A role is ${ROLES.join(' or ')}`, cell('role')))
  return { ...entry, role: role ?? 'student' }
}

function problem(line: number, column: string | undefined, msg: string, input?: string): FieldProblem {
  return {
    type: 'value_error',
    loc: ['body', line, ...(column === undefined ? [] : [column])],
    msg,
    ...(input !== undefined && { input }),
  }
}
