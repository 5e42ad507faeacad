import type { JsonObject } from '../../../models/language-model.ts'
import { isObject } from '../document/node.ts'
import { primitiveText } from './write-parameter.ts'

/**
 * Writes a value as XML by the `xml` objects of its schema (OpenAPI 3.1 §4.8.26): names, prefixes, namespaces, attributes
 * and wrapped lists. A text that is XML already stays as it is.
 */
export function writeXml(schema: JsonObject, value: unknown): string {
  if (typeof value === 'string' && value.trimStart().startsWith('<')) return value
  return `<?xml version="1.0" encoding="UTF-8"?>${writeElement('root', schema, value)}`
}

type XmlObject = { name?: string; prefix?: string; namespace?: string; attribute?: boolean; wrapped?: boolean }

function xmlOf(schema: unknown): XmlObject {
  return isObject(schema) && isObject(schema.xml) ? (schema.xml as XmlObject) : {}
}

/** @param name what the element is called unless its schema says otherwise. */
function writeElement(name: string, schema: unknown, value: unknown): string {
  const xml = xmlOf(schema)
  const tag = tagOf(xml, name)
  const namespace =
    xml.namespace === undefined
      ? ''
      : ` xmlns${xml.prefix ? `:${safeName(xml.prefix)}` : ''}="${escaped(xml.namespace)}"`
  if (Array.isArray(value)) return `<${tag}${namespace}>${writeItems(name, schema, value)}</${tag}>`
  if (!isObject(value)) return `<${tag}${namespace}>${escaped(primitiveText(value))}</${tag}>`
  const properties = propertiesOf(schema)
  const present = Object.entries(value).filter(([, part]) => part !== undefined && part !== null)
  const isAttribute = (key: string) => xmlOf(properties[key]).attribute === true
  const attributes = present
    .filter(([key]) => isAttribute(key))
    .map(([key, part]) => ` ${tagOf(xmlOf(properties[key]), key)}="${escaped(primitiveText(part))}"`)
  const children = present
    .filter(([key]) => !isAttribute(key))
    .map(([key, part]) =>
      Array.isArray(part) && xmlOf(properties[key]).wrapped !== true
        ? writeItems(key, properties[key], part)
        : writeElement(key, properties[key], part),
    )
  return `<${tag}${namespace}${attributes.join('')}>${children.join('')}</${tag}>`
}

/** Items are named by their own schema, else like the property that holds them. */
function writeItems(name: string, schema: unknown, items: readonly unknown[]): string {
  const ofItem = isObject(schema) ? schema.items : undefined
  return items.map((item) => writeElement(name, ofItem, item)).join('')
}

function propertiesOf(schema: unknown): JsonObject {
  if (!isObject(schema)) return {}
  const inherited = Array.isArray(schema.allOf) ? schema.allOf.map(propertiesOf) : []
  return Object.assign({}, ...inherited, isObject(schema.properties) ? schema.properties : {})
}

function tagOf({ name, prefix }: XmlObject, fallback: string): string {
  const local = safeName(name ?? fallback)
  return prefix ? `${safeName(prefix)}:${local}` : local
}

function safeName(name: string): string {
  return name.replace(/[^\p{L}\p{N}_.-]/gu, '_').replace(/^(?![\p{L}_])/u, '_')
}

function escaped(text: string): string {
  return (
    text
      .toWellFormed()
      // biome-ignore lint/suspicious/noControlCharactersInRegex: XML 1.0 has no way to write these.
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '')
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
  )
}
