import fastifyPlugin from 'fastify-plugin'

/** One log line for each request, and its id in the reply. Query strings are left out: they can hold secrets. */
export const requestLog = fastifyPlugin(async (app) => {
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id)
  })
  app.addHook('onResponse', async (request, reply) => {
    request.log.info(
      {
        method: request.method,
        path: request.url.split('?', 1)[0],
        status: reply.raw.statusCode,
        ms: Math.round(reply.elapsedTime * 10) / 10,
        personId: request.person?.personId,
      },
      'request',
    )
  })
})
