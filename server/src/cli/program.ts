import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { type Config, ConfigError, loadConfig } from '../config.ts'
import { openDatabase } from '../db/open.ts'
import { AppError } from '../errors.ts'
import { addKeyCommands } from './key-commands.ts'
import { addPeopleCommands } from './people-commands.ts'
import { remark, say, type Terminal } from './terminal.ts'
import { addTraceCommands } from './trace-commands.ts'

export type Program = {
  /**
   * Runs one command. What goes wrong is said in a sentence on stderr.
   *
   * @param args what follows the program's name.
   * @returns the exit code: 0, or 1 when something went wrong.
   */
  run(args: readonly string[]): Promise<number>
}

/**
 * The command line `etude`.
 *
 * @param serve starts the server; the command has ended when it resolves, the process lives as long as the server.
 */
export function createProgram({ serve, ...terminal }: Terminal & { serve(config: Config): Promise<void> }): Program {
  return {
    run: async (args) => {
      try {
        let exitCode = 0
        await build(terminal, serve, (code) => {
          exitCode = code
        }).parseAsync(args, { from: 'user' })
        return exitCode
      } catch (error) {
        // Commander has said its own errors already; help and the version come as errors with the exit code 0.
        if (error instanceof CommanderError && !(error instanceof InvalidArgumentError)) return error.exitCode
        remark(terminal, explain(error, terminal.environment))
        return 1
      }
    },
  }
}

function build(
  terminal: Terminal,
  serve: (config: Config) => Promise<void>,
  exitWith: (code: number) => void,
): Command {
  const program = new Command('etude')
    .description('A self-hosted LLM workbench for classes and teams.')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(text),
    })

  program
    .command('serve')
    .description('start the server')
    .action(() => serve(loadConfig(terminal.environment)))
  addPeopleCommands(program, terminal)
  addKeyCommands(program, terminal)
  addTraceCommands(program, terminal)

  program
    .command('migrate')
    .description('bring the database up to date; "serve" does so by itself')
    .action(async () => {
      const database = await openDatabase(loadConfig(terminal.environment), undefined, 'tool')
      await database.close()
      const { migrated } = database
      say(terminal, migrated.length > 0 ? `Ran ${migrated.join(', ')}.` : 'The database is up to date.')
    })

  program
    .command('doctor')
    .description('look for what could keep the server from working')
    .action(async () => {
      const { runDoctor } = await import('./doctor.ts')
      exitWith(await runDoctor(terminal))
    })
  return program
}

function explain(error: unknown, environment: Terminal['environment']): string {
  if (error instanceof AppError || error instanceof ConfigError || error instanceof CommanderError) return error.message
  const { message, stack } = error as Error
  const wantsMore = ['debug', 'trace'].includes(environment.ETUDE_LOG_LEVEL ?? '')
  return wantsMore ? (stack ?? message) : message
}
