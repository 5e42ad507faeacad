import type { JsonObject } from '../../../models/language-model.ts'
import type { RequestBody } from '../skill.ts'
import { encodeForm } from './percent-encode.ts'
import { primitiveText, writeParameter } from './write-parameter.ts'

/** `shown` is the body as people may read it: the same text, or what stands for bytes. */
export type WrittenBody = { contentType: string | undefined; bytes: string | Buffer; shown: string }

/** Writes a body as its media type says. @throws {RangeError} with a message for the model, when the value cannot be. */
export function writeBody(body: RequestBody, value: unknown): WrittenBody {
  const kind = body.mediaType.toLowerCase().split(';')[0]!.trim()
  if (kind === 'application/x-www-form-urlencoded') return text(body.mediaType, writeForm(body, fieldsOf(value)))
  if (kind.startsWith('text/')) return text(body.mediaType, primitiveText(value))
  return text(body.mediaType, JSON.stringify(value))
}

function text(contentType: string, content: string): WrittenBody {
  return { contentType, bytes: content, shown: content }
}

function writeForm({ encoding }: RequestBody, fields: JsonObject): string {
  return Object.entries(fields)
    .map(([name, value]) => {
      const { style, explode } = encoding[name] ?? {}
      return writeParameter({ name, style: style ?? 'form', explode: explode ?? true }, value, encodeForm)
    })
    .filter((pair) => pair !== undefined)
    .join('&')
}

function fieldsOf(value: unknown): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject
  throw new RangeError('The body is a form: give an object with its fields.')
}
