import { OutboundError } from './outbound-error.ts'

/**
 * Ports above 1023 that the Fetch standard blocks (§2.9), since what listens there is not HTTP and could take a
 * request for commands of its own; and those of databases and caches, for the same reason.
 */
const REFUSED_PORTS = new Set([
  ...[
    1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
  ],
  ...[1433, 1521, 2375, 2376, 2379, 3306, 5432, 5672, 6379, 9042, 9092, 11211, 27017],
])
const FIRST_FREE_PORT = 1024
const MAX_URL_CHARACTERS = 16_384

/**
 * Reads a URL that a user or another server has given.
 *
 * Of ports 80 and 443 are allowed, and those above 1023 that no other well-known protocol uses: APIs live there, while
 * below lie mail, shells and name services. An origin of `allowed` may have any port.
 *
 * @throws {OutboundError} `outbound_url_refused`, saying what is wrong with it, but never repeating all of it.
 */
export function readUrl(text: string, allowed: ReadonlySet<string>, base?: string): URL {
  if (text.length > MAX_URL_CHARACTERS)
    throw refuse(`The URL has ${text.length} characters; at most ${MAX_URL_CHARACTERS} are sent.`)
  const url = URL.canParse(text, base) ? new URL(text, base) : null
  if (!url) throw refuse('That is not an absolute URL.')
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw refuse(`Only http and https are called, not ${url.protocol.slice(0, -1)}.`)
  if (url.username !== '' || url.password !== '')
    throw refuse('The URL holds a user name or password. Leave them out and add a credential instead.')
  url.hash = ''
  if (!allowed.has(url.origin) && !isOrdinaryPort(url.port))
    throw refuse(`Port ${url.port} is not called: use 80, 443 or a port above 1023 that no other protocol has.`)
  return url
}

function isOrdinaryPort(port: string): boolean {
  if (port === '' || port === '80' || port === '443') return true
  return Number(port) >= FIRST_FREE_PORT && !REFUSED_PORTS.has(Number(port))
}

function refuse(message: string): OutboundError {
  return new OutboundError('outbound_url_refused', message)
}
