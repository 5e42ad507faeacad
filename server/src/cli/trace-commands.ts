import { type Command, InvalidArgumentError } from 'commander'
import { loadConfig } from '../config.ts'
import { openDatabase } from '../db/open.ts'
import type { Retention } from '../features/traces/retention.ts'
import { say, type Terminal } from './terminal.ts'

/** Whoever can run commands here may do what an admin may. */
const OPERATOR = { personId: 0, handle: '', name: 'command line', isAdmin: true }

/** `retention` and `prune`. */
export function addTraceCommands(program: Command, terminal: Terminal): void {
  program
    .command('retention <project>')
    .description('show or set for how many days a project of traces (entity/project) keeps its calls')
    .option('--days <days>', 'keep them for so many days', parseDays)
    .option('--forever', 'keep them for ever')
    .action((project: string, options: { days?: number; forever?: boolean }) =>
      withRetention(terminal, async (retention) => {
        if (options.days !== undefined || options.forever)
          await retention.set(OPERATOR, project, options.forever ? null : (options.days ?? null))
        const days = await retention.days(OPERATOR, project)
        say(terminal, `${project} keeps its calls ${days === null ? 'for ever' : `for ${count(days, 'day')}`}.`)
      }),
    )

  program
    .command('prune')
    .description('remove the calls that their projects keep no longer, with what people said about them')
    .action(() =>
      withRetention(terminal, async (retention) => {
        const { calls, feedback } = await retention.prune()
        say(terminal, `Removed ${count(calls, 'call')} and ${count(feedback, 'piece')} of feedback.`)
      }),
    )
}

/** Opens the configured database for one command, beside a server that may be using it. */
async function withRetention(terminal: Terminal, command: (retention: Retention) => Promise<void>): Promise<void> {
  const { createRetention } = await import('./create-retention.ts')
  const database = await openDatabase(loadConfig(terminal.environment), undefined, 'tool')
  try {
    await command(createRetention(database))
  } finally {
    await database.close()
  }
}

function parseDays(text: string): number {
  const days = Number(text)
  if (!Number.isSafeInteger(days) || days < 1 || days > 36_500)
    throw new InvalidArgumentError('Days are a whole number from 1 to 36500.')
  return days
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
