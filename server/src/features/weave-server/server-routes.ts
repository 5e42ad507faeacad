import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { VERSION } from '../../version.ts'

const tags = ['weave server']
/** Older Python clients do not know what objects may be called (weave.md §1.11). */
const OLDEST_PYTHON_CLIENT = '0.51.0'
/** The release of Weave whose trace server this dialect follows: clients may refuse older ones. */
const TRACE_SERVER_VERSION = '0.52.30'

/** What the Weave SDKs ask before anything else (weave.md §2.1, §2.5); nothing in it is anybody's. */
export const serverRoutes: FastifyPluginAsyncZod = async (app) => {
  const config = { isPublic: true }

  app.get(
    '/server_info',
    {
      config,
      schema: {
        tags,
        operationId: 'getServerInfo',
        summary: 'Which clients this server works with',
        response: {
          200: z.object({ min_required_weave_python_version: z.string(), trace_server_version: z.string() }),
        },
      },
    },
    async () => ({
      min_required_weave_python_version: OLDEST_PYTHON_CLIENT,
      trace_server_version: TRACE_SERVER_VERSION,
    }),
  )

  app.get(
    '/health',
    {
      config,
      schema: {
        tags,
        operationId: 'getHealth',
        summary: 'Whether the server is there',
        response: { 200: z.object({ status: z.literal('ok') }) },
      },
    },
    async () => ({ status: 'ok' as const }),
  )

  app.get(
    '/version',
    {
      config,
      schema: {
        tags,
        operationId: 'getVersion',
        summary: 'The version of Etude',
        response: { 200: z.object({ version: z.string() }) },
      },
    },
    async () => ({ version: VERSION }),
  )
}
