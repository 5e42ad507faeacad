import { randomUUID } from 'node:crypto'
import type { JsonObject } from '../../../models/language-model.ts'
import { isObject } from '../document/node.ts'
import type { PartEncoding, RequestBody } from '../skill.ts'
import { primitiveText } from './write-parameter.ts'
import type { WrittenBody } from './written-body.ts'

/**
 * Writes fields as `multipart/form-data` (RFC 7578) with the content types of OpenAPI 3.1 §4.8.15: a part for each item
 * of a list, objects as JSON, files as bytes.
 */
export function writeMultipart({ mediaType, schema, encoding }: RequestBody, fields: JsonObject): WrittenBody {
  const boundary = `etude-${randomUUID()}`
  const properties = isObject(schema.properties) ? schema.properties : {}
  const parts = Object.entries(fields).flatMap(([name, value]) => {
    const items = Array.isArray(value) ? value : [value]
    const own = properties[name]
    const ofItem = Array.isArray(value) && isObject(own) && isObject(own.items) ? own.items : own
    return items.map((item) => writePart(name, item, { schema: ofItem, encoding: encoding[name] }))
  })
  const lines = (write: (part: Part) => Buffer) =>
    Buffer.concat([
      ...parts.map((part) =>
        Buffer.concat([Buffer.from(`--${boundary}\r\n${part.head}\r\n\r\n`), write(part), Buffer.from('\r\n')]),
      ),
      Buffer.from(`--${boundary}--\r\n`),
    ])
  const shown = lines(({ isFile, bytes }) => (isFile ? Buffer.from(`(${bytes.length} bytes)`) : bytes))
  return {
    contentType: `${mediaType.split(';')[0]!.trim()}; boundary=${boundary}`,
    bytes: lines(({ bytes }) => bytes),
    shown: shown.toString(),
  }
}

/** Whether a schema means bytes. */
export function isBinary(schema: unknown): boolean {
  if (!isObject(schema)) return false
  return (
    schema.format === 'binary' ||
    (typeof schema.contentMediaType === 'string' && !schema.contentMediaType.startsWith('text/'))
  )
}

/** The bytes that a value stands for: those of a `data:` URL, or of a text. */
export function bytesOf(value: unknown): Buffer {
  const text = primitiveText(value)
  const data = /^data:[^,]{0,200};base64,/.exec(text)
  return data ? Buffer.from(text.slice(data[0].length), 'base64') : Buffer.from(text)
}

type Part = { head: string; bytes: Buffer; isFile: boolean }

function writePart(
  name: string,
  value: unknown,
  { schema, encoding }: { schema: unknown; encoding: PartEncoding | undefined },
): Part {
  const isFile = isBinary(schema)
  const given = encoding?.contentType ?? undefined
  const usual = isFile ? 'application/octet-stream' : typeof value === 'object' ? 'application/json' : undefined
  const contentType = given ?? usual
  const file = isFile ? `; filename="${quoted(name)}"` : ''
  const head = [
    `Content-Disposition: form-data; name="${quoted(name)}"${file}`,
    ...(contentType === undefined ? [] : [`Content-Type: ${oneLine(contentType)}`]),
    ...Object.entries(encoding?.headers ?? {})
      .filter(([header]) => !/^content-(type|disposition)$/i.test(header))
      .map(([header, text]) => `${oneLine(header)}: ${oneLine(text)}`),
  ]
  return { head: head.join('\r\n'), bytes: isFile ? bytesOf(value) : Buffer.from(primitiveText(value)), isFile }
}

/** As browsers do (HTML §4.10.21.8): a name can neither end its quotes nor its line. */
function quoted(name: string): string {
  return name.replaceAll('\r', '%0D').replaceAll('\n', '%0A').replaceAll('"', '%22')
}

function oneLine(text: string): string {
  return text.replace(/[\r\n]+/g, ' ')
}
