import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { newTestFolder } from '../../../db/testing.ts'

/** Prism in mock mode: it judges every request by a document, and answers what is not valid with an error. */
export async function startPrism(document: unknown): Promise<{ origin: string; stop: () => Promise<void> }> {
  const file = join(newTestFolder(), 'openapi.json')
  await writeFile(file, JSON.stringify(document))
  const program = createRequire(import.meta.url).resolve('@stoplight/prism-cli/dist/index.js')
  const args = [program, 'mock', '--errors', '--host', '127.0.0.1', '--port', '0', file]
  const prism = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const origin = await addressOf(prism)
  return {
    origin,
    stop: async () => {
      if (prism.exitCode !== null) return
      prism.kill()
      await once(prism, 'exit')
    },
  }
}

function addressOf(prism: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = ''
    // It goes on talking, and would stop if nobody listened.
    for (const stream of [prism.stdout!, prism.stderr!])
      stream.setEncoding('utf8').on('data', (text: string) => {
        said = (said + text).slice(-10_000)
        const found = /listening on (http:\/\/[\d.:]+)/.exec(said)?.[1]
        if (found !== undefined) resolve(found)
      })
    prism.once('error', reject)
    prism.once('exit', () => reject(new Error(`Prism ended: ${said}`)))
  })
}
