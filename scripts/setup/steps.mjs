import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of the clone, without a slash at the end. */
export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '')

/** Whether to show everything that the programs we start have to say. `npm start --verbose` arrives as a variable. */
export const isVerbose =
  process.argv.includes('--verbose') || ['verbose', 'silly'].includes(process.env.npm_config_loglevel ?? '')

const REMINDER_MS = 20_000

/** A failure that has been explained already: there is nothing to add but the exit code. */
export class StepFailed extends Error {
  /** @param {number} exitCode */
  constructor(exitCode) {
    super('A step failed')
    this.exitCode = exitCode
  }
}

/**
 * Says what is being done and how long it took; reminds people now and then that it still goes on.
 *
 * @template Result
 * @param {string} doing e.g. `Building the page`
 * @param {(signal?: AbortSignal) => Promise<Result>} work
 * @param {string} [hint] what to expect, in brackets after `doing`
 */
export async function step(doing, work, hint) {
  const startedAt = performance.now()
  const seconds = () => `${((performance.now() - startedAt) / 1000).toFixed(1)} s`
  console.error(`${doing}${hint ? ` (${hint})` : ''} …`)
  const reminder = setInterval(() => console.error(`  still at it after ${seconds()}: ${doing}`), REMINDER_MS)
  try {
    const result = await work()
    console.error(`  done after ${seconds()}: ${doing}`)
    return result
  } catch (error) {
    console.error(`  failed after ${seconds()}: ${doing}`)
    throw error
  } finally {
    clearInterval(reminder)
  }
}

/**
 * Runs a program whose output matters only when it fails.
 *
 * @param {string} command
 * @param {string[]} parameters
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 * @throws {StepFailed} after showing the program's output
 */
export async function runQuietly(command, parameters, options = {}) {
  /** @type {Buffer[]} */
  const output = []
  const shown = isVerbose ? 'inherit' : 'pipe'
  // In a group of its own, so that all that a build has started stops with it: npm does not stop a compiler.
  const child = spawn(command, parameters, {
    cwd: root,
    ...options,
    stdio: ['ignore', shown, shown],
    detached: process.platform !== 'win32',
  })
  child.stdout?.on('data', (chunk) => output.push(chunk))
  child.stderr?.on('data', (chunk) => output.push(chunk))
  const exitCode = await exit(child, (signal) => {
    if (process.platform === 'win32') child.kill(signal)
    else if (child.pid) process.kill(-child.pid, signal)
  })
  if (exitCode === 0) return
  process.stderr.write(Buffer.concat(output))
  console.error(`\n${[command, ...parameters].join(' ')} ended with ${exitCode}.`)
  throw new StepFailed(exitCode)
}

/**
 * Runs a program in this terminal.
 *
 * @param {string} command
 * @param {string[]} parameters
 * @param {{ cwd?: string }} [options]
 * @returns {Promise<number>} its exit code
 */
export function passOn(command, parameters, options = {}) {
  const child = spawn(command, parameters, { cwd: root, ...options, stdio: 'inherit' })
  return exit(child, (signal) => {
    // Ctrl+C reaches everything in the terminal by itself; a second one would be taken for impatience.
    if (signal !== 'SIGINT') child.kill(signal)
  })
}

/**
 * The file to give to `node` for a program of an installed package. (What is in `node_modules/.bin` differs by system.)
 *
 * @param {string} packageName
 * @param {string} program
 */
export function nodeProgram(packageName, program) {
  const folder = join(root, 'node_modules', packageName)
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  return join(folder, typeof bin === 'string' ? bin : bin[program])
}

/**
 * Waits for a child. Signals that ask us to stop are for the child: we stop when it has.
 *
 * @param {import('node:child_process').ChildProcess} child
 * @param {(signal: NodeJS.Signals) => void} handOn
 * @returns {Promise<number>}
 */
async function exit(child, handOn) {
  process.on('SIGINT', handOn).on('SIGTERM', handOn)
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 143)))
    })
  } finally {
    process.off('SIGINT', handOn).off('SIGTERM', handOn)
  }
}
