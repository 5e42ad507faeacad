// Runs the built server for a moment, so that V8 has compiled what a start and the first requests need, and writes what
// it has compiled to the code cache.
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cacheFile, compile, run } from './bin/script.js'

const GIVE_UP_AFTER_MS = 20_000

const folder = mkdtempSync(join(tmpdir(), 'etude-warm-up-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
const port = await freePort()

for (const name of Object.keys(process.env)) if (/^(ETUDE_|DATABASE_URL$)/.test(name)) delete process.env[name]
Object.assign(process.env, { ETUDE_PORT: String(port), ETUDE_DATA: folder, ETUDE_LOG_LEVEL: 'silent' })
// Away from a configuration file that may lie in the folder we were called from.
process.chdir(folder)
process.argv.splice(2, Infinity, 'serve')

const script = compile(undefined)
run(script)
await answer('/healthz')
for (const path of ['/readyz', '/', '/models', '/openapi.json']) await fetch(`http://127.0.0.1:${port}${path}`)
// What a start does after its first answer: it looks for the first administrator.
await new Promise((resolve) => setTimeout(resolve, 300))
writeFileSync(cacheFile, script.createCachedData())
process.exit()

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  server.close()
  await once(server, 'close')
  return port
}

/** @param {string} path */
async function answer(path) {
  const deadline = performance.now() + GIVE_UP_AFTER_MS
  for (;;) {
    const reply = await fetch(`http://127.0.0.1:${port}${path}`).catch(() => undefined)
    if (reply?.ok) return
    if (performance.now() > deadline) throw new Error(`The server did not answer within ${GIVE_UP_AFTER_MS} ms.`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
