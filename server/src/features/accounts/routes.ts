import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { refuseCrossOrigin } from '../../http/cross-origin.ts'
import type { ClassService } from '../classes/service.ts'
import type { Accounts } from './accounts.ts'
import {
  ApiKeyBody,
  ApiKeyListSchema,
  ApiKeyPath,
  LinkBody,
  MeSchema,
  NewApiKeySchema,
  PasswordBody,
  SignedInSchema,
  toWireApiKey,
  toWireClass,
  toWirePerson,
} from './schema.ts'

/**
 * Guessing passwords must stay hopeless, yet a whole class behind one address signs in within a minute. So tries are
 * counted for each address and a few groups of handles: few for one handle, not endless for an address.
 */
const PASSWORD_TRIES = {
  rateLimit: {
    max: 10,
    timeWindow: '1 minute',
    keyGenerator: ({ ip, body }: FastifyRequest) => `sign-in ${ip} ${groupOf((body as { username: string }).username)}`,
  },
}
const HANDLE_GROUPS = 32
/** The tokens of links cannot be guessed at any speed. */
const LINK_TRIES = { rateLimit: { max: 120, timeWindow: '1 minute' } }

/** Signing in and out, who is signed in, and their API keys. */
export const accountRoutes =
  ({ apiKeys, signIn }: Accounts, classes: ClassService): FastifyPluginAsyncZod =>
  async (app) => {
    const tags = ['accounts']

    app.post(
      '/auth/sign-in/username',
      {
        config: { isPublic: true, ...PASSWORD_TRIES },
        schema: {
          tags,
          operationId: 'signInWithPassword',
          summary: 'Sign a browser in with a handle and a password',
          body: PasswordBody,
          response: { 200: SignedInSchema },
        },
      },
      async (request, reply) => {
        refuseCrossOrigin(request)
        const { username, password } = request.body
        const { person, setCookies } = await signIn.signInWithPassword(username, password, request.headers)
        setBrowserCookies(request, reply, setCookies)
        return { person: toWirePerson(person) }
      },
    )

    app.post(
      '/auth/link',
      {
        config: { isPublic: true, ...LINK_TRIES },
        schema: {
          tags,
          operationId: 'signInWithLink',
          summary: 'Sign a browser in with the token of a one-time link',
          body: LinkBody,
          response: { 200: SignedInSchema },
        },
      },
      async (request, reply) => {
        refuseCrossOrigin(request)
        const { person, setCookies } = await signIn.signInWithLink(request.body.token, request.headers)
        setBrowserCookies(request, reply, setCookies)
        return { person: toWirePerson(person) }
      },
    )

    app.post(
      '/auth/sign-out',
      {
        config: { isPublic: true },
        schema: { tags, operationId: 'signOut', summary: 'Sign this browser out', response: { 204: z.undefined() } },
      },
      async (request, reply) => {
        refuseCrossOrigin(request)
        setBrowserCookies(request, reply, await signIn.signOut(request.headers))
        return reply.code(204).send()
      },
    )

    app.get(
      '/user/me',
      { schema: { tags, operationId: 'getMe', summary: 'Who I am, and my classes', response: { 200: MeSchema } } },
      async ({ person }) => ({
        person: toWirePerson(person),
        classes: (await classes.listForPerson(person)).map(toWireClass),
      }),
    )

    app.get(
      '/user/api-keys',
      { schema: { tags, operationId: 'listApiKeys', summary: 'My API keys', response: { 200: ApiKeyListSchema } } },
      async ({ person }) => ({ items: (await apiKeys.list(person)).map(toWireApiKey) }),
    )

    app.post(
      '/user/api-keys',
      {
        schema: {
          tags,
          operationId: 'createApiKey',
          summary: 'Make an API key',
          description: 'The reply is the only place where the key is ever shown.',
          body: ApiKeyBody,
          response: { 201: NewApiKeySchema },
        },
      },
      async ({ person, body }, reply) => {
        const expiresAt = body.expires_at ? new Date(body.expires_at) : undefined
        const made = await apiKeys.create(person, { name: body.name, expiresAt })
        return reply
          .code(201)
          .header('cache-control', 'no-store')
          .send({ ...toWireApiKey(made), key: made.key })
      },
    )

    app.delete(
      '/user/api-keys/:api_key_id',
      {
        schema: {
          tags,
          operationId: 'revokeApiKey',
          summary: 'End one of my API keys',
          params: ApiKeyPath,
          response: { 204: z.undefined() },
        },
      },
      async ({ person, params }, reply) => {
        await apiKeys.revoke(person, params.api_key_id)
        return reply.code(204).send()
      },
    )
  }

/**
 * Over https the cookies are `Secure`. A proxy that ends https in front of us does not always say so; the browser's
 * own `Origin` does.
 */
function setBrowserCookies(request: FastifyRequest, reply: FastifyReply, setCookies: readonly string[]): void {
  const isHttps = request.protocol === 'https' || request.headers.origin?.startsWith('https://')
  reply.header('cache-control', 'no-store')
  reply.header(
    'set-cookie',
    setCookies.map((cookie) => (isHttps ? `${cookie}; Secure` : cookie)),
  )
}

function groupOf(handle: string): number {
  return createHash('sha256').update(handle.toLowerCase()).digest().readUInt32LE() % HANDLE_GROUPS
}
