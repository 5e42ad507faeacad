import type { JsonObject } from '../../../models/language-model.ts'
import { isObject } from '../document/node.ts'
import type { RequestBody } from '../skill.ts'
import { encodeForm } from './percent-encode.ts'
import { bytesOf, isBinary, writeMultipart } from './write-multipart.ts'
import { primitiveText, writeParameter } from './write-parameter.ts'
import { writeXml } from './write-xml.ts'
import { UnwritableValue, type WrittenBody } from './written-body.ts'

/** Writes a body as its media type says. @throws {UnwritableValue} when a value cannot be written so. */
export function writeBody(body: RequestBody, value: unknown): WrittenBody {
  const kind = body.mediaType.toLowerCase().split(';')[0]!.trim()
  const text = (content: string) => ({ contentType: body.mediaType, bytes: content, shown: content })
  if (kind === 'application/x-www-form-urlencoded') return text(writeForm(body, fieldsOf(value)))
  if (kind.startsWith('multipart/')) return writeMultipart(body, fieldsOf(value))
  if (/[/+]json$/.test(kind)) return text(JSON.stringify(value))
  if (/[/+]xml$/.test(kind)) return text(writeXml(body.schema, value))
  if (kind.startsWith('text/')) return text(primitiveText(value))
  if (!isBinary(body.schema) && typeof value !== 'string') return text(JSON.stringify(value))
  const bytes = bytesOf(value)
  return { contentType: body.mediaType, bytes, shown: `(${bytes.length} bytes)` }
}

/**
 * A form by OpenAPI 3.1 §4.8.14.4 and §4.8.15: by style where the document gives one; otherwise texts as they are, a
 * field for each item of a list, and objects as JSON.
 */
function writeForm({ encoding }: RequestBody, fields: JsonObject): string {
  return Object.entries(fields)
    .flatMap(([name, value]) => {
      const { style, explode } = encoding[name] ?? { style: null, explode: null }
      // In forms not even delimiters may stand as they are (WHATWG URL §5.2).
      if (style !== null)
        return [
          writeParameter({ name, style, explode: explode ?? style === 'form' }, value, encodeForm)?.replaceAll(
            ',',
            '%2C',
          ),
        ]
      const items = Array.isArray(value) ? value : [value]
      return items.map((item) => `${encodeForm(name)}=${encodeForm(primitiveText(item))}`)
    })
    .filter((pair) => pair !== undefined)
    .join('&')
}

function fieldsOf(value: unknown): JsonObject {
  if (isObject(value))
    return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined && part !== null))
  throw new UnwritableValue('The body is a form: give an object with its fields.')
}
