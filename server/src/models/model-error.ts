import { AppError } from '../errors.ts'

/** Every way in which a provider can fail, in our words. */
export type ModelErrorCode =
  | 'model_unavailable'
  | 'rate_limited'
  | 'context_too_long'
  | 'content_refused'
  | 'invalid_credentials'
  | 'timeout'
  | 'protocol_error'

/** A provider's failure. The lane shows `message` and, beside it, what the provider itself said. */
export class ModelError extends AppError {
  declare readonly code: ModelErrorCode
  /** The provider's words, at most 2,000 characters, with credentials removed. */
  readonly providerMessage: string | undefined

  constructor(
    code: ModelErrorCode,
    message: string,
    options: ErrorOptions & { providerMessage?: string; retryAfterSeconds?: number } = {},
  ) {
    super(code === 'rate_limited' ? 'rate_limited' : 'unavailable', code, message, options)
    this.providerMessage = options.providerMessage
  }
}
