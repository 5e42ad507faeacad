import type { JsonObject } from '../../../models/language-model.ts'
import { isObject } from '../document/node.ts'
import type { HttpCall, Parameter, RequestBody } from '../skill.ts'
import { argumentNames } from './argument-names.ts'
import { fitValue } from './fit-value.ts'
import type { Overrides, OverrideValues } from './operation-result.ts'

/** The values of a call, each in its place; the extra ones come from overrides and are not in the document. */
export type CallValues = {
  parameters: { parameter: Parameter; value: unknown }[]
  body: { form: RequestBody; value: unknown } | null
  extraQuery: JsonObject
  extraHeaders: JsonObject
}

/** What is sent when only an override says that there is a body. */
const OVERRIDDEN_BODY: RequestBody = {
  isRequired: false,
  description: '',
  mediaType: 'application/json',
  schema: {},
  encoding: {},
}

/**
 * Puts a model's arguments and the caller's overrides in their places and checks the model's.
 *
 * Overrides win: those of the operation over the base, both over the model. They are not checked, since whoever wrote
 * them is not there to correct them. In bodies they replace single fields; GET and HEAD get no body from them.
 *
 * @returns the values, or what is wrong with the arguments in words for the model.
 */
export function readCallValues(
  call: HttpCall,
  given: JsonObject,
  overrides: Overrides = {},
): CallValues | { problems: string[] } {
  const names = argumentNames(call)
  const known = [...names.parameters.keys(), ...(names.body === null ? [] : [names.body])]
  const problems = Object.keys(given)
    .filter((name) => !known.includes(name))
    .map((name) => `There is no argument ${name}; there are ${known.join(', ') || 'none'}.`)
  const query = mergeByName(overrides, 'query', (name) => name)
  const header = mergeByName(overrides, 'header', (name) => name.toLowerCase())
  const take = (values: Map<string, unknown>, name: string) => {
    const value = values.get(name)
    values.delete(name)
    return value
  }

  const parameters = [...names.parameters].map(([name, parameter]) => {
    const overridden =
      parameter.in === 'query'
        ? take(query, parameter.name)
        : parameter.in === 'header'
          ? take(header, parameter.name.toLowerCase())
          : undefined
    if (overridden !== undefined) return { parameter, value: overridden }
    return { parameter, value: checked(parameter, given[name], name, problems) }
  })
  const body = readBody(call, names.body === null ? undefined : given[names.body], overrides, problems)
  if (problems.length > 0) return { problems }
  return { parameters, body, extraQuery: Object.fromEntries(query), extraHeaders: Object.fromEntries(header) }
}

function checked(
  part: { isRequired: boolean; schema: JsonObject },
  given: unknown,
  name: string,
  problems: string[],
): unknown {
  // Models write null for what they leave out.
  if (given === undefined || (given === null && !allowsNull(part.schema))) {
    if (part.isRequired) problems.push(`${name} is missing.`)
    return undefined
  }
  const fitted = fitValue(part.schema, given, name)
  problems.push(...fitted.problems)
  return fitted.value
}

function readBody(call: HttpCall, given: unknown, overrides: Overrides, problems: string[]): CallValues['body'] {
  const mayOverride = call.method !== 'GET' && call.method !== 'HEAD'
  const overriding = mayOverride
    ? [overrides.base?.requestBody, overrides.operation?.requestBody].filter((value) => value !== undefined)
    : []
  const form = call.body ?? (overriding.length > 0 ? OVERRIDDEN_BODY : null)
  if (!form) return null
  let merged: unknown = given
  for (const value of overriding) merged = isObject(merged) && isObject(value) ? { ...merged, ...value } : value
  const value = checked(form, merged, 'body', problems)
  return value === undefined ? null : { form, value }
}

function mergeByName(
  overrides: Overrides,
  place: 'header' | 'query',
  nameOf: (name: string) => string,
): Map<string, unknown> {
  const merged = new Map<string, unknown>()
  for (const values of [overrides.base, overrides.operation] as (OverrideValues | undefined)[])
    for (const [name, value] of Object.entries(values?.[place] ?? {}))
      if (value !== undefined && value !== null) merged.set(nameOf(name), value)
  return merged
}

function allowsNull({ type, enum: choices }: JsonObject): boolean {
  return (
    type === 'null' ||
    (Array.isArray(type) && type.includes('null')) ||
    (Array.isArray(choices) && choices.includes(null))
  )
}
