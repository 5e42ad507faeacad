import { AppError } from '../../../errors.ts'

/** Something about a document that its author should know. */
export type DocumentProblem = {
  /** Where: a JSON pointer into the document as it was given, e.g. `/paths/~1hotels/get/parameters/0`. */
  pointer: string
  message: string
  /** How to mend it. */
  suggestion: string
  /** With an error, what it is about was left out; with a warning it was imported. */
  severity: 'error' | 'warning'
}

/** A document of which nothing could be made. */
export class DocumentError extends AppError {
  readonly problems: DocumentProblem[]

  constructor(problems: DocumentProblem[]) {
    const [first] = problems
    const where = first && first.pointer !== '' ? `At ${first.pointer}: ` : ''
    super(
      'invalid_request',
      'invalid_document',
      first ? `${where}${first.message} ${first.suggestion}` : 'The document cannot be used.',
    )
    this.problems = problems
  }
}

/** Beyond these a list helps nobody; the last entry then says how many there are. */
const MAX_PROBLEMS = 100

/** Collects problems, each once. */
export class Problems {
  readonly #found = new Map<string, DocumentProblem>()
  #more = 0

  error(pointer: string, message: string, suggestion: string): void {
    this.add({ pointer, message, suggestion, severity: 'error' })
  }

  warn(pointer: string, message: string, suggestion: string): void {
    this.add({ pointer, message, suggestion, severity: 'warning' })
  }

  add(problem: DocumentProblem): void {
    const key = `${problem.pointer}\n${problem.message}`
    if (this.#found.has(key)) return
    if (this.#found.size < MAX_PROBLEMS) this.#found.set(key, problem)
    else this.#more++
  }

  /** Errors first, otherwise in the order in which they were found. */
  list(): DocumentProblem[] {
    const found = [...this.#found.values()]
    const bySeverity = [...found.filter(isError), ...found.filter((problem) => !isError(problem))]
    if (this.#more === 0) return bySeverity
    const message = `There are ${this.#more} more problems.`
    return [...bySeverity, { pointer: '', message, suggestion: 'Mend these first.', severity: 'warning' }]
  }
}

function isError({ severity }: DocumentProblem): boolean {
  return severity === 'error'
}
