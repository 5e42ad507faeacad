/**
 * What went wrong, in the terms of the product; `http/error-response.ts` decides what it means in HTTP.
 *
 * The kind is closed so that a forgotten one is a compile error there; the code is the finer name that clients see.
 */
export type ErrorKind =
  | 'invalid_request'
  | 'unauthorized'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'precondition_failed'
  | 'too_large'
  | 'unprocessable'
  | 'rate_limited'
  | 'unavailable'
  | 'internal'

/** An error whose message is safe to show to the client. Vendor replies and stacks belong in `cause`. */
export class AppError extends Error {
  readonly kind: ErrorKind
  /** snake_case, stable: what a client may branch on. */
  readonly code: string
  /** Seconds after which trying again makes sense. */
  readonly retryAfterSeconds: number | undefined

  constructor(
    kind: ErrorKind,
    code: string,
    message: string,
    options: ErrorOptions & { retryAfterSeconds?: number } = {},
  ) {
    super(message, options)
    this.name = new.target.name
    this.kind = kind
    this.code = code
    this.retryAfterSeconds = options.retryAfterSeconds
  }
}

/** Missing, or somebody else's: the two are never told apart. */
export class NotFoundError extends AppError {
  /** @param what the domain's word, e.g. `session`; the code becomes `session_not_found`. */
  constructor(what: string, id: string | number) {
    super('not_found', `${what.replaceAll(' ', '_')}_not_found`, `The ${what} ${id} was not found.`)
  }
}

export class InvalidRequestError extends AppError {
  constructor(code: string, message: string) {
    super('invalid_request', code, message)
  }
}

/** One field that failed validation, located as FastAPI does: `['body', 'prompt_text']`. */
export type FieldProblem = { type: string; loc: (string | number)[]; msg: string; input?: unknown }

/** The request is well-formed JSON but its fields are not acceptable. */
export class ValidationError extends AppError {
  readonly problems: FieldProblem[]

  constructor(problems: FieldProblem[]) {
    super('unprocessable', 'validation_failed', problems.map((p) => `${p.loc.join('.')}: ${p.msg}`).join('; '))
    this.problems = problems
  }
}
