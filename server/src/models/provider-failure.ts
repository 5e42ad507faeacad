import { ModelError, type ModelErrorCode } from './model-error.ts'

/** Who failed, as far as a failure needs to know. */
export type ProviderIdentity = {
  name: string
  connectTimeoutMs: number
  idleTimeoutMs: number
  /** Takes secrets out of a text. */
  redact: (text: string) => string
}

/** A ModelError that knows whether asking again soon may well succeed. */
export class ProviderFailure extends ModelError {
  readonly isTransient: boolean

  constructor(
    code: ModelErrorCode,
    message: string,
    options: ErrorOptions & { providerMessage?: string; retryAfterSeconds?: number; isTransient?: boolean } = {},
  ) {
    super(code, message, options)
    this.name = 'ModelError'
    this.isTransient = options.isTransient ?? false
  }
}

export type FailedReply = { status: number; body: string; headers: Record<string, string | string[] | undefined> }

/** An HTTP reply that is not a success. */
export function failureOfReply(provider: ProviderIdentity, reply: FailedReply, now = Date.now()): ProviderFailure {
  const { words, code } = readErrorBody(reply.body)
  const kind = classify(reply.status, `${code} ${words}`)
  const retryAfterSeconds = readRetryAfter(reply.headers, now)
  return new ProviderFailure(kind, sentence(provider, kind, `HTTP ${reply.status}`), {
    ...providerMessage(provider, words),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    isTransient: isTransientStatus(reply.status) && !/insufficient_quota|billing/i.test(`${code} ${words}`),
  })
}

/** An error that the provider reported inside a stream that had begun well. */
export function failureInStream(provider: ProviderIdentity, report: unknown): ProviderFailure {
  const { words, code } = readErrorReport(report)
  const status = /^[1-5]\d\d$/.test(code) ? Number(code) : undefined
  const kind = classify(status, `${code} ${words}`)
  return new ProviderFailure(kind, sentence(provider, kind, 'reported inside the stream'), {
    ...providerMessage(provider, words),
    isTransient:
      status === undefined ? kind === 'model_unavailable' || kind === 'rate_limited' : isTransientStatus(status),
  })
}

/** The connection could not be made, broke, or was silent for too long. */
export function failureOfConnection(provider: ProviderIdentity, error: unknown): ProviderFailure {
  const { code, message } = connectionError(error)
  const words = { ...providerMessage(provider, message), cause: error }
  switch (code) {
    case 'UND_ERR_CONNECT_TIMEOUT':
      return new ProviderFailure(
        'timeout',
        `${provider.name} could not be reached within ${seconds(provider.connectTimeoutMs)}.`,
        {
          ...words,
          isTransient: true,
        },
      )
    case 'UND_ERR_HEADERS_TIMEOUT':
    case 'UND_ERR_BODY_TIMEOUT':
      return new ProviderFailure(
        'timeout',
        `${provider.name} was silent for ${seconds(provider.idleTimeoutMs)}.`,
        words,
      )
    case 'UND_ERR_RES_EXCEEDED_MAX_SIZE':
      return new ProviderFailure('protocol_error', `${provider.name} sent more than an answer can be long.`, words)
    default:
      if (code.startsWith('HPE_') || code === 'UND_ERR_HEADERS_OVERFLOW')
        return new ProviderFailure('protocol_error', `${provider.name} did not answer in HTTP.`, words)
      return new ProviderFailure(
        'model_unavailable',
        CONNECTION_BROKE.has(code)
          ? `The connection to ${provider.name} broke (${code}).`
          : `${provider.name} could not be reached${code ? ` (${code})` : ''}.`,
        { ...words, isTransient: !FINAL.has(code) },
      )
  }
}

/** The provider said something that its protocol does not allow. */
export function protocolFailure(
  provider: ProviderIdentity,
  what: string,
  said?: string,
  cause?: unknown,
): ProviderFailure {
  return new ProviderFailure('protocol_error', `${provider.name} ${what}.`, {
    ...(said !== undefined && providerMessage(provider, said)),
    ...(cause !== undefined && { cause }),
  })
}

/** The connection was lost after the answer had begun. */
export function brokenStream(provider: ProviderIdentity, cause: unknown): ProviderFailure {
  return new ProviderFailure(
    'protocol_error',
    `${provider.name} closed the connection before the answer was complete.`,
    {
      ...providerMessage(provider, connectionError(cause).message),
      cause,
      isTransient: true,
    },
  )
}

const CONNECTION_BROKE = new Set([
  'ECONNRESET',
  'EPIPE',
  'UND_ERR_SOCKET',
  'UND_ERR_ABORTED',
  'UND_ERR_CLOSED',
  'UND_ERR_DESTROYED',
])

/** Our own doing: closing down, or a header that cannot be sent. */
const FINAL = new Set(['UND_ERR_CLOSED', 'UND_ERR_DESTROYED', 'UND_ERR_INVALID_ARG'])

/** Longest `providerMessage`, in characters. */
const LONGEST_WORDS = 2000

function providerMessage(provider: ProviderIdentity, words: string): { providerMessage?: string } {
  const redacted = provider.redact(words.trim())
  return redacted
    ? { providerMessage: redacted.length > LONGEST_WORDS ? `${redacted.slice(0, LONGEST_WORDS - 1)}…` : redacted }
    : {}
}

// What vendors write when … : codes and words of OpenAI, Azure, vLLM, llama.cpp, Ollama, LM Studio, Anthropic, Google,
// OpenRouter and CLOVA Studio.
const TOO_LONG =
  /context_length_exceeded|exceed_context_size|context[ _](?:length|window|size)|context the overflows|maximum context|prompt is too long|(?:prompt|input|text) (?:is )?too long|too many (?:input )?tokens|token count.{0,40}exceeds|exceeds? the (?:maximum|max|limit).{0,40}tokens?|input length.{0,40}exceed|\b40003\b|string_above_max_length/i
