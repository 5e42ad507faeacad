// npm run bench -- <name>: measures one thing and prints a table. The first run installs the gateway we compare with:
// nobody who only wants Etude needs it.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const BENCHES = { fanout: './fanout.mjs' }

const [name, ...options] = process.argv.slice(2)
if (!(name in BENCHES)) {
  console.error(`Usage: npm run bench -- <${Object.keys(BENCHES).join('|')}>`)
  process.exit(2)
}
install()
const { main } = await import(BENCHES[name])
await main(options)
process.exit()

function install() {
  const folder = fileURLToPath(new URL('portkey', import.meta.url))
  if (existsSync(`${folder}/node_modules/.package-lock.json`)) return
  console.error('Installing the gateway we compare with (a minute or less) …')
  // --prefix keeps npm from installing the workspace above the folder; none of the packages needs its scripts.
  const npm = spawnSync('npm', ['ci', '--prefix', folder, '--ignore-scripts'], {
    cwd: folder,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
  if (npm.status !== 0) process.exit(npm.status ?? 1)
}
