import { AppError } from '../../errors.ts'
import type { Accounts } from './accounts.ts'
import type { Person } from './person.ts'

/** What the terminal should show at a start. */
export type Welcome = {
  admin: Person
  /** For a link that signs the admin in once. */
  signInToken: string
  /** Only at the very first start. */
  apiKey: string | undefined
}

/**
 * Makes the admin with their first API key when there is none, and at every start a fresh sign-in link.
 *
 * Two servers may start at the same time: one of them makes the admin.
 *
 * @returns undefined when there is no admin and somebody else has the handle `admin`.
 */
export async function firstStart({ people, apiKeys, links }: Accounts): Promise<Welcome | undefined> {
  const known = await people.findFirstAdmin()
  const made = known ? undefined : await makeAdmin(people)
  const admin = known ?? made ?? (await people.findFirstAdmin())
  if (!admin) return undefined
  const apiKey = made && (await apiKeys.create(made, { name: 'first start' })).key
  return { admin, signInToken: await links.create(admin), apiKey }
}

async function makeAdmin(people: Accounts['people']): Promise<Person | undefined> {
  try {
    return await people.create({ handle: 'admin', name: 'Admin', isAdmin: true })
  } catch (error) {
    if (error instanceof AppError && error.code === 'handle_taken') return undefined
    throw error
  }
}
