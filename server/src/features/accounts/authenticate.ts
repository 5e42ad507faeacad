import type { FastifyRequest } from 'fastify'
import { refuseCrossOrigin } from '../../http/cross-origin.ts'
import type { ApiKeyService } from './api-keys.ts'
import type { Person } from './person.ts'
import type { SignInService } from './sign-in.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose request it is; missing only on routes that are public. */
    person: Person
  }
}

const READING_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Whose request it is: by an API key in one of the headers of its dialects, else by the cookie of a signed-in browser.
 *
 * A wrong key is nobody's request, whatever the cookie says.
 *
 * @throws {AppError} `cross_origin` when a page of another site lets the browser change something in its person's name.
 */
export async function authenticate(
  request: FastifyRequest,
  { apiKeys, signIn }: { apiKeys: ApiKeyService; signIn: SignInService },
): Promise<Person | undefined> {
  const key = readKey(request)
  if (key !== undefined) return apiKeys.findPersonByKey(key)
  if (request.headers.cookie === undefined) return undefined
  const person = await signIn.findPersonByCookie(request.headers.cookie)
  if (person && !READING_METHODS.has(request.method)) refuseCrossOrigin(request)
  return person
}

/** The key as the client sent it; empty when there is an `Authorization` header that cannot hold one. */
function readKey({ headers }: FastifyRequest): string | undefined {
  const { authorization } = headers
  if (authorization !== undefined) {
    const [, scheme = '', value = ''] = /^(\S+)\s+(\S+)\s*$/.exec(authorization) ?? []
    switch (scheme.toLowerCase()) {
      case 'bearer':
        return value
      case 'basic':
        return passwordOf(value)
      default:
        return ''
    }
  }
  const key = headers['x-ncp-clovastudio-api-key'] ?? headers['wandb-api-key']
  return Array.isArray(key) ? key[0] : key
}

/** Of `user:password` in base64; the user's name does not matter. */
function passwordOf(credentials: string): string {
  const decoded = Buffer.from(credentials, 'base64').toString('utf8')
  const colon = decoded.indexOf(':')
  return colon < 0 ? '' : decoded.slice(colon + 1)
}
