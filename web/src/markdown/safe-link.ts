const LINKS = new Set(['http:', 'https:', 'mailto:', 'tel:'])
const PICTURES = /^data:image\/(?:png|jpeg|gif|webp|avif);base64,/i

/** The address of a link in an answer, if it is one that may be opened. */
export function safeLink(href: string | undefined): URL | undefined {
  const url = href && URL.canParse(href) ? new URL(href) : undefined
  return url && LINKS.has(url.protocol) ? url : undefined
}

/** Whether a picture is part of the answer itself, so that showing it tells nobody. */
export function isInlinePicture(source: string | undefined): source is string {
  return source !== undefined && PICTURES.test(source)
}
