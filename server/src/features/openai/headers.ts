import type { FastifyReply } from 'fastify'

/** Adds the headers that OpenAI's clients look at to a reply whose headers are about to be sent. */
export function addHeaders(reply: FastifyReply): void {
  reply.header('openai-processing-ms', String(Math.round(reply.elapsedTime)))
  reply.header('openai-version', '2020-10-01')
  for (const name of ['limit', 'remaining'] as const) {
    const value = reply.getHeader(`x-ratelimit-${name}`)
    if (value !== undefined) reply.header(`x-ratelimit-${name}-requests`, String(value))
  }
  const resetSeconds = reply.getHeader('x-ratelimit-reset')
  if (resetSeconds !== undefined) reply.header('x-ratelimit-reset-requests', `${resetSeconds}s`)
}
