import { existsSync } from 'node:fs'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyReply, FastifyRequest } from 'fastify'
import fastifyPlugin from 'fastify-plugin'
import { AppError } from '../errors.ts'

const DAY_SECONDS = 86_400

/** Serves the built page: hashed assets for ever, and its one HTML file for every address that is not the API's. */
export const webPages = (folder: string) =>
  fastifyPlugin(async (app) => {
    const isBuilt = existsSync(join(folder, 'index.html'))
    await app.register(fastifyStatic, { root: folder, serve: false })
    app.get('/assets/*', { schema: { hide: true }, config: { isPublic: true, rateLimit: false } }, (request, reply) => {
      const { '*': file } = request.params as { '*': string }
      return reply.sendFile(`assets/${file}`, folder, { maxAge: 365 * DAY_SECONDS * 1000, immutable: true })
    })
    app.get('/', { schema: { hide: true }, config: { isPublic: true } }, (_, reply) => sendPage(reply))
    app.setNotFoundHandler({ preHandler: app.hasDecorator('rateLimit') ? app.rateLimit() : [] }, (request, reply) => {
      if (isNavigation(request)) return sendPage(reply)
      throw new AppError(
        'not_found',
        'route_not_found',
        `There is no ${request.method} ${request.url.split('?', 1)[0]}.`,
      )
    })

    function sendPage(reply: FastifyReply) {
      if (!isBuilt) return reply.type('text/plain').send('The page is not built. Run: npm run build\n')
      return reply.header('cache-control', 'no-cache').sendFile('index.html', folder)
    }
  })

/** A browser that opens an address, as opposed to a program that calls one. */
function isNavigation(request: FastifyRequest): boolean {
  return request.method === 'GET' && (request.headers.accept?.includes('text/html') ?? false)
}
