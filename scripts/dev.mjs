// npm run dev: the page from Vite, which shows every change at once, and the server, built anew and started again when one
// of its files changes. Sign in with the link that the server prints; then open the address that Vite prints.
import './setup/require-node.mjs'
import { spawn } from 'node:child_process'
import { watch } from 'node:fs'
import { join } from 'node:path'
import { install } from './setup/install.mjs'
import { nodeProgram, root } from './setup/steps.mjs'

/** An editor that saves all writes many files. */
const SETTLE_MS = 150

await install()
/** @param {string[]} parameters */
const node = (parameters, cwd = root) => spawn(process.execPath, parameters, { cwd, stdio: 'inherit' })

const page = node([nodeProgram('vite', 'vite')], join(root, 'web'))
/** @type {import('node:child_process').ChildProcess | undefined} */
let server
/** @type {NodeJS.Timeout | undefined} */
let settling
rebuild()
watch(join(root, 'server/src'), { recursive: true }, (_, file) => {
  if (file?.endsWith('.test.ts')) return
  clearTimeout(settling)
  settling = setTimeout(rebuild, SETTLE_MS)
})
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
  process.on(signal, () => {
    page.kill(signal)
    server?.kill(signal)
    process.exit()
  })
}

function rebuild() {
  node([join(root, 'server/build.mjs'), '--no-code-cache']).once('exit', (code) => {
    // What does not build is not run: the server that works goes on.
    if (code !== 0) return
    const start = () => {
      server = node([join(root, 'server/bin/etude.js'), 'serve'])
    }
    if (server?.exitCode === null && server.kill()) server.once('exit', start)
    else start()
  })
}
