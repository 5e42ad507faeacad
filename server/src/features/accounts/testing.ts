import fastifyRateLimit from '@fastify/rate-limit'
import Fastify, { type FastifyInstance, type InjectOptions } from 'fastify'
import { serializerCompiler } from 'fastify-type-provider-zod'
import type { Database } from '../../db/open.ts'
import { requireSignIn } from '../../http/authenticate.ts'
import { sendPracticeError } from '../../http/error-response.ts'
import { validateRequest } from '../../http/validate.ts'
import { ClassService } from '../classes/service.ts'
import { createAccounts } from './accounts.ts'
import { accountRoutes } from './routes.ts'
import { ServerSecret } from './secret.ts'

export const TEST_SECRET = new ServerSecret('a secret that is only for tests, long enough')

/** The accounts on a database, with a clock that the test moves, and an application with nothing but their routes. */
export async function accountsForTest(database: Database) {
  const clock = { now: new Date() }
  const errors: string[] = []
  const accounts = createAccounts({
    database,
    secret: TEST_SECRET,
    logError: (message) => errors.push(message),
    now: () => clock.now,
  })
  const classes = new ClassService({ database })
  const app: FastifyInstance = Fastify()
  app.setValidatorCompiler(validateRequest)
  app.setSerializerCompiler(serializerCompiler)
  app.setErrorHandler(sendPracticeError)
  await app.register(requireSignIn(accounts))
  await app.register(fastifyRateLimit, { global: false, hook: 'preHandler' })
  await app.register(accountRoutes(accounts, classes))
  return { ...accounts, classes, app, clock, errors }
}

/** A browser that has the server's page open: it keeps cookies and says where its requests come from. */
export class TestBrowser {
  readonly #app: FastifyInstance
  readonly cookies = new Map<string, string>()

  constructor(app: FastifyInstance) {
    this.#app = app
  }

  /** A header that is undefined is not sent. */
  async send({ headers = {}, ...options }: InjectOptions) {
    const all = { host: 'etude.test', origin: 'http://etude.test', ...headers }
    const reply = await this.#app.inject({
      ...options,
      headers: Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)),
      cookies: Object.fromEntries(this.cookies),
    })
    for (const { name, value, maxAge } of reply.cookies) {
      if (maxAge === 0) this.cookies.delete(name)
      else this.cookies.set(name, value)
    }
    return reply
  }

  signIn(username: string, password: string) {
    return this.send({ method: 'POST', url: '/auth/sign-in/username', payload: { username, password } })
  }

  openLink(token: string, headers: Record<string, string | undefined> = {}) {
    return this.send({ method: 'POST', url: '/auth/link', payload: { token }, headers })
  }
}
