import type { FastifyRequest } from 'fastify'
import { AppError } from '../errors.ts'

/**
 * Refuses what a browser sends on behalf of another site's page.
 *
 * Every browser says where a request that changes something comes from, in `Sec-Fetch-Site` or at least in `Origin`.
 * What sends neither is a program, which nobody can trick into sending its user's cookie.
 *
 * @throws {AppError} `cross_origin`.
 */
export function refuseCrossOrigin({ headers, host }: FastifyRequest): void {
  const site = headers['sec-fetch-site']
  if (site === 'same-origin' || site === 'none') return
  const { origin } = headers
  if (site === undefined && (origin === undefined || hostOf(origin) === host.toLowerCase())) return
  throw new AppError('forbidden', 'cross_origin', 'This was sent by a page of another site.')
}

/** Pages without an address of their own, such as sandboxed frames, send `null`. */
function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined
}
