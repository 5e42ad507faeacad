import type { Database } from '../../db/open.ts'

/** Seconds for which a browser stays signed in. */
const SESSION_SECONDS = 30 * 24 * 60 * 60
/** Better Auth appends `.session_token` for the cookie that says who is signed in. */
const COOKIE_PREFIX = 'etude'
export const SESSION_COOKIE = `${COOKIE_PREFIX}.session_token`
export const PASSWORD_CHARACTERS = { min: 8, max: 128 } as const

export type BetterAuth = Awaited<ReturnType<typeof loadBetterAuth>>

/**
 * Better Auth over our database. It hashes passwords and makes, signs and ends sessions; nobody signs up by
 * themselves.
 *
 * It takes a third of a second to import, so it is loaded when somebody first signs in, not when the server starts.
 *
 * @param secret at least 32 characters; signs the cookies.
 */
export async function loadBetterAuth(
  { db, kind }: Pick<Database, 'db' | 'kind'>,
  secret: string,
  logError: (message: string) => void,
) {
  const [{ betterAuth }, { username }, { createAuthEndpoint }, { setSessionCookie }, { z }] = await Promise.all([
    import('better-auth'),
    import('better-auth/plugins/username'),
    import('better-auth/api'),
    import('better-auth/cookies'),
    import('zod'),
  ])

  /** Signs in whoever has been recognised by other means, such as a one-time link. */
  const startSession = createAuthEndpoint(
    '/start-session',
    { method: 'POST', body: z.object({ userId: z.string() }), metadata: { SERVER_ONLY: true } },
    async (context) => {
      const { internalAdapter } = context.context
      const user = await internalAdapter.findUserById(context.body.userId)
      if (!user) throw context.error('NOT_FOUND')
      const session = await internalAdapter.createSession(user.id)
      await setSessionCookie(context, { session, user })
      return { userId: user.id }
    },
  )

  return betterAuth({
    database: { db, type: kind, transaction: false },
    secret,
    basePath: '/auth',
    // Never seen by anyone: without one Better Auth warns. Our own routes know where a request came from.
    baseURL: 'http://localhost',
    telemetry: { enabled: false },
    rateLimit: { enabled: false },
    logger: {
      level: 'error',
      log: (_level, message) => logError(message),
    },
    session: {
      modelName: 'auth_session',
      expiresIn: SESSION_SECONDS,
      fields: {
        userId: 'user_id',
        expiresAt: 'expires_at',
        ipAddress: 'ip_address',
        userAgent: 'user_agent',
        createdAt: 'created_at',
        updatedAt: 'updated_at',
      },
    },
    user: {
      modelName: 'auth_user',
      fields: { emailVerified: 'email_verified', createdAt: 'created_at', updatedAt: 'updated_at' },
    },
    account: {
      modelName: 'auth_account',
      fields: {
        userId: 'user_id',
        providerId: 'provider_id',
        accountId: 'account_id',
        accessToken: 'access_token',
        refreshToken: 'refresh_token',
        idToken: 'id_token',
        accessTokenExpiresAt: 'access_token_expires_at',
        refreshTokenExpiresAt: 'refresh_token_expires_at',
        createdAt: 'created_at',
        updatedAt: 'updated_at',
      },
    },
    verification: {
      modelName: 'auth_verification',
      fields: { expiresAt: 'expires_at', createdAt: 'created_at', updatedAt: 'updated_at' },
    },
    plugins: [
      // Handles are checked where people are made.
      username({ displayUsername: false, minUsernameLength: 1, maxUsernameLength: 64, usernameValidator: () => true }),
      { id: 'start-session', endpoints: { startSession } },
    ],
    advanced: {
      cookiePrefix: COOKIE_PREFIX,
      // `Secure` is added by our routes when the request came over https.
      useSecureCookies: false,
      defaultCookieAttributes: { sameSite: 'lax', httpOnly: true, path: '/' },
      ipAddress: { disableIpTracking: true },
      // Its endpoints are called by our routes only, which refuse other origins themselves.
      disableCSRFCheck: true,
      disableOriginCheck: true,
    },
  })
}
