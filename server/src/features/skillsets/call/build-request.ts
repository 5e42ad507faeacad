import type { JsonObject } from '../../../models/language-model.ts'
import type { HttpCall, Parameter } from '../skill.ts'
import { encodeKeepingReserved, encodeStrictly } from './percent-encode.ts'
import { type WrittenBody, writeBody } from './write-body.ts'
import { primitiveText, writeParameter } from './write-parameter.ts'

/** The values of a call, each in its place; `query` pairs that the document does not know come from overrides. */
export type CallValues = {
  parameters: { parameter: Parameter; value: unknown }[]
  body: unknown
  extraQuery: JsonObject
  extraHeaders: JsonObject
}

export type BuiltRequest = {
  method: HttpCall['method']
  url: string
  headers: Record<string, string>
  body: WrittenBody | null
}

/** OpenAPI 3.1 §4.8.12.1: what a document says of these is ignored, since other parts of it decide. */
const IGNORED_HEADERS = new Set(['accept', 'content-type', 'authorization'])
const DOT_SEGMENT = /^(?:\.|%2e){1,2}$/i

/**
 * The request that an OpenAPI document describes, with these values.
 *
 * @throws {RangeError} with a message for the model, when a value cannot stand in its place.
 */
export function buildRequest(call: HttpCall, values: CallValues): BuiltRequest {
  const given = values.parameters.filter(({ value }) => value !== undefined)
  const of = (place: Parameter['in']) => given.filter(({ parameter }) => parameter.in === place)
  const body = values.body === undefined || !call.body ? null : writeBody(call.body, values.body)
  const query = [
    ...of('query').map(({ parameter, value }) => writeOne(parameter, value, encoderOf(parameter))),
    ...Object.entries(values.extraQuery).map(([name, value]) =>
      writeParameter({ name, style: 'form', explode: true }, value, encodeStrictly),
    ),
  ].filter((part) => part !== undefined && part !== '')
  const path = fillPath(call.path, of('path'))
  return {
    method: call.method,
    url: `${call.server}${path}${query.length > 0 ? `?${query.join('&')}` : ''}`,
    headers: {
      accept: 'application/json, application/xml;q=0.9, text/*;q=0.8, */*;q=0.5',
      ...headersOf(of('header')),
      ...cookieOf(of('cookie')),
      ...Object.fromEntries(
        Object.entries(values.extraHeaders).map(([name, value]) => [name.toLowerCase(), primitiveText(value)]),
      ),
      ...(body?.contentType !== undefined && { 'content-type': body.contentType }),
    },
    body,
  }
}

type Given = { parameter: Parameter; value: unknown }

function fillPath(template: string, given: readonly Given[]): string {
  const filled = template.replace(/\{([^{}]+)\}/g, (_, name: string) => {
    const found = given.find(({ parameter }) => parameter.name === name)
    const text = found && writeOne(found.parameter, found.value, encodeStrictly)
    if (text === undefined || text === '')
      throw new RangeError(`${name} must not be empty: it is part of the path ${template}.`)
    return text
  })
  // The whole of a segment must never become a step upwards, not even encoded: servers and URL parsers undo that.
  const named = template.split('/')
  for (const [index, segment] of filled.split('/').entries())
    if (DOT_SEGMENT.test(segment) && segment !== named[index])
      throw new RangeError(`A value in the path ${template} must not be ${segment.replace(/%2e/gi, '.')}.`)
  return filled
}

function headersOf(given: readonly Given[]): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const { parameter, value } of given) {
    const name = parameter.name.toLowerCase()
    if (IGNORED_HEADERS.has(name)) continue
    const text = writeOne(parameter, value, (part) => part)
    if (text !== undefined) headers[name] = text
  }
  return headers
}

function cookieOf(given: readonly Given[]): Record<string, string> {
  const pairs = given.map(({ parameter, value }) => writeOne(parameter, value, encodeStrictly)?.replaceAll('&', '; '))
  const cookie = pairs.filter((pair) => pair !== undefined).join('; ')
  return cookie === '' ? {} : { cookie }
}

function writeOne(parameter: Parameter, value: unknown, encode: (text: string) => string): string | undefined {
  if (parameter.mediaType === null) return writeParameter(parameter, value, encode)
  const text = encode(typeof value === 'string' && !isJson(parameter.mediaType) ? value : JSON.stringify(value))
  return parameter.in === 'query' || parameter.in === 'cookie' ? `${encode(parameter.name)}=${text}` : text
}

function encoderOf({ allowReserved }: Parameter): (text: string) => string {
  return allowReserved ? encodeKeepingReserved : encodeStrictly
}

function isJson(mediaType: string): boolean {
  return /[/+]json\b/i.test(mediaType)
}
