import type { FastifyReply } from 'fastify'
import { z } from 'zod'

/** What the routes of skills and of skillsets have in common. */

/** `"3"` as our own ETag has it, or a bare 3; `*` is any revision. */
export const IfRevision = z.object({
  'if-match': z
    .string()
    .regex(/^("?)\d{1,9}\1$|^\*$/, 'If-Match takes the number of a revision')
    .transform((value) => (value === '*' ? undefined : Number(value.replaceAll('"', ''))))
    .optional(),
})

export function withRevision<Body extends { revision: number }>(reply: FastifyReply, body: Body): FastifyReply {
  return reply.header('etag', `"${body.revision}"`).send(body)
}

export function limitsOf({ page, size }: { page: number; size: number }): { limit: number; offset: number } {
  return { limit: size, offset: (page - 1) * size }
}
