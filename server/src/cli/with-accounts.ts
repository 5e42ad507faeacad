import { type Config, loadConfig } from '../config.ts'
import { openDatabase } from '../db/open.ts'
import { type Accounts, createAccounts } from '../features/accounts/accounts.ts'
import { loadSecret } from '../features/accounts/secret.ts'
import { remark, type Terminal } from './terminal.ts'

/** Opens the configured database for one command, beside a server that may be using it. */
export async function withAccounts(
  terminal: Terminal,
  command: (accounts: Accounts, config: Config) => Promise<void>,
): Promise<void> {
  const config = loadConfig(terminal.environment)
  const database = await openDatabase(config, undefined, 'tool')
  try {
    const secret = await loadSecret(config)
    await command(createAccounts({ database, secret, logError: (message) => remark(terminal, message) }), config)
  } finally {
    await database.close()
  }
}
