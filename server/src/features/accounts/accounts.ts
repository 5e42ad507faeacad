import type { FastifyRequest } from 'fastify'
import type { Database } from '../../db/open.ts'
import { ApiKeyStore } from './api-key-store.ts'
import { ApiKeyService } from './api-keys.ts'
import { authenticate } from './authenticate.ts'
import { PeopleService } from './people.ts'
import { PeopleStore } from './people-store.ts'
import type { ServerSecret } from './secret.ts'
import { SignInService } from './sign-in.ts'
import { SignInLinks } from './sign-in-links.ts'

export type Accounts = ReturnType<typeof createAccounts>

/** Builds what knows people and how they show who they are; for the server and for the command line. */
export function createAccounts({
  database,
  secret,
  logError,
  now = () => new Date(),
}: {
  database: Pick<Database, 'db' | 'kind' | 'ids'>
  secret: ServerSecret
  logError: (message: string) => void
  now?: () => Date
}) {
  const { db, ids } = database
  const peopleStore = new PeopleStore(db)
  const links = new SignInLinks({ db, now })
  const apiKeys = new ApiKeyService({ store: new ApiKeyStore(db), ids, now })
  const signIn = new SignInService({ database, people: peopleStore, links, secret, now, logError })
  return {
    people: new PeopleService({ store: peopleStore, ids, now }),
    apiKeys,
    links,
    signIn,
    authenticate: (request: FastifyRequest) => authenticate(request, { apiKeys, signIn }),
  }
}
