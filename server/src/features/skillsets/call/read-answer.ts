import { type ContentType, isHtmlType, isJsonType, isXmlType, readContentType } from './content-type.ts'
import { decodeText, isText } from './decode-text.ts'
import type { ReadAnswer } from './operation-result.ts'
import { htmlText } from './read-html.ts'
import { readJson, readJsonLines } from './read-json.ts'
import { readMultipart } from './read-multipart.ts'
import { readXml } from './read-xml.ts'

/** Reads an answer by its media type, or by what it looks like when it has none or a wrong one. */
export async function readAnswer(bytes: Buffer, header: string | undefined): Promise<ReadAnswer> {
  const type = readContentType(header)
  if (bytes.length === 0) return { text: '', content: { kind: 'none' }, note: '' }
  if (!isReadable(type, bytes)) {
    const kind = type.mediaType === '' ? 'not text' : type.mediaType
    const note = `The answer is ${kind} with ${bytes.length.toLocaleString('en')} bytes, which cannot be shown.`
    return { text: '', content: { kind: 'none' }, note }
  }
  if (type.mediaType.startsWith('multipart/')) {
    const value = await readMultipart(bytes, type, readAnswer)
    if (value) return { text: decodeText(bytes, type), content: { kind: 'json', value }, note: '' }
  }
  const text = decodeText(bytes, type)
  return { text, ...(await readText(text, type)) }
}

async function readText(text: string, type: ContentType): Promise<Omit<ReadAnswer, 'text'>> {
  const { mediaType } = type
  const json = looksLikeJson(text) || isJsonType(mediaType) ? readJson(text) : undefined
  if (json !== undefined) return { content: { kind: 'json', value: json }, note: '' }
  if (mediaType === 'application/x-www-form-urlencoded')
    return { content: { kind: 'json', value: formFields(text) }, note: '' }
  if (/ndjson|jsonl|json-lines/.test(mediaType)) {
    const lines = readJsonLines(text)
    if (lines) return { content: { kind: 'json', value: lines }, note: '' }
  }
  if (isHtmlType(mediaType) || looksLikeHtml(text))
    return {
      content: { kind: 'text', text: htmlText(text) },
      note: isHtmlType(mediaType) ? '' : 'The answer is a page for people.',
    }
  if (isXmlType(mediaType) || (/^\s*</.test(text) && !isJsonType(mediaType))) {
    const value = await readXml(text)
    if (value) return { content: { kind: 'json', value }, note: '' }
  }
  const note = isJsonType(mediaType) ? 'The answer says that it is JSON, but it is not.' : ''
  return { content: { kind: 'text', text }, note }
}

function isReadable({ mediaType }: ContentType, bytes: Buffer): boolean {
  if (
    mediaType.startsWith('text/') ||
    mediaType.startsWith('multipart/') ||
    isJsonType(mediaType) ||
    isXmlType(mediaType)
  )
    return true
  if (/^(image|audio|video|font)\//.test(mediaType)) return false
  return isText(bytes)
}

function looksLikeJson(text: string): boolean {
  return /^\uFEFF?\s*[{[]/.test(text)
}

function looksLikeHtml(text: string): boolean {
  return /^\s*(<!doctype html|<html[\s>])/i.test(text.slice(0, 200))
}

function formFields(text: string): Record<string, string | string[]> {
  const fields = new URLSearchParams(text)
  return Object.fromEntries(
    [...new Set(fields.keys())].map((name) => {
      const values = fields.getAll(name)
      return [name, values.length > 1 ? values : values[0]!]
    }),
  )
}
