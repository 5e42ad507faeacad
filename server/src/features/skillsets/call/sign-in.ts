import type { Credential, HttpCall, SecurityScheme } from '../skill.ts'

/** What signs a request in: pairs by name. */
export type SignIn = { headers: Record<string, string>; query: Record<string, string>; cookies: Record<string, string> }

type Given = {
  schemes: readonly SecurityScheme[]
  credentials: readonly Credential[]
  /** Whether the caller's overrides set a header (in lower case) or query parameter themselves. */
  hasOverride: (place: 'header' | 'query', name: string) => boolean
}

/**
 * Signs a call in by the first alternative of its document for which everything is there.
 *
 * @returns undefined when the call needs a credential that is not there.
 */
export function signIn(
  security: HttpCall['security'],
  { schemes, credentials, hasOverride }: Given,
): SignIn | undefined {
  const none: SignIn = { headers: {}, query: {}, cookies: {} }
  if (security.length === 0) return none
  const secretOf = (name: string) => credentials.find(({ scheme }) => scheme === name)?.secret.trim()
  // Whoever may call without, but has a credential, is better served with it.
  const alternatives = [...security].sort((a, b) => Number(a.length === 0) - Number(b.length === 0))
  for (const names of alternatives) {
    const parts = names.map((name) => {
      const scheme = schemes.find((known) => known.name === name)
      if (!scheme) return undefined
      if (isOverridden(scheme, hasOverride)) return none
      const secret = secretOf(name)
      return secret === undefined || secret === '' ? undefined : partOf(scheme, secret)
    })
    if (parts.every((part) => part !== undefined))
      return {
        headers: Object.assign({}, ...parts.map(({ headers }) => headers)),
        query: Object.assign({}, ...parts.map(({ query }) => query)),
        cookies: Object.assign({}, ...parts.map(({ cookies }) => cookies)),
      }
  }
  return undefined
}

/** All that must be masked of a credential: of `user:password` also the password alone, and how HTTP writes both. */
export function secretsOf({ secret }: Credential): string[] {
  const trimmed = secret.trim()
  const password = /^[^:\s]+:(.+)$/s.exec(trimmed)?.[1]
  return [trimmed, withoutScheme(trimmed), ...(password === undefined ? [] : [password])]
}

function isOverridden(scheme: SecurityScheme, hasOverride: Given['hasOverride']): boolean {
  if (scheme.kind !== 'apiKey') return hasOverride('header', 'authorization')
  if (scheme.in === 'cookie') return hasOverride('header', 'cookie')
  return hasOverride(scheme.in, scheme.in === 'header' ? scheme.parameter.toLowerCase() : scheme.parameter)
}

function partOf(scheme: SecurityScheme, secret: string): SignIn {
  const none: SignIn = { headers: {}, query: {}, cookies: {} }
  switch (scheme.kind) {
    case 'bearer':
      return { ...none, headers: { authorization: `Bearer ${withoutScheme(secret)}` } }
    case 'basic':
      return { ...none, headers: { authorization: `Basic ${Buffer.from(secret).toString('base64')}` } }
    case 'apiKey':
      if (scheme.in === 'header') return { ...none, headers: { [scheme.parameter.toLowerCase()]: secret } }
      if (scheme.in === 'query') return { ...none, query: { [scheme.parameter]: secret } }
      return { ...none, cookies: { [scheme.parameter]: secret } }
  }
}

/** People paste what they see, which often is the whole header. */
function withoutScheme(secret: string): string {
  return secret.replace(/^bearer\s+/i, '')
}
