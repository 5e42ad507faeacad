import { OutboundError } from './outbound-error.ts'

/** Says what a failure of a socket, of TLS or of HTTP means, without repeating addresses or anything that was sent. */
export function translateFailure(error: unknown): OutboundError {
  if (error instanceof OutboundError) return error
  const { name, code = '', message } = error as Error & { code?: string }
  if (TIMEOUTS.has(code))
    return new OutboundError('outbound_timed_out', 'The server was silent for too long.', { cause: error })
  if (name === 'HTTPParserError' || code === 'UND_ERR_HEADERS_OVERFLOW')
    return new OutboundError('outbound_unreadable', 'The answer is not HTTP, or its headers are too large.', {
      cause: error,
    })
  if (code.startsWith('UND_ERR_INVALID') || code === 'UND_ERR_NOT_SUPPORTED')
    return new OutboundError('outbound_header_refused', `The request cannot be sent: ${message}.`, { cause: error })
  return new OutboundError('outbound_unreachable', UNREACHABLE[code] ?? otherReason(code), { cause: error })
}

const TIMEOUTS = new Set(['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'ETIMEDOUT'])

const UNREACHABLE: Readonly<Record<string, string>> = {
  ENOTFOUND: "The server's name is not known.",
  EAI_AGAIN: "The server's name could not be looked up at the moment.",
  ECONNREFUSED: 'Nothing listens at that address and port.',
  ECONNRESET: 'The server broke the connection off.',
  UND_ERR_SOCKET: 'The server broke the connection off.',
  EHOSTUNREACH: 'The server cannot be reached.',
  ENETUNREACH: 'The server cannot be reached.',
}

function otherReason(code: string): string {
  if (/CERT|SELF_SIGNED|ALTNAME|SSL|TLS/.test(code)) return `A secure connection was not possible (${code}).`
  return code === '' ? 'The server could not be reached.' : `The server could not be reached (${code}).`
}
