// npm run bench -- <name>: measures one thing and prints a table. What we compare with is installed by the first run
// that needs it: nobody who only wants Etude does.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Each with the folder of the packages it compares with. */
const BENCHES = {
  calls: { script: './calls.mjs' },
  fanout: { script: './fanout.mjs', packages: 'portkey' },
  feedback: { script: './feedback.mjs' },
  gateway: { script: './gateway.mjs', packages: 'portkey' },
  practice: { script: './practice.mjs' },
  skills: { script: './skills.mjs' },
  window: { script: './window.mjs', packages: 'langchain' },
}

const [name, ...options] = process.argv.slice(2)
if (!Object.hasOwn(BENCHES, name ?? '')) {
  console.error(`Usage: npm run bench -- <${Object.keys(BENCHES).join('|')}>`)
  process.exit(2)
}
const { script, packages } = BENCHES[name]
if (packages) install(packages)
const { main } = await import(script)
await main(options)
process.exit()

function install(packagesFolder) {
  const folder = fileURLToPath(new URL(packagesFolder, import.meta.url))
  if (existsSync(`${folder}/node_modules/.package-lock.json`)) return
  console.error('Installing what we compare with (a minute or less) …')
  // --prefix keeps npm from installing the workspace above the folder; none of the packages needs its scripts.
  const npm = spawnSync('npm', ['ci', '--prefix', folder, '--ignore-scripts'], {
    cwd: folder,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
  if (npm.status !== 0) process.exit(npm.status ?? 1)
}
