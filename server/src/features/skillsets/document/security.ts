import type { Parameter, SecurityScheme } from '../skill.ts'
import type { Dialect } from './dialect.ts'
import { child, childObject, childrenOf, isObject, itemsOf, type Node, textOf } from './node.ts'
import type { Problems } from './problem.ts'
import type { References } from './references.ts'

/** The ways to sign in that a document names and that calls can use. */
export function readSecuritySchemes(
  root: Node,
  dialect: Dialect,
  references: References,
  problems: Problems,
): SecurityScheme[] {
  const holder = dialect === '2.0' ? root : childObject(root, 'components')
  const schemes = holder && childObject(holder, dialect === '2.0' ? 'securityDefinitions' : 'securitySchemes')
  return childrenOf(schemes).flatMap(([name, node]) => {
    const found = references.follow(node)
    const scheme = found && isObject(found.value) ? readScheme(name, found) : undefined
    if (found && !scheme)
      problems.warn(
        found.pointer,
        `The security scheme ${name} cannot be used.`,
        'API keys (in header, query or cookie), HTTP bearer and basic can be, and OAuth 2 with a token that you enter.',
      )
    return scheme ? [scheme] : []
  })
}

function readScheme(name: string, node: Node): SecurityScheme | undefined {
  const description = textOf(node, 'description')
  switch (textOf(node, 'type')) {
    case 'apiKey': {
      const place = textOf(node, 'in')
      const parameter = textOf(node, 'name')
      if (parameter === '' || (place !== 'header' && place !== 'query' && place !== 'cookie')) return undefined
      return { name, kind: 'apiKey', in: place, parameter, description }
    }
    case 'basic':
      return { name, kind: 'basic', description }
    case 'http': {
      const scheme = textOf(node, 'scheme').toLowerCase()
      return scheme === 'bearer' || scheme === 'basic' ? { name, kind: scheme, description } : undefined
    }
    case 'oauth2':
    case 'openIdConnect':
      return { name, kind: 'bearer', description }
  }
  return undefined
}

/** Whether a parameter is the place of a key that signs the operation in: then the key goes there, and no model's value. */
export function isSignIn(
  { name, in: place }: Parameter,
  security: string[][],
  schemes: readonly SecurityScheme[],
): boolean {
  const used = new Set(security.flat())
  return schemes.some(
    (scheme) =>
      scheme.kind === 'apiKey' &&
      used.has(scheme.name) &&
      scheme.in === place &&
      (place === 'header' ? scheme.parameter.toLowerCase() === name.toLowerCase() : scheme.parameter === name),
  )
}

/**
 * What an operation needs (OpenAPI 3.1 §4.8.30): its own list, even an empty one, before the document's.
 *
 * @returns alternatives, of each all names; an empty alternative is that nobody need sign in.
 */
export function readSecurity(
  operation: Node,
  root: Node,
  schemes: readonly SecurityScheme[],
  problems: Problems,
): string[][] {
  const known = new Set(schemes.map(({ name }) => name))
  const alternatives = itemsOf(child(operation, 'security') ?? child(root, 'security'))
  return alternatives.flatMap((alternative) => {
    if (!isObject(alternative.value)) return []
    const names = Object.keys(alternative.value)
    const missing = names.filter((name) => !known.has(name))
    for (const name of missing)
      problems.warn(
        alternative.pointer,
        `There is no usable security scheme ${name}, so calls do not sign in with it.`,
        'Define it, or take it from the list.',
      )
    return missing.length > 0 ? [] : [names]
  })
}
