import { type Command, InvalidArgumentError } from 'commander'
import type { ApiKey } from '../features/accounts/api-keys.ts'
import { toWireApiKey } from '../features/accounts/schema.ts'
import { parseExpiry } from './expiry.ts'
import { remark, say, type Terminal, table } from './terminal.ts'
import { withAccounts } from './with-accounts.ts'

/** `key create`, `key list` and `key revoke`. */
export function addKeyCommands(program: Command, terminal: Terminal): void {
  const key = program.command('key').description('API keys, with which programs speak for a person')

  key
    .command('create <handle>')
    .description('make an API key and print it')
    .option('--name <name>', 'what it is for', 'command line')
    .option('--expires <time>', 'a date such as 2027-01-31, or a length of time such as 30d (default: never)', (text) =>
      parseExpiry(text),
    )
    .action((handle: string, options: { name: string; expires?: Date }) =>
      withAccounts(terminal, async ({ people, apiKeys }) => {
        const person = await people.getByHandle(handle)
        const made = await apiKeys.create(person, { name: options.name, expiresAt: options.expires })
        remark(terminal, `An API key of ${person.handle}, ${ending(made)}. It is shown only now:`)
        say(terminal, made.key)
      }),
    )

  key
    .command('list <handle>')
    .description("list a person's API keys")
    .option('--json', 'as JSON')
    .action((handle: string, { json }: { json?: boolean }) =>
      withAccounts(terminal, async ({ people, apiKeys }) => {
        const keys = await apiKeys.list(await people.getByHandle(handle))
        if (json) return say(terminal, JSON.stringify(keys.map(toWireApiKey), undefined, 2))
        if (keys.length === 0) return say(terminal, `${handle} has no API key.`)
        const rows = keys.map((one) => [String(one.apiKeyId), one.name, one.hint, one.createdAt, ending(one)])
        say(terminal, table(['ID', 'NAME', 'KEY', 'MADE', 'STATE'], rows))
      }),
    )

  key
    .command('revoke <handle> <id>')
    .description('end an API key at once')
    .action((handle: string, id: string) =>
      withAccounts(terminal, async ({ people, apiKeys }) => {
        if (!/^\d{1,15}$/.test(id))
          throw new InvalidArgumentError(`The id of a key is a number; see "etude key list ${handle}".`)
        await apiKeys.revoke(await people.getByHandle(handle), Number(id))
        say(terminal, `The key ${id} of ${handle} is revoked.`)
      }),
    )
}

function ending({ revokedAt, expiresAt }: ApiKey): string {
  if (revokedAt) return `revoked ${revokedAt}`
  if (!expiresAt) return 'valid until it is revoked'
  return expiresAt > new Date().toISOString() ? `valid until ${expiresAt}` : `expired ${expiresAt}`
}
