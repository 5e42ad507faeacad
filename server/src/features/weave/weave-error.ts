import type { FastifyReply, FastifyRequest } from 'fastify'
import { AppError } from '../../errors.ts'
import { errorReply } from '../../http/error-response.ts'
import { printJson } from './exact-json.ts'

/** The class that Weave's server would have raised: clients may branch on it. */
export type WeaveErrorType =
  | 'InvalidRequest'
  | 'InvalidExternalRef'
  | 'InvalidFieldError'
  | 'NotFoundError'
  | 'ObjectDeletedError'
  | 'RequestTooLarge'
  | 'CallsCompleteModeRequired'
  | 'DigestMismatchError'
  | 'ObjectNameTypeCollision'
  | 'RefObjectsNotFoundError'
  | 'ValueError'

/** A refusal of the Weave dialect, `{"reason", "error_type", …}` (weave.md §1.10). */
export class WeaveError extends AppError {
  readonly status: number
  readonly errorType: WeaveErrorType
  /** Further keys of the body, such as `error_code` or `deleted_at`. */
  readonly extra: Record<string, unknown>

  constructor(status: number, errorType: WeaveErrorType, reason: string, extra: Record<string, unknown> = {}) {
    super('invalid_request', 'weave_error', reason)
    this.status = status
    this.errorType = errorType
    this.extra = extra
  }
}

/** 400, for what is well-formed and not allowed. */
export function invalidRequest(reason: string): WeaveError {
  return new WeaveError(400, 'InvalidRequest', reason)
}

/** A project that somebody may not see, or that is not there: the two are never told apart (weave.md §1.5). */
export class ProjectNotFoundError extends AppError {
  constructor() {
    super('forbidden', 'project_not_found', 'Project not found')
  }
}

/** The error handler of every route of the dialect. */
export function sendWeaveError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { status, body } = weaveError(error)
  if (status >= 500 && !reply.raw.destroyed) request.log.error({ err: error }, 'request failed')
  const retryAfterSeconds = error instanceof AppError ? error.retryAfterSeconds : undefined
  if (retryAfterSeconds !== undefined) reply.header('retry-after', String(Math.ceil(retryAfterSeconds)))
  if (status === 401) reply.header('www-authenticate', 'Basic')
  return reply.code(status).serializer(printJson).type('application/json; charset=utf-8').send(body)
}

function weaveError(error: unknown): { status: number; body: object } {
  if (error instanceof WeaveError)
    return { status: error.status, body: { reason: error.message, error_type: error.errorType, ...error.extra } }
  const { status, message, problems } = errorReply(error)
  if (problems) return { status, body: { detail: problems } }
  switch (status) {
    case 401:
      return { status, body: { detail: 'Not authenticated' } }
    case 403:
      return { status, body: { detail: message } }
    case 404:
      return { status, body: { reason: message, error_type: 'NotFoundError' } }
    case 413:
      return { status, body: { reason: 'Request too large', error_type: 'RequestTooLarge' } }
    case 500:
      return { status, body: { reason: 'Internal server error' } }
    case 503:
      return { status: 502, body: { reason: 'Temporary backend error' } }
    default:
      return { status, body: { reason: message, error_type: 'InvalidRequest' } }
  }
}
