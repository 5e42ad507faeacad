import type { FastifyReply } from 'fastify'

/** Aborts when the client leaves before it has got the whole reply. */
export function clientGone(reply: FastifyReply): AbortSignal {
  const gone = new AbortController()
  // Already gone while its body was being read.
  if (reply.raw.destroyed) gone.abort(new Error('the client has left'))
  else reply.raw.once('close', () => reply.raw.writableFinished || gone.abort(new Error('the client has left')))
  return gone.signal
}
