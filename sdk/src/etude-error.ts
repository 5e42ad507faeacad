/** A reply that was not a success, in the server's words; status 0 when there was no reply at all. */
export class EtudeError extends Error {
  readonly status: number
  /** A `snake_case` code such as `not_found` or `unknown_model`. */
  readonly code: string
  readonly requestId: string | null

  constructor(
    message: string,
    { status, code, requestId, cause }: { status: number; code: string; requestId?: string | null; cause?: unknown },
  ) {
    super(message, { cause })
    this.name = 'EtudeError'
    this.status = status
    this.code = code
    this.requestId = requestId ?? null
  }
}

/** Reads the error in a reply, whatever stands in front of the server. */
export async function errorFromReply(reply: Response): Promise<EtudeError> {
  const body: unknown = await reply.json().catch(() => undefined)
  const { detail, message } = (body ?? {}) as { detail?: unknown; message?: unknown }
  const code =
    typeof detail === 'string' ? detail : Array.isArray(detail) ? 'validation_failed' : `http_${reply.status}`
  return new EtudeError(typeof message === 'string' ? message : `The server answered ${reply.status}.`, {
    status: reply.status,
    code,
    requestId: reply.headers.get('x-request-id'),
  })
}
