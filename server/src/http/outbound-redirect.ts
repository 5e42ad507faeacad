/** Headers that say what is asked and nothing of who asks. All others stay with the origin they were meant for. */
const HARMLESS = new Set(['accept', 'accept-language', 'content-type', 'content-language', 'user-agent'])
const OF_CONTENT = /^content-/

export type Hop = { url: URL; method: string; headers: Record<string, string>; body: string | Buffer | undefined }

export function isRedirect(status: number): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308
}

/**
 * The request that a redirect asks for (RFC 9110 §15.4): after 303 a GET, after 301 and 302 a GET where it was a POST,
 * otherwise the same again. Another origin never gets the headers that sign in, nor any others that might.
 */
export function nextHop(hop: Hop, status: number, url: URL): Hop {
  const becomesGet =
    (status === 303 && hop.method !== 'HEAD') || ((status === 301 || status === 302) && hop.method === 'POST')
  const kept = Object.entries(hop.headers).filter(
    ([name]) => (url.origin === hop.url.origin || HARMLESS.has(name)) && !(becomesGet && OF_CONTENT.test(name)),
  )
  return {
    url,
    method: becomesGet ? 'GET' : hop.method,
    headers: Object.fromEntries(kept),
    body: becomesGet ? undefined : hop.body,
  }
}
