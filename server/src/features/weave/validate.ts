import type { FastifySchemaCompiler } from 'fastify'
import type { z } from 'zod'
import { validateRequest } from '../../http/validate.ts'
import { Float } from './exact-json.ts'

/**
 * Checks a request as every other is checked. Where a schema wants a number and an exact one (`1.0`, or an integer
 * beyond 2^53) was sent, it gets the plain number.
 */
export const validateExactly: FastifySchemaCompiler<z.ZodType> = (route) => {
  const validate = validateRequest(route)
  if (route.httpPart !== 'body') return validate
  return (data: unknown) => {
    const first = route.schema.safeParse(data)
    if (first.success) return { value: first.data }
    return validate(withPlainNumbers(data, first.error.issues))
  }
}

type Container = Record<string | number, unknown>

/** The same data with plain numbers in the places where numbers were wanted; places without an issue stay exact. */
function withPlainNumbers(data: unknown, issues: readonly z.core.$ZodIssue[], prefix: PropertyKey[] = []): unknown {
  let changed = data
  for (const issue of issues) {
    const path = [...prefix, ...issue.path]
    if (issue.code === 'invalid_union')
      for (const branch of issue.errors) changed = withPlainNumbers(changed, branch, path)
    else if (issue.code === 'invalid_type' && (issue.expected === 'number' || issue.expected === 'int'))
      changed = replaceAt(changed, path, plainNumber)
  }
  return changed
}

function replaceAt(data: unknown, path: readonly PropertyKey[], replace: (value: unknown) => unknown): unknown {
  const [key, ...rest] = path
  if (key === undefined) return replace(data)
  if (typeof data !== 'object' || data === null) return data
  const copy = (Array.isArray(data) ? [...data] : { ...data }) as Container
  copy[key as string] = replaceAt(copy[key as string], rest, replace)
  return copy
}

function plainNumber(value: unknown): unknown {
  if (value instanceof Float) return value.value
  return typeof value === 'bigint' ? Number(value) : value
}
