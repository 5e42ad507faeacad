import { type ContentType, isHtmlType, isXmlType } from './content-type.ts'

/** Where XML and HTML say which characters they are written in, it is at their very beginning. */
const DECLARATION_BYTES = 1024

/**
 * The text of an answer in its own character set: that of a byte order mark, of its content type, of its XML prolog or
 * HTML meta element, in this order; UTF-8 otherwise, and for names that nobody knows.
 */
export function decodeText(bytes: Buffer, { mediaType, parameters }: ContentType): string {
  const label = byteOrderMark(bytes) ?? parameters.get('charset') ?? declared(bytes, mediaType) ?? 'utf-8'
  return decoderOf(label).decode(bytes)
}

/** Whether bytes of an unknown kind can be read as text. */
export function isText(bytes: Buffer): boolean {
  if (bytes.includes(0)) return false
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return true
  } catch {
    return false
  }
}

function decoderOf(label: string): InstanceType<typeof TextDecoder> {
  try {
    return new TextDecoder(label)
  } catch {
    return new TextDecoder()
  }
}

function byteOrderMark(bytes: Buffer): string | undefined {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 'utf-8'
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be'
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le'
  return undefined
}

function declared(bytes: Buffer, mediaType: string): string | undefined {
  if (!isXmlType(mediaType) && !isHtmlType(mediaType) && mediaType !== '') return undefined
  const head = bytes.subarray(0, DECLARATION_BYTES).toString('latin1')
  const prolog = /^\s*<\?xml[^>]*\bencoding\s*=\s*["']([\w.:-]+)["']/i.exec(head)?.[1]
  return prolog ?? /<meta[^>]*\bcharset\s*=\s*["']?([\w.:-]+)/i.exec(head)?.[1]
}
