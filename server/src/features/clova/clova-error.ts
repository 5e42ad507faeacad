import type { FastifyReply, FastifyRequest } from 'fastify'
import { AppError, ValidationError } from '../../errors.ts'
import { errorReply } from '../../http/error-response.ts'
import { ModelError } from '../../models/model-error.ts'
import { echoRequestId } from './request-id.ts'

/**
 * What CLOVA Studio calls the ways in which a request can fail. The first three digits are the HTTP status, except of
 * those that begin with 6, which only skillsets know.
 *
 * `40103` (access token expired) is not here on purpose: clients answer it by asking for a new token without end.
 */
const MESSAGES = {
  40000: 'Bad request',
  40001: 'Invalid parameter',
  40003: 'Context length exceeded',
  40004: 'Text empty',
  40005: 'Unavailable output',
  40009: 'Unsupported function',
  40055: 'Invalid response format schema',
  40060: 'Unsupported image format',
  40063: 'Invalid image url',
  40080: 'Model not found',
  40084: 'Unsupported API for model',
  40100: 'Unauthorized',
  40102: 'Invalid Authentication Type',
  40104: 'Invalid key',
  40300: 'Forbidden',
  40400: 'Not found',
  40800: 'Request timeout',
  41300: 'Request body size exceeded',
  41500: 'MediaType error',
  42901: 'Too many requests - rate exceeded',
  42902: 'Too many requests - overloaded',
  50000: 'Internal server error',
  50400: 'Gateway timeout',
  61002: 'Missing input value',
  61004: 'Invalid action input',
  61005: 'Missing model url',
  62001: 'Invalid input value',
  63001: 'Invalid action in cot',
  63002: 'Requests_* action not in cot',
  64000: 'Model unavailable',
  64400: 'Model token limit exceeded',
  64424: 'Model generation failed',
  64429: 'Model rate exceeded',
  64500: 'Model server error',
} as const

export type ClovaCode = keyof typeof MESSAGES

/** A refusal that only this dialect knows. */
export class ClovaError extends AppError {
  readonly clovaCode: ClovaCode

  /** @param details what exactly, e.g. `maxTokens must be …`; safe to show to the client. */
  constructor(clovaCode: ClovaCode, details?: string, options?: ErrorOptions & { retryAfterSeconds?: number }) {
    super('invalid_request', `clova_${clovaCode}`, messageOf(clovaCode, details), options)
    this.clovaCode = clovaCode
  }
}

/** `status` of the envelope: the code is a string, which clients compare with `'20000'`. */
export type ClovaStatus = { code: string; message: string }

/** Says an error in CLOVA Studio's codes. A bug becomes 50000 with a neutral message: its details are for the log. */
export function toStatus(error: unknown): ClovaStatus {
  if (error instanceof ClovaError) return { code: String(error.clovaCode), message: error.message }
  if (error instanceof ModelError) return statusOf(ofModel(error), error.message)
  const { status, code, message, problems } = errorReply(error)
  if (problems) {
    // Not a field but the body itself: malformed JSON, no body, or something else than an object.
    const isUnreadable = !(error instanceof ValidationError) || problems.some(({ loc }) => loc.length === 1)
    return statusOf(isUnreadable ? 40000 : 40001, problems.map(({ loc, msg }) => `${pathOf(loc)}: ${msg}`).join('; '))
  }
  const known = BY_CODE[code] ?? BY_STATUS[status] ?? 40000
  return statusOf(known, known === 50000 ? undefined : message)
}

/** The error handler of every route of this dialect: `{"status": {"code", "message"}}` and no result. */
export function sendClovaError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { code, message } = refine(toStatus(error), request)
  const http = httpOf(code)
  if (http >= 500 && !reply.raw.destroyed) request.log.error({ err: error }, 'request failed')
  const { retryAfterSeconds } = error as Partial<AppError>
  if (retryAfterSeconds !== undefined) reply.header('retry-after', String(retryAfterSeconds))
  if (http === 401) reply.header('www-authenticate', 'Bearer')
  echoRequestId(request, reply)
  return reply
    .code(http)
    .serializer(JSON.stringify)
    .type('application/json; charset=utf-8')
    .send({ status: { code, message } })
}

/** What the product calls an error, where this dialect has a code for it. */
const BY_CODE: Record<string, ClovaCode> = {
  model_not_found: 40080,
  not_a_chat_model: 40084,
  not_an_embedding_model: 40084,
  context_too_long: 40003,
  max_tokens_too_large: 40001,
  empty_text: 40004,
  tools_not_supported: 40009,
  images_not_supported: 40009,
  json_not_supported: 40009,
  unknown_operation: 40001,
  skillset_model_missing: 61005,
  skill_plan_unreadable: 62001,
  skill_unknown: 63001,
  skill_never_called: 63002,
  skill_calls_failed: 61004,
}

const HTTP_OF_SKILLSETS: Record<string, number> = { 64000: 500, 64424: 500, 64429: 429, 64500: 500 }

function httpOf(code: string): number {
  return code.startsWith('6') ? (HTTP_OF_SKILLSETS[code] ?? 400) : Number(code.slice(0, 3))
}

const BY_STATUS: Record<number, ClovaCode> = {
  400: 40000,
  401: 40100,
  403: 40300,
  404: 40400,
  408: 40800,
  413: 41300,
  415: 41500,
  422: 40001,
  429: 42901,
  500: 50000,
  503: 50000,
}

/** The provider's limit is not the client's: 42902 says that the model is overloaded, 42901 that one asks too much. */
function ofModel({ code }: ModelError): ClovaCode {
  switch (code) {
    case 'context_too_long':
      return 40003
    case 'content_refused':
      return 40005
    case 'rate_limited':
      return 42902
    case 'timeout':
      return 50400
    case 'model_unavailable':
    case 'invalid_credentials':
    case 'protocol_error':
      return 50000
  }
}

/** Tells no key, a wrong key and a scheme that holds no key apart, as CLOVA Studio does. */
function refine(status: ClovaStatus, { headers }: FastifyRequest): ClovaStatus {
  if (status.code !== '40100') return status
  const { authorization } = headers
  if (authorization !== undefined)
    return /^(bearer|basic)\s+\S/i.test(authorization) ? statusOf(40104) : statusOf(40102)
  return headers['x-ncp-clovastudio-api-key'] === undefined ? status : statusOf(40104)
}

function statusOf(code: ClovaCode, details?: string): ClovaStatus {
  return { code: String(code), message: messageOf(code, details) }
}

function messageOf(code: ClovaCode, details?: string): string {
  return details === undefined ? MESSAGES[code] : `${MESSAGES[code]}: ${details}`
}

/** `['body', 'messages', 0, 'role']` as `messages[0].role`. */
function pathOf(loc: readonly (string | number)[]): string {
  const path = loc.slice(1).map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`))
  return path.join('').replace(/^\./, '') || 'body'
}
