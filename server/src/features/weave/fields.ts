import { z } from 'zod'
import { Float, type Json, JsonText } from './exact-json.ts'

/** Kinds of fields of the Weave dialect. Its clients send every optional field explicitly as null. */

/** Missing is the same as null. */
export const orNull = <Schema extends z.ZodType>(schema: Schema) => schema.nullish().transform((value) => value ?? null)

/** Missing or null means a default, which must not be changed. */
export const orDefault = <Schema extends z.ZodType>(schema: Schema, value: z.output<Schema>) =>
  schema.nullish().transform((given) => given ?? value)

/** Any JSON, numbers in it exactly as they were sent; missing is null. */
export const AnyJson = z
  .unknown()
  .optional()
  .transform((value) => (value ?? null) as Json)

/** An object of anything, numbers in it exactly as they were sent. */
export const JsonObject = z
  .unknown()
  .transform((value, context): { [key: string]: Json } => {
    if (isJsonObject(value)) return value
    context.addIssue({ code: 'invalid_type', expected: 'record', input: value })
    return z.NEVER
  })
  .meta({ type: 'object', additionalProperties: true })

/** An object of anything in a reply: a value, or JSON that is printed already. */
export const PrintedObject = z.unknown().meta({ type: 'object', additionalProperties: true })

export function isJsonObject(value: unknown): value is { [key: string]: Json } {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Float) &&
    !(value instanceof JsonText)
  )
}
