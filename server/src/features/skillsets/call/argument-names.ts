import type { HttpCall, Parameter } from '../skill.ts'

/** Which argument of a tool holds which parameter, and which one the body. */
export type ArgumentNames = { parameters: Map<string, Parameter>; body: string | null }

/**
 * Names the arguments of an operation: parameters by their own names, with the place behind it where two share one
 * (`id_in_path`, `id_in_query`), and the body as `body`.
 */
export function argumentNames({ parameters, body }: Pick<HttpCall, 'parameters' | 'body'>): ArgumentNames {
  const uses = new Map<string, number>()
  for (const { name } of parameters) uses.set(name, (uses.get(name) ?? 0) + 1)
  const named = new Map<string, Parameter>()
  for (const parameter of parameters) {
    const isShared = uses.get(parameter.name)! > 1 || parameter.name === 'body'
    let name = isShared ? `${parameter.name}_in_${parameter.in}` : parameter.name
    // A document may itself have a parameter named `id_in_path`.
    while (named.has(name)) name += '_'
    named.set(name, parameter)
  }
  return { parameters: named, body: body ? 'body' : null }
}
