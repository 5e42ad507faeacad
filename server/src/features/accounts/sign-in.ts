import type { Database } from '../../db/open.ts'
import { AppError, InvalidRequestError } from '../../errors.ts'
import { type BetterAuth, loadBetterAuth, PASSWORD_CHARACTERS } from './better-auth.ts'
import type { PeopleStore } from './people-store.ts'
import type { Person } from './person.ts'
import type { ServerSecret } from './secret.ts'
import { readSessionToken } from './session-cookie.ts'
import { SessionStore } from './session-store.ts'
import type { SignInLinks } from './sign-in-links.ts'

/** What a browser sends that matters for signing in. */
export type BrowserHeaders = { cookie?: string | undefined; 'user-agent'?: string | undefined }

/** @property setCookies values of `Set-Cookie` headers, without `Secure`. */
export type SignedIn = { person: Person; setCookies: string[] }

/** Signing people in and out, over Better Auth. */
export class SignInService {
  readonly #database: Pick<Database, 'db' | 'kind'>
  readonly #people: PeopleStore
  readonly #links: SignInLinks
  readonly #sessions: SessionStore
  readonly #secret: string
  readonly #now: () => Date
  readonly #logError: (message: string) => void
  #betterAuth: Promise<BetterAuth> | undefined

  constructor(deps: {
    database: Pick<Database, 'db' | 'kind'>
    people: PeopleStore
    links: SignInLinks
    secret: ServerSecret
    now: () => Date
    logError: (message: string) => void
  }) {
    this.#database = deps.database
    this.#people = deps.people
    this.#links = deps.links
    this.#sessions = new SessionStore(deps.database.db)
    this.#secret = deps.secret.deriveKey('sign-in').toString('base64url')
    this.#now = deps.now
    this.#logError = deps.logError
  }

  /** Who is signed in, by the `Cookie` header of a request. */
  async findPersonByCookie(cookieHeader: string | undefined): Promise<Person | undefined> {
    const token = readSessionToken(cookieHeader, this.#secret)
    return token === undefined ? undefined : this.#sessions.findPerson(token, this.#now())
  }

  /** @throws {AppError} `invalid_credentials`, the same for an unknown handle and a wrong password. */
  async signInWithPassword(handle: string, password: string, browser: BrowserHeaders): Promise<SignedIn> {
    const { api } = await this.#load()
    const { headers } = await api
      .signInUsername({ body: { username: handle, password }, headers: toHeaders(browser), returnHeaders: true })
      .catch((error: unknown) => {
        if (isRefusal(error)) throw wrongCredentials()
        throw error
      })
    const person = await this.#people.findByHandle(handle.toLowerCase())
    if (!person) throw wrongCredentials()
    return { person, setCookies: headers.getSetCookie() }
  }

  /** @throws {AppError} `link_invalid` when the token is wrong, used or too old. */
  async signInWithLink(token: string, browser: BrowserHeaders): Promise<SignedIn> {
    const personId = await this.#links.use(token)
    const person = personId === undefined ? undefined : await this.#people.find(personId)
    if (!person)
      throw new AppError('unauthorized', 'link_invalid', 'This sign-in link is wrong, too old or was used already.')
    const { api } = await this.#load()
    const { headers } = await api.startSession({
      body: { userId: await this.#authUserId(person) },
      headers: toHeaders(browser),
      returnHeaders: true,
    })
    return { person, setCookies: headers.getSetCookie() }
  }

  /** Ends the browser's session. @returns values of `Set-Cookie` headers that remove its cookies. */
  async signOut(browser: BrowserHeaders): Promise<string[]> {
    const { api } = await this.#load()
    const { headers } = await api.signOut({ headers: toHeaders(browser), returnHeaders: true })
    return headers.getSetCookie()
  }

  /**
   * Gives a person a password, and signs them out everywhere.
   *
   * @throws {InvalidRequestError} `invalid_password` when it is too short or too long.
   */
  async setPassword(person: Person, password: string): Promise<void> {
    checkPassword(password)
    const userId = await this.#authUserId(person)
    const context = await (await this.#load()).$context
    const { internalAdapter } = context
    const hash = await context.password.hash(password)
    if (await internalAdapter.findCredentialAccount(userId)) await internalAdapter.updatePassword(userId, hash)
    else await internalAdapter.linkAccount({ userId, providerId: 'credential', accountId: userId, password: hash })
    await internalAdapter.deleteUserSessions(userId)
  }

  /** Better Auth's user for the person, made when they need one for the first time. */
  async #authUserId(person: Person): Promise<string> {
    const known = await this.#people.findAuthUserId(person.personId)
    if (known) return known
    const { internalAdapter, adapter } = await (await this.#load()).$context
    const find = () =>
      adapter.findOne<{ id: string }>({ model: 'user', where: [{ field: 'username', value: person.handle }] })
    const user =
      (await find()) ??
      (await internalAdapter
        .createUser(
          // Better Auth wants an address; nothing is ever sent to it.
          { name: person.name, email: `${person.handle}@etude.invalid`, emailVerified: false, username: person.handle },
          { method: 'admin' },
        )
        .catch(async (error: unknown) => {
          // Somebody else has made it at the same moment.
          const made = await find()
          if (made) return made
          throw error
        }))
    await this.#people.setAuthUserId(person.personId, user.id)
    return user.id
  }

  #load(): Promise<BetterAuth> {
    this.#betterAuth ??= loadBetterAuth(this.#database, this.#secret, this.#logError)
    this.#betterAuth.catch(() => {
      this.#betterAuth = undefined
    })
    return this.#betterAuth
  }
}

/** @throws {InvalidRequestError} `invalid_password` when it is too short or too long. */
export function checkPassword(password: string): void {
  const { min, max } = PASSWORD_CHARACTERS
  if (password.length < min || password.length > max)
    throw new InvalidRequestError('invalid_password', `A password has ${min} to ${max} characters.`)
}

function toHeaders(browser: BrowserHeaders): Headers {
  const headers = new Headers()
  if (browser.cookie) headers.set('cookie', browser.cookie)
  if (browser['user-agent']) headers.set('user-agent', browser['user-agent'])
  return headers
}

/** Better Auth's `APIError`s carry the HTTP status; those below 500 say that it does not accept what it was given. */
function isRefusal(error: unknown): boolean {
  const status = (error as { statusCode?: unknown }).statusCode
  return typeof status === 'number' && status < 500
}

function wrongCredentials(): AppError {
  return new AppError('unauthorized', 'invalid_credentials', 'The handle or the password is wrong.')
}
