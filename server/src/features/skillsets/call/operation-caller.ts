import { STATUS_CODES } from 'node:http'
import type { Outbound } from '../../../http/outbound.ts'
import { OutboundError } from '../../../http/outbound-error.ts'
import type { McpTools } from '../mcp/mcp-tools.ts'
import { type HttpCall, MAX_CALL_MS, type SecurityScheme } from '../skill.ts'
import { type BuiltRequest, buildRequest } from './build-request.ts'
import { readCallValues } from './call-values.ts'
import { failedCall, NOTHING, type Outcome } from './failed-call.ts'
import { createMask, type Mask } from './mask.ts'
import type { CallErrorCode, OperationRequest, OperationResult } from './operation-result.ts'
import { readAnswer } from './read-answer.ts'
import { secretsOfCall } from './secrets-of-call.ts'
import { signIn } from './sign-in.ts'
import { UnwritableValue } from './written-body.ts'

const MAX_ANSWER_BYTES = 2 * 1024 * 1024

/** Calls operations of skills, exactly as their documents say, and says how it went. */
export class OperationCaller {
  readonly #outbound: Outbound
  readonly #mcp: McpTools
  readonly #timeoutMs: number

  constructor({ outbound, mcp, timeoutMs = MAX_CALL_MS }: { outbound: Outbound; mcp: McpTools; timeoutMs?: number }) {
    this.#outbound = outbound
    this.#mcp = mcp
    this.#timeoutMs = timeoutMs
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
    const outcome = await (call.kind === 'mcp'
      ? this.#mcp.call(call, request, signal)
      : this.#callHttp(call, request, signal))
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
        timeoutMs: this.#timeoutMs,
        maxBytes: MAX_ANSWER_BYTES,
      })
      const { text, content, note } = await readAnswer(body, headers['content-type'])
      const isOk = status >= 200 && status < 300
      const failure = isOk ? '' : `The API answered with status ${status}${reasonOf(status)}.`
      const message = [failure, note].filter((part) => part !== '').join(' ')
      return { ...known, responseBody: text, content, status, isOk, errorCode: isOk ? null : 'api_error', message }
    } catch (error) {
      if (!(error instanceof OutboundError)) throw error
      return { ...(await failedCall(error)), ...known }
    }
  }
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
