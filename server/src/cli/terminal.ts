import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'

/** Where a command is run: what it knows, hears and says. */
export type Terminal = {
  environment: Record<string, string | undefined>
  stdin: NodeJS.ReadableStream & { isTTY?: boolean }
  stdout: NodeJS.WritableStream
  stderr: NodeJS.WritableStream
}

/** What other programs may read. */
export function say(terminal: Terminal, text: string): void {
  terminal.stdout.write(`${text}\n`)
}

/** What is only for the person at the keyboard. */
export function remark(terminal: Terminal, text: string): void {
  terminal.stderr.write(`${text}\n`)
}

/** Columns as wide as their widest cell. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, ...rows]
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/**
 * Reads one line without showing what is typed; without a keyboard, the first line that is piped in.
 *
 * @throws {Error} when nothing comes.
 */
export async function readSecretLine(terminal: Terminal, question: string): Promise<string> {
  const { stdin, stderr } = terminal
  const isTyped = stdin.isTTY === true
  if (isTyped) stderr.write(question)
  const lines = createInterface({ input: stdin, output: DARKNESS, terminal: isTyped, historySize: 0 })
  try {
    for await (const line of lines) return line
  } finally {
    lines.close()
    if (isTyped) stderr.write('\n')
  }
  throw new Error('No password was given.')
}

/** Readline echoes what is typed; here it goes nowhere. */
const DARKNESS = new Writable({ write: (_chunk, _encoding, done) => done() })
