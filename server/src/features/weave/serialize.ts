import type { FastifySerializerCompiler } from 'fastify'
import type { z } from 'zod'
import { printJson } from './exact-json.ts'

/** Prints a reply through its documented schema, exact numbers and printed JSON as they are. */
export const serializeExactly: FastifySerializerCompiler<z.ZodType> = ({ schema }) => {
  return (data) => printJson(schema.parse(data))
}
