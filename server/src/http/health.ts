import type { FastifyPluginAsync } from 'fastify'

/** Whether this server should be given requests: not while it is stopping, nor while its database does not answer. */
export class Readiness {
  readonly #checkDatabase: () => Promise<void>
  #isStopping = false

  constructor(checkDatabase: () => Promise<void>) {
    this.#checkDatabase = checkDatabase
  }

  stopping(): void {
    this.#isStopping = true
  }

  /** Undefined when ready, otherwise why not. */
  async whyNot(): Promise<string | undefined> {
    if (this.#isStopping) return 'The server is stopping.'
    return this.#checkDatabase().then(
      () => undefined,
      () => 'The database does not answer.',
    )
  }
}

/** `/healthz` says that the process lives, `/readyz` that it can serve: a load balancer asks the second. */
export const health =
  (readiness: Readiness): FastifyPluginAsync =>
  async (app) => {
    const open = { schema: { hide: true }, config: { isPublic: true, rateLimit: false } } as const
    app.get('/healthz', open, async () => ({ status: 'ok' }))
    app.get('/readyz', open, async (_, reply) => {
      const reason = await readiness.whyNot()
      return reply.code(reason ? 503 : 200).send(reason ? { status: 'not ready', reason } : { status: 'ready' })
    })
  }
