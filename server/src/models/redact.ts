/** What stands where a secret was. */
const REMOVED = '[removed]'

/** Shapes of credentials that must not be shown, whoever's they are. */
const CREDENTIALS: readonly [pattern: RegExp, replacement: string][] = [
  [/\b(bearer|basic|token)(\s+)[\w.~+/=*-]{6,}/giu, `$1$2${REMOVED}`],
  [
    /(["']?\b(?:proxy-)?(?:authorization|x-api-key|api[-_]?key|x-goog-api-key|x-ncp-[\w-]+-key|access[-_]?token|client[-_]?secret|password)["']?\s*[:=]\s*["']?)(?!\[removed\])(?!(?:bearer|basic|token)\b)[^\s"',;&}]{4,}/giu,
    `$1${REMOVED}`,
  ],
  [/([?&](?:[\w-]*key|token|sig|signature|secret|code)=)[^&\s"'<>]+/giu, `$1${REMOVED}`],
  [/\bkey=[^&\s"'<>]{8,}/giu, `key=${REMOVED}`],
  [/\b(?:sk|pk|rk|gsk|xai|nv|hf|r8|pplx|csk)[-_][\w*.-]{6,}/gu, REMOVED],
  [/\bAIza[\w-]{10,}/gu, REMOVED],
  [/\beyJ[\w-]{10,}\.[\w-]{10,}(?:\.[\w-]*)?/gu, REMOVED],
  [/(\/\/)[^/\s:@]+:[^/\s@]+@/gu, `$1${REMOVED}@`],
]

/**
 * Makes the function that takes secrets out of a provider's words.
 *
 * @param secrets values that are known to be secret, e.g. the provider's key; anything shorter than 4 characters is
 *   left alone, since it would tear holes in ordinary words. Whatever looks like a credential goes too.
 */
export function createRedactor(secrets: readonly string[]): (text: string) => string {
  const known = new Set<string>()
  for (const secret of secrets) {
    if (secret.length < 4) continue
    known.add(secret)
    known.add(encodeURIComponent(secret))
    known.add(JSON.stringify(secret).slice(1, -1))
    known.add(Buffer.from(secret).toString('base64'))
  }
  // Longest first: a secret may be part of another.
  const longestFirst = [...known].sort((a, b) => b.length - a.length)
  return (text) => {
    let redacted = text
    for (const secret of longestFirst) redacted = redacted.replaceAll(secret, REMOVED)
    for (const [pattern, replacement] of CREDENTIALS) redacted = redacted.replace(pattern, replacement)
    return redacted
  }
}
