import { createHmac, timingSafeEqual } from 'node:crypto'
import { SESSION_COOKIE } from './better-auth.ts'

/**
 * The session token in a `Cookie` header, if the cookie is there and was signed by Better Auth with this secret.
 *
 * The cookie is `token.signature`, percent-encoded; the signature is the base64 HMAC-SHA256 of the token.
 */
export function readSessionToken(cookieHeader: string | undefined, secret: string): string | undefined {
  const signed = cookieHeader && findCookie(cookieHeader, SESSION_COOKIE)
  if (!signed) return undefined
  const dot = signed.lastIndexOf('.')
  if (dot < 1) return undefined
  const token = signed.slice(0, dot)
  const given = Buffer.from(signed.slice(dot + 1), 'base64')
  const expected = createHmac('sha256', secret).update(token).digest()
  return given.length === expected.length && timingSafeEqual(given, expected) ? token : undefined
}

function findCookie(header: string, name: string): string | undefined {
  for (const part of header.split(';')) {
    const equals = part.indexOf('=')
    if (part.slice(0, equals).trim() !== name) continue
    try {
      return decodeURIComponent(part.slice(equals + 1).trim())
    } catch {
      // Not percent-encoded: not a cookie that we have set.
      return undefined
    }
  }
  return undefined
}
