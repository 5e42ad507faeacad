import type { HttpCall, Parameter } from '../skill.ts'
import type { CallValues } from './call-values.ts'
import { encodeKeepingReserved, encodeStrictly } from './percent-encode.ts'
import type { SignIn } from './sign-in.ts'
import { writeBody } from './write-body.ts'
import { primitiveText, writeParameter } from './write-parameter.ts'
import { UnwritableValue, type WrittenBody } from './written-body.ts'

export type BuiltRequest = {
  method: HttpCall['method']
  url: string
  headers: Record<string, string>
  body: WrittenBody | null
}

const ACCEPT = 'application/json, application/xml;q=0.9, text/*;q=0.8, */*;q=0.5'
const DOT_SEGMENT = /^(?:\.|%2e){1,2}$/i

/**
 * The request that an OpenAPI document describes, with these values.
 *
 * @throws {UnwritableValue} when one cannot stand in its place.
 */
export function buildRequest(call: HttpCall, values: CallValues, signed: SignIn): BuiltRequest {
  const of = (place: Parameter['in']) =>
    values.parameters.filter(({ parameter, value }) => parameter.in === place && value !== undefined)
  const body = values.body && writeBody(values.body.form, values.body.value)
  const query = [
    ...of('query').map(({ parameter, value }) => writeOne(parameter, value, encoderOf(parameter))),
    ...Object.entries({ ...signed.query, ...values.extraQuery }).map(([name, value]) =>
      writeParameter({ name, style: 'form', explode: true }, value, encodeStrictly),
    ),
  ].filter((part) => part !== undefined && part !== '')
  // Some documents tell operations on one path apart by what they write behind a hash; it is never sent.
  const path = fillPath(call.path.replace(/#.*$/, ''), of('path'))
  return {
    method: call.method,
    url: `${call.server}${path}${query.length > 0 ? `${path.includes('?') ? '&' : '?'}${query.join('&')}` : ''}`,
    headers: {
      accept: ACCEPT,
      ...headersOf(of('header')),
      ...cookieOf(of('cookie'), signed.cookies),
      ...signed.headers,
      ...Object.fromEntries(Object.entries(values.extraHeaders).map(([name, value]) => [name, primitiveText(value)])),
      ...(body && { 'content-type': body.contentType }),
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
      throw new UnwritableValue(`${name} must not be empty: it is part of the path ${template}.`)
    return text
  })
  // No whole segment may become a step upwards, not even encoded: servers and URL parsers undo that.
  const named = template.split('/')
  for (const [index, segment] of filled.split('/').entries())
    if (DOT_SEGMENT.test(segment) && segment !== named[index])
      throw new UnwritableValue(`A value in the path ${template} must not be ${segment.replace(/%2e/gi, '.')}`)
  return filled
}

function headersOf(given: readonly Given[]): Record<string, string> {
  const written = given.map(({ parameter, value }) => [
    parameter.name.toLowerCase(),
    writeOne(parameter, value, (text) => text),
  ])
  return Object.fromEntries(written.filter(([, text]) => text !== undefined))
}

function cookieOf(given: readonly Given[], signed: SignIn['cookies']): Record<string, string> {
  const pairs = [
    ...given.map(({ parameter, value }) => writeOne(parameter, value, encodeStrictly)?.replaceAll('&', '; ')),
    ...Object.entries(signed).map(([name, secret]) => `${name}=${encodeURIComponent(secret)}`),
  ].filter((pair) => pair !== undefined)
  return pairs.length === 0 ? {} : { cookie: pairs.join('; ') }
}

function writeOne(parameter: Parameter, value: unknown, encode: (text: string) => string): string | undefined {
  if (parameter.mediaType === null) return writeParameter(parameter, value, encode)
  const isText = typeof value === 'string' && !/[/+]json\b/i.test(parameter.mediaType)
  const text = encode(isText ? value : JSON.stringify(value))
  return parameter.in === 'query' || parameter.in === 'cookie' ? `${encode(parameter.name)}=${text}` : text
}

function encoderOf({ allowReserved }: Parameter): (text: string) => string {
  return allowReserved ? encodeKeepingReserved : encodeStrictly
}
