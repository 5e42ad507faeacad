import { isObject } from '../document/node.ts'
import { isSecretName, mayBeSecretName } from './mask.ts'
import type { OperationRequest } from './operation-result.ts'
import { secretsOf } from './sign-in.ts'

/** Shorter values of arguments are words, whatever their names say. */
const MIN_ARGUMENT_CHARACTERS = 8

/** Everything that nothing which is shown of a call may hold: its credentials, and what looks like one in what it was given. */
export function secretsOfCall({ credentials, overrides, skill, arguments: given }: OperationRequest): string[] {
  const ofSchemes = new Set(
    skill.securitySchemes.flatMap((scheme) => (scheme.kind === 'apiKey' ? [scheme.parameter.toLowerCase()] : [])),
  )
  const isSecret = (name: string) => mayBeSecretName(name) || ofSchemes.has(name.toLowerCase())
  const overridden = [overrides?.base, overrides?.operation].flatMap((values) => [
    ...textsOf(values?.header, isSecret),
    ...textsOf(values?.query, isSecret),
    ...textsOf(values?.requestBody, mayBeSecretName),
  ])
  return [
    ...credentials.flatMap(secretsOf),
    // An overridden Authorization header holds a scheme before its secret.
    ...overridden.flatMap((text) => [text, text.replace(/^(bearer|basic|token)\s+/i, '')]),
    ...textsOf(given, isSecretName).filter((text) => text.length >= MIN_ARGUMENT_CHARACTERS),
  ]
}

/** All texts and numbers under secret names, at any level. */
function textsOf(value: unknown, isSecret: (name: string) => boolean, isInside = false): string[] {
  if (typeof value === 'string') return isInside ? [value] : []
  if (typeof value === 'number') return isInside ? [String(value)] : []
  if (Array.isArray(value)) return value.flatMap((item) => textsOf(item, isSecret, isInside))
  if (!isObject(value)) return []
  return Object.entries(value).flatMap(([name, part]) => textsOf(part, isSecret, isInside || isSecret(name)))
}
