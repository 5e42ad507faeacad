import { z } from 'zod'

/** Kinds of fields that requests of several features have. */

export const Id = z.int().min(1)

/** Path and query values arrive as text. */
export const IdInPath = z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER)

/** Text that says something and that both databases can hold: PostgreSQL takes no NUL and no half of a pair. */
export const text = (maxCharacters: number) =>
  characters(maxCharacters)
    .refine((value) => value.trim() !== '', 'The text is blank')
    .transform((value) => value.toWellFormed())

/** Text that may be nothing but blanks. */
export const anyText = (maxCharacters: number) => characters(maxCharacters).transform((value) => value.toWellFormed())

/** Text that may be missing: blank is the same as null. */
export const optionalText = (maxCharacters: number) =>
  z
    .string()
    .max(maxCharacters)
    .refine(holdsNoNul, 'The text holds a NUL character')
    .transform((value) => value.trim().toWellFormed() || null)
    .nullable()

/** What somebody looks for, in a query string. */
export const SearchText = z
  .string()
  .max(200)
  .refine(holdsNoNul, 'The text holds a NUL character')
  .transform((value) => value.toWellFormed())

/** A truth value in a query string. */
export const BooleanInQuery = z.stringbool({ truthy: ['true', '1'], falsy: ['false', '0'] })

/**
 * A JSON object of anything, as far as both databases can hold it.
 *
 * @param limits `maxBytes` of its JSON in UTF-8; `maxDepth` of objects and lists in each other, itself included.
 */
export const jsonObject = ({ maxBytes, maxDepth }: { maxBytes: number; maxDepth: number }) =>
  z.record(z.string(), z.unknown()).transform((value, context) => {
    try {
      const kept = storable(value, maxDepth) as Record<string, unknown>
      if (Buffer.byteLength(JSON.stringify(kept)) > maxBytes)
        throw new NotStorable(`The object takes more than ${maxBytes} bytes of JSON`)
      return kept
    } catch (error) {
      if (!(error instanceof NotStorable)) throw error
      context.addIssue({ code: 'custom', message: error.message })
      return z.NEVER
    }
  })

const characters = (most: number) => z.string().min(1).max(most).refine(holdsNoNul, 'The text holds a NUL character')

class NotStorable extends Error {}

function storable(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return storableText(value)
  if (typeof value === 'number' && !Number.isFinite(value)) throw new NotStorable('A number is too large')
  if (typeof value !== 'object' || value === null) return value
  if (depth === 0) throw new NotStorable('Objects and lists are nested too deeply')
  if (Array.isArray(value)) return value.map((item) => storable(item, depth - 1))
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [storableText(key), storable(item, depth - 1)] as const),
  )
}

function storableText(value: string): string {
  if (!holdsNoNul(value)) throw new NotStorable('A text in it holds a NUL character')
  return value.toWellFormed()
}

function holdsNoNul(value: string): boolean {
  return !value.includes('\0')
}
