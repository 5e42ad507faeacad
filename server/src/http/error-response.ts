import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { AppError, type ErrorKind, type FieldProblem, ValidationError } from '../errors.ts'

const STATUS = {
  invalid_request: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  precondition_failed: 412,
  too_large: 413,
  unprocessable: 422,
  rate_limited: 429,
  unavailable: 503,
  internal: 500,
} as const satisfies Record<ErrorKind, number>

/** What went wrong, ready to be put into whichever form a dialect gives its errors. */
export type ErrorReply = {
  status: number
  code: string
  message: string
  problems?: FieldProblem[]
  retryAfterSeconds?: number | undefined
}

/**
 * Says what an error means in HTTP. A bug becomes `internal` with a neutral message: its details are for the log.
 */
export function errorReply(error: unknown): ErrorReply {
  if (error instanceof ValidationError)
    return { status: STATUS.unprocessable, code: error.code, message: error.message, problems: error.problems }
  if (error instanceof AppError)
    return {
      status: STATUS[error.kind],
      code: error.code,
      message: error.message,
      retryAfterSeconds: error.retryAfterSeconds,
    }
  return fromFastify(error as FastifyError) ?? INTERNAL
}

/** The Practice API's error form: `{"detail": "<code>", "message"}`, or FastAPI's list for failed validation. */
export function sendPracticeError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { status, code, message, problems, retryAfterSeconds } = errorReply(error)
  if (status >= 500) request.log.error({ err: error }, 'request failed')
  if (retryAfterSeconds !== undefined) reply.header('retry-after', String(retryAfterSeconds))
  if (status === 401) reply.header('www-authenticate', 'Bearer')
  return reply
    .code(status)
    .serializer(JSON.stringify)
    .type('application/json; charset=utf-8')
    .send({ detail: problems ?? code, message })
}

const INTERNAL: ErrorReply = { status: 500, code: 'internal', message: 'Something went wrong on the server.' }

/** Fastify's own refusals: malformed JSON, a body that is too large, a media type it cannot read. */
function fromFastify(error: FastifyError): ErrorReply | undefined {
  switch (error.code) {
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
      return unreadable({ type: 'json_invalid', loc: ['body'], msg: 'JSON decode error' })
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
    case 'FST_REQ_FILE_TOO_LARGE':
      return { status: 413, code: 'body_too_large', message: 'The request body is too large.' }
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return { status: 415, code: 'unsupported_media_type', message: 'Send the body as application/json.' }
  }
  const { statusCode } = error
  if (statusCode === undefined || statusCode < 400 || statusCode >= 500) return undefined
  return { status: statusCode, code: statusCode === 429 ? 'rate_limited' : 'bad_request', message: error.message }
}

function unreadable(problem: FieldProblem): ErrorReply {
  return { status: 422, code: 'validation_failed', message: `body: ${problem.msg}`, problems: [problem] }
}
