import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { hasStamp, writeStamp } from './fingerprint.mjs'
import { root, runQuietly, step } from './steps.mjs'

// `npm ci` begins by emptying node_modules, so the stamp is gone until it has succeeded.
const STAMP = 'node_modules/.etude-installed'

/** Installs the packages of package-lock.json, unless they are there already. */
export async function install() {
  const lock = readFileSync(join(root, 'package-lock.json'))
  const { modules } = process.versions
  const wanted = [process.platform, process.arch, modules, createHash('sha1').update(lock).digest('hex')].join(' ')
  if (hasStamp(STAMP, wanted)) return

  if (!wasInstalledByHand(JSON.parse(lock.toString()))) {
    await step(
      'Installing packages',
      npmCi,
      'a minute or two; better-sqlite3 is compiled if no binary can be downloaded',
    )
  }
  writeStamp(STAMP, wanted)
}

async function npmCi() {
  const { command, parameters } = npm()
  await runQuietly(command, [...parameters, 'ci', '--no-audit', '--no-fund'], { env: { ...process.env, ...headers() } })
}

/** The npm that runs this script, or else the one that comes with this Node, or else the one on the path. */
function npm() {
  const running = process.env.npm_execpath ?? ''
  const besideNode = join(dirname(process.execPath), 'node_modules/npm/bin/npm-cli.js')
  const script = [running, besideNode].find((file) => basename(file) === 'npm-cli.js' && existsSync(file))
  return script ? { command: process.execPath, parameters: [script] } : { command: 'npm', parameters: [] }
}

/**
 * Compiling needs the headers of the running Node. Where they lie beside it, they need not be downloaded.
 *
 * @returns {{ npm_config_nodedir?: string }}
 */
function headers() {
  if (process.env.npm_config_nodedir) return {}
  const folder = dirname(dirname(process.execPath))
  const version = join(folder, 'include', 'node', 'node_version.h')
  if (!existsSync(version)) return {}
  const [, modules] = /#define NODE_MODULE_VERSION (\d+)/.exec(readFileSync(version, 'utf8')) ?? []
  return modules === process.versions.modules ? { npm_config_nodedir: folder } : {}
}

/**
 * Whether somebody has run npm here themselves, for this lock file and this Node.
 *
 * npm leaves a copy of the lock file in node_modules when it is through. Optional packages may be missing from it: most
 * of them are for other systems.
 *
 * @param {{ packages: Record<string, { version?: string, optional?: boolean, link?: boolean }> }} lock
 */
function wasInstalledByHand(lock) {
  let installed
  try {
    installed = JSON.parse(readFileSync(join(root, 'node_modules/.package-lock.json'), 'utf8')).packages
  } catch {
    return false
  }
  // The native part was made for one version of Node. Another process tries it: one that fails can never load it again.
  const sqlite = spawnSync(process.execPath, ['--eval', `new (require('better-sqlite3'))(':memory:')`], { cwd: root })
  if (sqlite.status !== 0) return false
  return Object.entries(lock.packages).every(
    ([path, { version, optional, link }]) =>
      !path.includes('node_modules/') || link || optional || installed[path]?.version === version,
  )
}
