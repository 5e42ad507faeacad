/** A media type in lower case, without parameters, and those parameters with names in lower case. */
export type ContentType = { mediaType: string; parameters: Map<string, string> }

/** Reads a `content-type` header (RFC 9110 §8.3.1), lenient as clients are. */
export function readContentType(header: string | undefined): ContentType {
  const [mediaType = '', ...rest] = (header ?? '').split(';')
  const parameters = new Map<string, string>()
  for (const parameter of rest) {
    const at = parameter.indexOf('=')
    if (at < 0) continue
    const value = parameter
      .slice(at + 1)
      .trim()
      .replace(/^"(.*)"$/, '$1')
    parameters.set(parameter.slice(0, at).trim().toLowerCase(), value)
  }
  return { mediaType: mediaType.trim().toLowerCase(), parameters }
}

export function isJsonType(mediaType: string): boolean {
  return /[/+]json$/.test(mediaType)
}

export function isXmlType(mediaType: string): boolean {
  return /[/+]xml$/.test(mediaType) && mediaType !== 'application/xhtml+xml'
}

export function isHtmlType(mediaType: string): boolean {
  return mediaType === 'text/html' || mediaType === 'application/xhtml+xml'
}
