// Adds to package-lock.json the packages for other systems that npm has left out. npm runs it by itself ("dependencies")
// whenever it has changed what is installed.
//
// A native package has one optional package per system. When npm writes the lock file it drops those that the registry
// it asks does not have (a mirror that keeps only some, or keeps them later). Then `npm ci` of npm 11 refuses the lock
// file, and people on those systems get a package without its binary. With --check it only says what is missing.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './setup/steps.mjs'

const file = join(root, 'package-lock.json')
const lock = JSON.parse(readFileSync(file, 'utf8'))
const missing = Object.entries(lock.packages).flatMap(([path, entry]) =>
  Object.entries(entry.optionalDependencies ?? {})
    .filter(([name]) => !lock.packages[`node_modules/${name}`] && !lock.packages[`${path}/node_modules/${name}`])
    .map(([name, version]) => ({ name, version, isForDevelopment: entry.dev })),
)

if (process.argv.includes('--check')) {
  if (missing.length > 0) {
    console.error(`package-lock.json lacks ${missing.map(({ name }) => name).join(', ')}. Run: npm run dependencies`)
    process.exitCode = 1
  }
} else if (missing.length > 0) {
  for (const { name, version, isForDevelopment } of missing) {
    if (!/^\d/.test(version)) throw new Error(`${name} has no exact version (${version}); add it by hand.`)
    const { os, cpu, libc } = systemOf(name)
    lock.packages[`node_modules/${name}`] = {
      version,
      cpu: [cpu],
      ...(isForDevelopment && { dev: true }),
      ...(libc && { libc: [libc] }),
      optional: true,
      ...(os && { os: [os] }),
    }
  }
  lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en')))
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
  console.log(`Added ${missing.length} packages to package-lock.json.`)
}

/**
 * What a package such as `oxide-linux-arm64-musl` runs on.
 *
 * @param {string} name
 */
function systemOf(name) {
  const os = /\b(aix|android|darwin|freebsd|linux|netbsd|openbsd|openharmony|sunos|win32)\b/.exec(name)?.[1]
  const cpu = /\b(arm64|arm|ia32|loong64|mips64el|ppc64|riscv64|s390x|wasm32|x64)\b/.exec(name)?.[1]
  if (!cpu) throw new Error(`Which system is ${name} for? Add it by hand.`)
  const libc = /-musl/.test(name) ? 'musl' : /linux.*-gnu/.test(name) ? 'glibc' : undefined
  return { os, cpu, libc }
}
