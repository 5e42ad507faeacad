import type { FastifyReply, FastifyRequest } from 'fastify'

const HEADER = 'x-ncp-clovastudio-request-id'

/** The id that the client gave its request, or else ours. */
export function requestIdOf(request: FastifyRequest): string {
  const given = request.headers[HEADER]
  return (Array.isArray(given) ? given[0] : given) || request.id
}

/** Sends the request's id back and puts it into its log lines. Doing so twice is harmless. */
export function echoRequestId(request: FastifyRequest, reply: FastifyReply): void {
  if (reply.hasHeader(HEADER)) return
  const requestId = requestIdOf(request)
  reply.header(HEADER, requestId)
  request.log = request.log.child({ clovaRequestId: requestId })
}
