import type { JsonObject } from '../../../models/language-model.ts'
import { decodeEntities } from './read-html.ts'
import { isDeeper } from './read-json.ts'

const MAX_DEPTH = 200

/**
 * XML in the form of JSON: elements by name, lists where one repeats, attributes with `@` before them, text as `#text`
 * beside others. All values are texts, as in XML.
 *
 * Entities that a document defines itself are not expanded: they can make it explode.
 *
 * @returns undefined when it is not XML.
 */
export async function readXml(text: string): Promise<JsonObject | undefined> {
  const { XMLParser } = await import('fast-xml-parser')
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '@',
    ignoreDeclaration: true,
    ignorePiTags: true,
    parseTagValue: false,
    parseAttributeValue: false,
    processEntities: false,
  })
  try {
    const value = parser.parse(text) as JsonObject
    if (Object.keys(value).every((key) => key === '#text') || isDeeper(value, MAX_DEPTH)) return undefined
    return decoded(value) as JsonObject
  } catch {
    return undefined
  }
}

function decoded(value: unknown): unknown {
  if (typeof value === 'string') return decodeEntities(value)
  if (Array.isArray(value)) return value.map(decoded)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, decoded(part)]))
}
