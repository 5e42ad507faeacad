/** Percent-encodes all but the unreserved characters of RFC 3986 §2.3, as RFC 6570 does for simple values. */
export function encodeStrictly(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

/**
 * For `allowReserved`: reserved characters stay, and what is percent-encoded already is left alone (RFC 6570 §3.2.3).
 *
 * Those that would end the value or the query (`&`, `+`, `#`) or may not stand in one (`[`, `]`) are still encoded:
 * OpenAPI 3.1 leaves that to whoever writes the request.
 */
export function encodeKeepingReserved(text: string): string {
  return text.toWellFormed().replace(/%(?![0-9A-Fa-f]{2})|[^%\w\-.~:/?@!$'()*,;=]+/g, (part) => encodeStrictly(part))
}

/** For `application/x-www-form-urlencoded` bodies (WHATWG URL §5.2): spaces become `+`. */
export function encodeForm(text: string): string {
  return encodeStrictly(text).replaceAll('%20', '+')
}
