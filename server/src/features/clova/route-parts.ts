import type { FastifyReply, FastifyRequest } from 'fastify'
import { clientGone } from '../../http/client-gone.ts'
import { requestIdOf } from './request-id.ts'
import type { Asking } from './service.ts'

/** What CLOVA Studio takes: images come inside the body. */
export const MAX_BODY_BYTES = 50 * 1024 * 1024

/** How a route is described in openapi.json, if it is. */
export type Describe = (operationId: string, summary: string, description?: string) => object

/** The same path under another prefix is not described again. */
export const isAnotherPath = () => ({ hide: true })

export const described: Describe = (operationId, summary, description) => ({
  tags: ['clova'],
  operationId,
  summary,
  ...(description && { description }),
})

export function asking(request: FastifyRequest, reply: FastifyReply): Asking {
  return { person: request.person, requestId: requestIdOf(request), signal: clientGone(reply) }
}
