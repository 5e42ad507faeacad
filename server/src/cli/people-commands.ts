import type { Command } from 'commander'
import type { Config } from '../config.ts'
import type { Accounts } from '../features/accounts/accounts.ts'
import { toWirePerson } from '../features/accounts/schema.ts'
import { checkPassword } from '../features/accounts/sign-in.ts'
import { signInUrl } from '../features/accounts/sign-in-links.ts'
import { parseDuration } from './expiry.ts'
import { readSecretLine, remark, say, type Terminal, table } from './terminal.ts'
import { withAccounts } from './with-accounts.ts'

/** A key of fewer characters can be guessed. */
const SAFE_KEY_CHARACTERS = 16

/** `user add`, `user list`, `user password` and `link`. */
export function addPeopleCommands(program: Command, terminal: Terminal): void {
  const user = program.command('user').description('the people who use this server')

  user
    .command('add <handle>')
    .description('add a person, who becomes a member of the first class')
    .option('--name <name>', 'how others see them (default: the handle)')
    .option('--admin', 'may do everything', false)
    .option('--key <key>', 'give them exactly this API key')
    .option('--password [password]', 'let them sign in with a password; asks for it when it is not given')
    .action((handle: string, options: AddOptions) =>
      withAccounts(terminal, (accounts) => addPerson(accounts, terminal, handle, options)),
    )

  user
    .command('list')
    .description('list everybody')
    .option('--json', 'as JSON')
    .action((options: { json?: boolean }) =>
      withAccounts(terminal, (accounts) => listPeople(accounts, terminal, options)),
    )

  user
    .command('password <handle> [password]')
    .description('give a person a new password and sign them out everywhere; asks for it when it is not given')
    .action((handle: string, given: string | undefined) =>
      withAccounts(terminal, async ({ people, signIn }) => {
        const person = await people.getByHandle(handle)
        await signIn.setPassword(person, given ?? (await askForPassword(terminal)))
        say(terminal, `${person.handle} has a new password.`)
      }),
    )

  program
    .command('link <handle>')
    .description('print a link that signs a person in once')
    .option('--expires <time>', 'how long it can be used, e.g. 30m, 12h, 7d', parseDuration, parseDuration('24h'))
    .action((handle: string, { expires }: { expires: number }) =>
      withAccounts(terminal, async ({ people, links }, config) => {
        const person = await people.getByHandle(handle)
        const token = await links.create(person, expires)
        remark(terminal, `Signs ${person.handle} in once, until ${new Date(Date.now() + expires).toISOString()}:`)
        say(terminal, signInUrl(serverOrigin(config), token))
      }),
    )
}

/** Where people on this machine reach the server; one that listens everywhere is reached at the loopback address. */
export function serverOrigin({ host, port }: Pick<Config, 'host' | 'port'>): string {
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`
}

type AddOptions = { name?: string; admin: boolean; key?: string; password?: string | true }

async function addPerson(
  { people, apiKeys, signIn }: Accounts,
  terminal: Terminal,
  handle: string,
  { name, admin, key, password: given }: AddOptions,
): Promise<void> {
  // Whatever can be wrong is found before the person exists.
  const password = given === true ? await askForPassword(terminal) : given
  if (password !== undefined) checkPassword(password)
  if (key !== undefined) await apiKeys.checkUsable(key)
  if (key !== undefined && key.length < SAFE_KEY_CHARACTERS)
    remark(terminal, `Warning: a key of fewer than ${SAFE_KEY_CHARACTERS} characters can be guessed.`)

  const person = await people.create({ handle, name, isAdmin: admin })
  if (key !== undefined) await apiKeys.create(person, { name: 'given by hand', key })
  if (password !== undefined) await signIn.setPassword(person, password)

  say(terminal, `Added ${person.handle}${person.isAdmin ? ' as an admin' : ''}.`)
  if (key === undefined && password === undefined)
    remark(
      terminal,
      `Next: "etude link ${handle}" for a link that signs in, "etude key create ${handle}" for an API key.`,
    )
}

async function listPeople({ people }: Accounts, terminal: Terminal, { json }: { json?: boolean }): Promise<void> {
  const everybody = await people.list()
  if (json) {
    const items = everybody.map((person) => ({ ...toWirePerson(person), created_at: person.createdAt }))
    return say(terminal, JSON.stringify(items, undefined, 2))
  }
  if (everybody.length === 0) return say(terminal, 'There is nobody yet; add the first with "etude user add <handle>".')
  const rows = everybody.map(({ handle, name, isAdmin, createdAt }) => [
    handle,
    name,
    isAdmin ? 'admin' : '',
    createdAt,
  ])
  say(terminal, table(['HANDLE', 'NAME', 'ADMIN', 'ADDED'], rows))
}

function askForPassword(terminal: Terminal): Promise<string> {
  return readSecretLine(terminal, 'Password: ')
}
