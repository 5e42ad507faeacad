import type { IncomingHttpHeaders } from 'undici/types/header.d.ts'
import { OutboundError } from './outbound-error.ts'

/** These say how a message travels (RFC 9110 §7.6.1) or where to: the client alone decides that. */
const OF_TRANSPORT = new Set([
  ...['host', 'connection', 'keep-alive', 'proxy-connection', 'proxy-authorization', 'te', 'trailer', 'upgrade'],
  ...['transfer-encoding', 'content-length', 'expect', 'accept-encoding'],
])
const TOKEN = /^[!#$%&'*+.^_`|~\w-]+$/
/** Visible characters, spaces and tabs, and the upper half of Latin-1 (RFC 9110 §5.5). */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

/** Whether nobody but the client itself may set a header. */
export function isTransportHeader(name: string): boolean {
  return OF_TRANSPORT.has(name.toLowerCase())
}

/**
 * Headers with names in lower case, ready to be sent.
 *
 * @throws {OutboundError} `outbound_header_refused` for names and values that are not HTTP, and those of the transport.
 */
export function checkHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const checked: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (!TOKEN.test(name)) throw refuse(`${JSON.stringify(name.slice(0, 40))} is not a name of a header.`)
    if (isTransportHeader(name)) throw refuse(`The header ${name} cannot be set.`)
    if (!VALUE.test(value))
      throw refuse(
        `The value of the header ${name} holds characters that headers cannot: line breaks or non-Latin ones.`,
      )
    checked[name.toLowerCase()] = value.trim()
  }
  return checked
}

/** An answer's headers, those that came several times joined as RFC 9110 §5.3 says. */
export function joinHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name.toLowerCase(), Array.isArray(value) ? value.join(', ') : value]],
    ),
  )
}

function refuse(message: string): OutboundError {
  return new OutboundError('outbound_header_refused', message)
}
