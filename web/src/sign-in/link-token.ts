/** The one-time token in an address such as `/sign-in#token=…`, if there is one. */
export function readLinkToken(hash: string): string | undefined {
  return new URLSearchParams(hash.replace(/^#/, '')).get('token') || undefined
}

/** Where to go after signing in: only to a page of our own. */
export function safeNext(next: string | undefined): string {
  return next?.startsWith('/') && !/^\/[/\\]/.test(next) ? next : '/'
}
