import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import fastifyPlugin from 'fastify-plugin'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { AppError } from '../errors.ts'

/** Counts requests and serves `/metrics` in Prometheus's format, to this machine and to administrators. */
export const metrics = (deps: {
  liveTurns: () => number
  authenticate: (request: FastifyRequest) => Promise<{ isAdmin: boolean } | undefined>
}): FastifyPluginAsync =>
  fastifyPlugin(async (app) => {
    const registry = new Registry()
    collectDefaultMetrics({ register: registry })
    const requests = new Counter({
      name: 'etude_http_requests_total',
      help: 'Requests answered.',
      labelNames: ['method', 'route', 'status'],
      registers: [registry],
    })
    const duration = new Histogram({
      name: 'etude_http_request_seconds',
      help: 'Time from a request to the end of its reply, streams included.',
      buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60],
      registers: [registry],
    })
    new Gauge({
      name: 'etude_live_turns',
      help: 'Turns being answered by this server.',
      registers: [registry],
      collect() {
        this.set(deps.liveTurns())
      },
    })

    app.addHook('onResponse', async (request, reply) => {
      const route = request.routeOptions.url ?? 'unknown'
      requests.inc({ method: request.method, route, status: String(reply.raw.statusCode) })
      duration.observe(reply.elapsedTime / 1000)
    })

    app.get(
      '/metrics',
      { schema: { hide: true }, config: { isPublic: true, rateLimit: false } },
      async (request, reply) => {
        if (!isFromThisMachine(request) && !(await deps.authenticate(request))?.isAdmin)
          throw new AppError('forbidden', 'forbidden', 'Metrics are for administrators.')
        return reply.type(registry.contentType).send(await registry.metrics())
      },
    )
  })

/** A proxy on this machine forwards strangers, so a forwarded request does not count. */
function isFromThisMachine(request: FastifyRequest): boolean {
  const { headers, socket } = request
  if (headers.forwarded ?? headers['x-forwarded-for']) return false
  return ['127.0.0.1', '::1', '::ffff:127.0.0.1'].includes(socket.remoteAddress ?? '')
}
