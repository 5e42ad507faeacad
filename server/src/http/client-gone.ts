import type { FastifyReply } from 'fastify'

/** Aborts when the client leaves before the reply has ended, or when the reply has ended: nobody reads any more. */
export function clientGone(reply: FastifyReply): AbortSignal {
  const gone = new AbortController()
  // Already gone while its body was being read.
  if (reply.raw.destroyed) gone.abort(new Error('the client has left'))
  else reply.raw.once('close', () => gone.abort(new Error('the client has left')))
  return gone.signal
}
