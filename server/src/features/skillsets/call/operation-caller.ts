import type { Outbound } from '../../../http/outbound.ts'
import { OutboundError } from '../../../http/outbound-error.ts'
import type { JsonObject } from '../../../models/language-model.ts'
import type { HttpCall } from '../skill.ts'
import { argumentNames } from './argument-names.ts'
import { buildRequest, type CallValues } from './build-request.ts'
import { createMask, type Mask } from './mask.ts'
import type { AnswerContent, CallErrorCode, OperationRequest, OperationResult, Overrides } from './operation-result.ts'

export class OperationCaller {
  readonly #outbound: Outbound

  constructor({ outbound }: { outbound: Outbound }) {
    this.#outbound = outbound
  }

  /**
   * Calls an operation once and says how it went, whatever the API does.
   *
   * @throws the signal's reason when it aborts; nothing else.
   */
  async call(request: OperationRequest, signal: AbortSignal): Promise<OperationResult> {
    const startedAt = performance.now()
    const mask = createMask(request.credentials.map(({ secret }) => secret))
    const { call } = request.operation
    if (call.kind === 'mcp') throw new Error('MCP operations are not called yet.')
    const built = buildRequest(call, valuesOf(call, request.arguments, request.overrides))
    const known = { url: built.url, method: built.method, requestBody: built.body?.shown ?? '' }
    const finish = (rest: Omit<OperationResult, 'latencyMs' | keyof typeof known>) =>
      masked({ ...known, ...rest, latencyMs: Math.round(performance.now() - startedAt) }, mask)
    try {
      const { status, body } = await this.#outbound.request(built.url, {
        method: built.method,
        headers: built.headers,
        body: built.body?.bytes,
        signal,
      })
      const text = body.toString('utf8')
      const isOk = status >= 200 && status < 300
      const message = isOk ? '' : `The API answered with status ${status}.`
      return finish({
        responseBody: text,
        content: contentOf(text),
        status,
        isOk,
        errorCode: isOk ? null : 'api_error',
        message,
      })
    } catch (error) {
      if (!(error instanceof OutboundError)) throw error
      return finish({
        responseBody: '',
        content: { kind: 'none' },
        status: null,
        isOk: false,
        errorCode: CODES[error.code] ?? 'api_unreachable',
        message: error.message,
      })
    }
  }
}

const CODES: Partial<Record<string, CallErrorCode>> = {
  outbound_timed_out: 'api_timed_out',
}

function contentOf(text: string): AnswerContent {
  try {
    return { kind: 'json', value: JSON.parse(text) }
  } catch {
    return text === '' ? { kind: 'none' } : { kind: 'text', text }
  }
}

function valuesOf(call: HttpCall, values: JsonObject, overrides: Overrides | undefined): CallValues {
  const names = argumentNames(call)
  return {
    parameters: [...names.parameters].map(([name, parameter]) => ({ parameter, value: values[name] })),
    body: names.body === null ? undefined : values[names.body],
    extraQuery: { ...overrides?.base?.query, ...overrides?.operation?.query },
    extraHeaders: { ...overrides?.base?.header, ...overrides?.operation?.header },
  }
}

function masked(result: OperationResult, mask: Mask): OperationResult {
  return {
    ...result,
    url: mask.text(result.url),
    requestBody: mask.text(result.requestBody),
    responseBody: mask.text(result.responseBody),
    message: mask.text(result.message),
  }
}
