import type { FastifyReply, FastifyRequest } from 'fastify'
import { AppError, type FieldProblem } from '../../errors.ts'
import { errorReply } from '../../http/error-response.ts'
import { addHeaders } from './headers.ts'

/** An error in OpenAI's form. */
export type OpenAiError = { error: { message: string; type: string; param: string | null; code: string | null } }

/** A refusal that names the parameter. */
export class ParameterError extends AppError {
  readonly param: string

  constructor(param: string, code: string, message: string) {
    super('invalid_request', code, message)
    this.param = param
  }
}

type Meaning = { status: number; type: string; code?: string; param?: string; isFinal?: boolean }

const INVALID = 'invalid_request_error'

/** What our codes are called by OpenAI; `isFinal` tells its SDKs not to try again what cannot get better by itself. */
const MEANINGS: Record<string, Meaning> = {
  unauthorized: { status: 401, type: INVALID, code: 'invalid_api_key' },
  model_not_found: { status: 404, type: INVALID, param: 'model' },
  not_a_chat_model: { status: 404, type: INVALID, code: 'model_not_found', param: 'model' },
  not_an_embedding_model: { status: 404, type: INVALID, code: 'model_not_found', param: 'model' },
  tools_not_supported: { status: 400, type: INVALID, code: 'unsupported_parameter', param: 'tools' },
  json_not_supported: { status: 400, type: INVALID, code: 'unsupported_parameter', param: 'response_format' },
  images_not_supported: { status: 400, type: INVALID, code: 'unsupported_value', param: 'messages' },
  max_tokens_too_large: { status: 400, type: INVALID, code: 'invalid_value', param: 'max_tokens' },
  context_too_long: { status: 400, type: INVALID, code: 'context_length_exceeded', param: 'messages' },
  content_refused: { status: 400, type: INVALID, code: 'content_policy_violation', param: 'messages' },
  dimensions_not_supported: { status: 400, type: INVALID, code: 'invalid_value', param: 'dimensions' },
  too_many_texts: { status: 400, type: INVALID, code: 'array_above_max_length', param: 'input' },
  empty_text: { status: 400, type: INVALID, code: 'invalid_value', param: 'input' },
  validation_failed: { status: 400, type: INVALID },
  rate_limited: { status: 429, type: 'requests', code: 'rate_limit_exceeded' },
  model_unavailable: { status: 503, type: 'server_error' },
  timeout: { status: 504, type: 'server_error' },
  // The server's own key is wrong, not the client's.
  invalid_credentials: { status: 502, type: 'server_error', isFinal: true },
  protocol_error: { status: 502, type: 'server_error', isFinal: true },
}

/** What an error is in OpenAI's form. */
export function openAiError(error: unknown): { status: number; body: OpenAiError; isFinal: boolean } {
  const { status, code, message, problems } = errorReply(error)
  const meaning = MEANINGS[code] ?? { status, type: status >= 500 ? 'server_error' : INVALID }
  const problem = problems?.[0]
  const described = problem
    ? describe(problem)
    : { param: error instanceof ParameterError ? error.param : (meaning.param ?? null), code, message }
  return {
    status: meaning.status,
    isFinal: meaning.isFinal ?? false,
    body: {
      error: {
        message: described.message,
        type: meaning.type,
        param: described.param,
        code: meaning.code ?? described.code,
      },
    },
  }
}

/** The error handler of the dialect. */
export function sendOpenAiError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { status, body, isFinal } = openAiError(error)
  if (body.error.param === 'max_tokens') body.error.param = nameOfLimit(request.body)
  // Who has left does not see it, and need not be told of in the log.
  if (status >= 500 && !reply.raw.destroyed) request.log.error({ err: error }, 'request failed')
  const retryAfterSeconds = error instanceof AppError ? error.retryAfterSeconds : undefined
  if (retryAfterSeconds !== undefined) reply.header('retry-after', String(Math.ceil(retryAfterSeconds)))
  if (isFinal) reply.header('x-should-retry', 'false')
  addHeaders(reply)
  return reply.code(status).serializer(JSON.stringify).type('application/json; charset=utf-8').send(body)
}

/** The limit of the answer has several names: the one that was sent is the one to name. */
function nameOfLimit(body: unknown): string {
  const given = typeof body === 'object' && body !== null ? body : {}
  return ['max_completion_tokens', 'max_output_tokens'].find((name) => name in given) ?? 'max_tokens'
}

/** `messages[0].role`, as OpenAI writes the place of a problem. */
function describe({ type, loc, msg }: FieldProblem): { param: string | null; code: string; message: string } {
  const path = loc.slice(1)
  const param =
    path
      .map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`))
      .join('')
      .replace(/^\./, '') || null
  if (param === null) return { param, code: 'invalid_json', message: `We could not parse the JSON body: ${msg}.` }
  switch (type) {
    case 'missing':
      return { param, code: 'missing_required_parameter', message: `Missing required parameter: '${param}'.` }
    case 'too_short':
      return { param, code: 'empty_array', message: `Invalid '${param}': ${msg}.` }
    case 'literal_error':
      return { param, code: 'invalid_value', message: `Invalid value for '${param}': ${msg}.` }
    default:
      return {
        param,
        code: /_type$|_parsing$/.test(type) ? 'invalid_type' : 'invalid_value',
        message: `Invalid '${param}': ${msg}.`,
      }
  }
}
