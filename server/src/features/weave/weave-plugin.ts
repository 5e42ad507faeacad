import type { FastifyPluginAsync } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { ValidationError } from '../../errors.ts'
import { JsonSyntaxError, parseExactJson } from './exact-json.ts'
import { checkDepth } from './json-depth.ts'
import { serializeExactly } from './serialize.ts'
import { validateExactly } from './validate.ts'
import { sendWeaveError } from './weave-error.ts'

/** What one request may be, as on the hosted server (weave.md §4). */
const MAX_BODY_BYTES = 32 * 1024 * 1024

/**
 * The Weave trace server's dialect: its errors, and bodies that are JSON whatever their Content-Type says, because the
 * Python client sends none (weave.md §2.5).
 *
 * A route that takes something else (multipart, protobuf) adds a parser for its type in a plugin of its own.
 */
export const weaveRoutes =
  (routes: readonly FastifyPluginAsyncZod[]): FastifyPluginAsync =>
  async (app) => {
    app.setErrorHandler(sendWeaveError)
    app.setValidatorCompiler(validateExactly)
    app.setSerializerCompiler(serializeExactly)
    app.removeAllContentTypeParsers()
    app.addContentTypeParser(
      '*',
      { parseAs: 'string', bodyLimit: MAX_BODY_BYTES },
      async (_: unknown, body: string | Buffer) => (body === '' ? undefined : parseBody(String(body))),
    )
    for (const one of routes) await app.register(one)
  }

function parseBody(text: string): unknown {
  try {
    const body = parseExactJson(text)
    checkDepth(body)
    return body
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error
    throw new ValidationError([
      { type: 'json_invalid', loc: ['body', error.position], msg: 'JSON decode error', input: {} },
    ])
  }
}
