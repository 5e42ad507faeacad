import type { JsonObject } from '../../../models/language-model.ts'
import type { Parameter } from '../skill.ts'

type Encode = (text: string) => string
type Written = Pick<Parameter, 'name' | 'style' | 'explode'>

/**
 * Writes a value in one of the styles of OpenAPI 3.1 §4.8.12.2, names included where the style has them: `color=blue`,
 * `;R=100;G=200`, `blue,black`.
 *
 * An empty list or object is as good as none (RFC 6570 §2.3): the result is then undefined. `spaceDelimited` and
 * `pipeDelimited` have no exploded form of their own and become `form`. A value inside a list or object that is one
 * itself, for which no style is defined, is written as JSON; in `deepObject` as further brackets, as most servers read it.
 */
export function writeParameter({ name, style, explode }: Written, value: unknown, encode: Encode): string | undefined {
  const parts = partsOf(value, encode)
  if (parts === undefined) return undefined
  const key = encode(name)
  switch (style) {
    case 'simple':
      return joinParts(parts, { explode, separator: ',' })
    case 'label':
      return `.${joinParts(parts, { explode, separator: explode ? '.' : ',' })}`
    case 'matrix':
      return writeMatrix(key, parts, explode)
    case 'form':
      return writeNamed(key, parts, { explode, separator: ',' })
    case 'spaceDelimited':
      return writeNamed(key, parts, { explode, separator: encode(' ') })
    case 'pipeDelimited':
      return writeNamed(key, parts, { explode, separator: encode('|') })
    case 'deepObject':
      return writeDeep(name, value, encode).join('&') || undefined
  }
}

/** A primitive as text; what JSON has beyond primitives as JSON. */
export function primitiveText(value: unknown): string {
  if (value === null || value === undefined) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

type Parts =
  | { kind: 'primitive'; text: string }
  | { kind: 'array'; items: string[] }
  | { kind: 'object'; entries: [string, string][] }

function partsOf(value: unknown, encode: Encode): Parts | undefined {
  if (value === undefined) return undefined
  const text = (part: unknown) => encode(primitiveText(part))
  if (Array.isArray(value)) return value.length > 0 ? { kind: 'array', items: value.map(text) } : undefined
  if (typeof value !== 'object' || value === null) return { kind: 'primitive', text: text(value) }
  const entries = Object.entries(value).filter(([, part]) => part !== undefined && part !== null)
  if (entries.length === 0) return undefined
  return { kind: 'object', entries: entries.map(([key, part]) => [encode(key), text(part)]) }
}

type Joining = { explode: boolean; separator: string }

function joinParts(parts: Parts, { explode, separator }: Joining): string {
  switch (parts.kind) {
    case 'primitive':
      return parts.text
    case 'array':
      return parts.items.join(separator)
    case 'object':
      return parts.entries.map(([key, text]) => key + (explode ? '=' : separator) + text).join(separator)
  }
}

function writeMatrix(key: string, parts: Parts, explode: boolean): string {
  const pair = (name: string, text: string) => (text === '' ? `;${name}` : `;${name}=${text}`)
  if (explode && parts.kind === 'array') return parts.items.map((text) => pair(key, text)).join('')
  if (explode && parts.kind === 'object') return parts.entries.map(([name, text]) => pair(name, text)).join('')
  return pair(key, joinParts(parts, { explode: false, separator: ',' }))
}

function writeNamed(key: string, parts: Parts, { explode, separator }: Joining): string {
  if (explode && parts.kind === 'array') return parts.items.map((text) => `${key}=${text}`).join('&')
  if (explode && parts.kind === 'object') return parts.entries.map(([name, text]) => `${name}=${text}`).join('&')
  return `${key}=${joinParts(parts, { explode: false, separator })}`
}

function writeDeep(path: string, value: unknown, encode: Encode): string[] {
  if (value === undefined || value === null) return []
  if (Array.isArray(value)) return value.flatMap((item) => writeDeep(path, item, encode))
  if (typeof value !== 'object') return [`${encode(path)}=${encode(primitiveText(value))}`]
  return Object.entries(value as JsonObject).flatMap(([key, part]) => writeDeep(`${path}[${key}]`, part, encode))
}
