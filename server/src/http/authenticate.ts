import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import fastifyPlugin from 'fastify-plugin'
import { AppError } from '../errors.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether the route answers without knowing who asks. */
    isPublic?: boolean
  }
}

/**
 * Finds out whose request it is before anything else is done for it, and refuses a stranger's everywhere but on
 * public routes.
 */
export const requireSignIn = ({
  authenticate,
}: {
  authenticate(request: FastifyRequest): Promise<FastifyRequest['person'] | undefined>
}): FastifyPluginAsync =>
  fastifyPlugin(async (app) => {
    app.decorateRequest('person')
    app.addHook('onRequest', async (request) => {
      if (request.is404 || request.routeOptions.config.isPublic) return
      const person = await authenticate(request)
      if (!person) throw new AppError('unauthorized', 'unauthorized', 'Sign in, or send a valid API key.')
      request.person = person
    })
  })