const REFUSED =
  /content[ _-]?(?:filter|policy)|content management policy|responsible ?ai|moderation|flagged|safety (?:system|filter|settings|policy|reasons)|prohibited_content|data_inspection_failed|usage policies/i
const BAD_CREDENTIALS =
  /invalid[ _]api[ _]key|incorrect api key|api key not valid|api_key_invalid|api key (?:is )?(?:missing|required|expired)|authentication_error|permission_error|unauthorized|unauthenticated|\b401\d\d\b|\b40104\b/i
const TOO_OFTEN = /rate[ _-]?limit|too many requests|insufficient_quota|quota|resource_exhausted|\b429\d\d\b/i
const NO_MODEL =
  /model[ _]?not[ _]?found|model.{0,120}(?:does not exist|not found|is not available|not supported|no longer available)|no such model|unknown model|invalid model|\b4008[0234]\b/i

function classify(status: number | undefined, words: string): ModelErrorCode {
  if (status === 429 || status === 402) return 'rate_limited'
  if (status === 401) return 'invalid_credentials'
  if (status === 408) return 'timeout'
  if (status !== undefined && status >= 500 && !TOO_LONG.test(words)) return 'model_unavailable'
  if (status !== 403 && status !== 404 && TOO_LONG.test(words)) return 'context_too_long'
  if (status === 413) return 'context_too_long'
  if (REFUSED.test(words)) return 'content_refused'
  if (status === 403) return 'invalid_credentials'
  if (status === 404 || status === 410) return 'model_unavailable'
  if (BAD_CREDENTIALS.test(words)) return 'invalid_credentials'
  if (TOO_OFTEN.test(words)) return 'rate_limited'
  if (NO_MODEL.test(words)) return 'model_unavailable'
  // An error inside a stream without a number and without words we know: the provider gave up.
  return status === undefined ? 'model_unavailable' : 'protocol_error'
}

function isTransientStatus(status: number): boolean {
  return (
    status === 408 ||
    status === 409 ||
    status === 425 ||
    status === 429 ||
    (status >= 500 && status !== 501 && status !== 505)
  )
}

function sentence(provider: ProviderIdentity, kind: ModelErrorCode, how: string): string {
  const said: Record<ModelErrorCode, string> = {
    model_unavailable: `${provider.name} cannot serve this model now`,
    rate_limited: `${provider.name} accepts no more requests for the moment`,
    context_too_long: 'The conversation is too long for this model',
    content_refused: `${provider.name} refused the content`,
    invalid_credentials: `${provider.name} does not accept the key that it is configured with`,
    timeout: `${provider.name} took too long`,
    protocol_error: `${provider.name} did not understand the request`,
  }
  return `${said[kind]} (${how}).`
}

/** The words and the code in an error body of any vendor; the text itself where it is not JSON. */
function readErrorBody(body: string): { words: string; code: string } {
  try {
    return readErrorReport(JSON.parse(body))
  } catch {
    // Not JSON: a proxy's page or plain words.
    return { words: body.replace(/<(style|script)[\s\S]*?<\/\1>|<[^>]*>/gi, ' ').replace(/\s+/g, ' '), code: '' }
  }
}

function readErrorReport(report: unknown): { words: string; code: string } {
  if (typeof report === 'string') return { words: report, code: '' }
  if (Array.isArray(report)) return readErrorReport(report[0])
  if (!isRecord(report)) return { words: JSON.stringify(report) ?? '', code: '' }
  for (const key of ['error', 'status', 'errors'] as const) {
    const inner = report[key]
    if (
      isRecord(inner) ||
      (key === 'error' && typeof inner === 'string') ||
      (Array.isArray(inner) && inner.length > 0)
    ) {
      const found = readErrorReport(inner)
      return found.code ? found : { ...found, code: codeOf(report) }
    }
  }
  const words = report.message ?? report.detail ?? report.error_description ?? report
  return { words: typeof words === 'string' ? words : JSON.stringify(words), code: codeOf(report) }
}

function codeOf(report: Record<string, unknown>): string {
  return [report.code, report.type, report.status, report.reason]
    .filter((value) => typeof value === 'string' || typeof value === 'number')
    .join(' ')
}

/** Seconds to wait as `retry-after-ms` or `Retry-After` (seconds or a date) ask for it. */
function readRetryAfter(headers: FailedReply['headers'], now: number): number | undefined {
  const milliseconds = Number(headers['retry-after-ms'] ?? Number.NaN)
  if (milliseconds >= 0) return milliseconds / 1000
  const header = headers['retry-after']
  const value = (Array.isArray(header) ? header[0] : header)?.trim()
  if (!value) return undefined
  const number = Number(value)
  if (Number.isFinite(number)) return Math.max(0, number)
  const date = Date.parse(value)
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - now) / 1000))
}

/** Whether the socket failed, rather than what was read from it. */
export function isConnectionError(error: unknown): boolean {
  return connectionError(error).code !== ''
}

/** The first error in the chain of causes that carries a system or undici code. */
function connectionError(error: unknown): { code: string; message: string } {
  for (let current = error, depth = 0; current instanceof Error && depth < 8; current = current.cause, depth++) {
    const code = (current as NodeJS.ErrnoException).code
    if (typeof code === 'string' && code !== '') return { code, message: current.message }
  }
  return { code: '', message: error instanceof Error ? error.message : String(error) }
}

function seconds(milliseconds: number): string {
  return `${milliseconds / 1000} s`
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
