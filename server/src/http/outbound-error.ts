import { AppError } from '../errors.ts'

/**
 * Why a request to the outside brought nothing.
 *
 * `refused` codes are about what was asked; the others about what the other server did or did not do.
 */
export type OutboundErrorCode =
  | 'outbound_url_refused'
  | 'outbound_address_refused'
  | 'outbound_header_refused'
  | 'outbound_unreachable'
  | 'outbound_timed_out'
  | 'outbound_too_large'
  | 'outbound_unreadable'
  | 'outbound_too_many_redirects'

/** What had come before it went wrong. */
type Partial = { status?: number; headers?: Record<string, string>; body?: Buffer }

export class OutboundError extends AppError {
  declare readonly code: OutboundErrorCode
  /** The answer's status and its first bytes, where there was an answer. */
  readonly partial: Partial

  constructor(code: OutboundErrorCode, message: string, { cause, ...partial }: ErrorOptions & Partial = {}) {
    super(code.endsWith('_refused') ? 'invalid_request' : 'unavailable', code, message, { cause })
    this.partial = partial
  }
}
