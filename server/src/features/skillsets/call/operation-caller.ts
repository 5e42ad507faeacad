import { STATUS_CODES } from 'node:http'
import type { Outbound } from '../../../http/outbound.ts'
import { OutboundError, type OutboundErrorCode } from '../../../http/outbound-error.ts'
import { type HttpCall, MAX_CALL_MS, type SecurityScheme } from '../skill.ts'
import { type BuiltRequest, buildRequest } from './build-request.ts'
import { readCallValues } from './call-values.ts'
import { createMask, type Mask } from './mask.ts'
import type { CallErrorCode, OperationRequest, OperationResult } from './operation-result.ts'
import { readAnswer } from './read-answer.ts'
import { secretsOfCall } from './secrets-of-call.ts'
import { signIn } from './sign-in.ts'
import { UnwritableValue } from './written-body.ts'

const MAX_ANSWER_BYTES = 2 * 1024 * 1024
/** Of an answer that did not end: enough to see what it is. */
const MAX_PARTIAL_CHARACTERS = 1_000

/** Calls operations of skills, exactly as their documents say, and says how it went. */
export class OperationCaller {
  readonly #outbound: Outbound

  constructor({ outbound }: { outbound: Outbound }) {
    this.#outbound = outbound
  }

  /**
   * Calls an operation once. Whatever the API does is a result that a model can learn from, as are arguments that do not
   * fit, which are not sent. No secret is in it.
   *
   * @throws the signal's reason when it aborts; nothing else.
   */
  async call(request: OperationRequest, signal: AbortSignal): Promise<OperationResult> {
    signal.throwIfAborted()
    const startedAt = performance.now()
    const { call } = request.operation
    if (call.kind === 'mcp') throw new Error('MCP operations are not called yet.')
    const outcome = await this.#callHttp(call, request, signal)
    const mask = createMask(secretsOfCall(request))
    return { ...masked(outcome, mask), latencyMs: Math.round(performance.now() - startedAt) }
  }

  async #callHttp(call: HttpCall, request: OperationRequest, signal: AbortSignal): Promise<Outcome> {
    const built = buildCall(call, request)
    if ('errorCode' in built) return { ...NOTHING, ...built, method: call.method }
    const known = { url: built.url, method: built.method, requestBody: built.body?.shown ?? '' }
    try {
      const { status, headers, body } = await this.#outbound.request(built.url, {
        method: built.method,
        headers: built.headers,
        body: built.body?.bytes,
        signal,
        timeoutMs: MAX_CALL_MS,
        maxBytes: MAX_ANSWER_BYTES,
      })
      const { text, content, note } = await readAnswer(body, headers['content-type'])
      const isOk = status >= 200 && status < 300
      const failure = isOk ? '' : `The API answered with status ${status}${reasonOf(status)}.`
      const message = [failure, note].filter((part) => part !== '').join(' ')
      return { ...known, responseBody: text, content, status, isOk, errorCode: isOk ? null : 'api_error', message }
    } catch (error) {
      if (!(error instanceof OutboundError)) throw error
      return { ...NOTHING, ...known, ...(await whatCame(error)), errorCode: CODES[error.code], message: error.message }
    }
  }
}

type Outcome = Omit<OperationResult, 'latencyMs'>

const NOTHING = {
  url: '',
  requestBody: '',
  responseBody: '',
  content: { kind: 'none' },
  status: null,
  isOk: false,
} as const satisfies Partial<Outcome>

const CODES: Readonly<Record<OutboundErrorCode, CallErrorCode>> = {
  outbound_url_refused: 'call_refused',
  outbound_address_refused: 'call_refused',
  outbound_header_refused: 'call_refused',
  outbound_unreachable: 'api_unreachable',
  outbound_timed_out: 'api_timed_out',
  outbound_too_large: 'answer_too_large',
  outbound_unreadable: 'answer_unreadable',
  outbound_too_many_redirects: 'answer_unreadable',
}

/** The request, or why there is none. */
function buildCall(
  call: HttpCall,
  { arguments: given, overrides, skill, credentials }: OperationRequest,
): BuiltRequest | { errorCode: CallErrorCode; message: string } {
  const values = readCallValues(call, given, overrides)
  if ('problems' in values) return { errorCode: 'invalid_arguments', message: values.problems.join('\n') }
  const hasOverride = (place: 'header' | 'query', name: string) =>
    Object.hasOwn(place === 'header' ? values.extraHeaders : values.extraQuery, name)
  const signed = signIn(call.security, { schemes: skill.securitySchemes, credentials, hasOverride })
  if (!signed) return { errorCode: 'missing_credential', message: missingCredential(call, skill.securitySchemes) }
  try {
    return buildRequest(call, values, signed)
  } catch (error) {
    if (!(error instanceof UnwritableValue)) throw error
    return { errorCode: 'invalid_arguments', message: error.message }
  }
}

function missingCredential({ security }: HttpCall, schemes: readonly SecurityScheme[]): string {
  const names = [...new Set(security.flat())].filter((name) => schemes.some((scheme) => scheme.name === name))
  return `This needs a credential that has not been entered (${names.join(', ')}). Calling it again will not help.`
}

async function whatCame({ partial }: OutboundError): Promise<Partial<Outcome>> {
  if (partial.status === undefined) return {}
  const { status, headers = {}, body = Buffer.alloc(0) } = partial
  const { text, content } = await readAnswer(body.subarray(0, 4 * MAX_PARTIAL_CHARACTERS), headers['content-type'])
  if (content.kind === 'none') return { status }
  const shown = text.slice(0, MAX_PARTIAL_CHARACTERS)
  return { status, responseBody: shown, content: { kind: 'text', text: shown } }
}

function reasonOf(status: number): string {
  const reason = STATUS_CODES[status]
  return reason === undefined ? '' : ` (${reason})`
}

function masked(outcome: Outcome, mask: Mask): Outcome {
  const { url, requestBody, responseBody, message, content } = outcome
  return {
    ...outcome,
    url: mask.text(url),
    requestBody: mask.text(requestBody),
    responseBody: mask.text(responseBody),
    message: mask.text(message),
    content:
      content.kind === 'json'
        ? { kind: 'json', value: mask.value(content.value) }
        : content.kind === 'text'
          ? { kind: 'text', text: mask.text(content.text) }
          : content,
  }
}
