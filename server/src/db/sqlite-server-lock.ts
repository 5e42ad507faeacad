import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import Database from 'better-sqlite3'
import { AppError } from '../errors.ts'
import { storageError } from './sqlite-errors.ts'

/**
 * Makes sure that only one server uses a SQLite file; command line tools need no lock.
 *
 * The lock is an open exclusive transaction on a tiny database beside the file, so the operating system releases it
 * however the process ends. The process id lies in a third file: reading the locked one would not be possible, and
 * closing it after reading would drop the lock of our own process.
 *
 * @returns how to release it.
 * @throws {AppError} `database_in_use` naming the other process.
 */
export function lockForServer(file: string): () => void {
  const pidFile = `${file}.pid`
  const lockFile = `${file}.lock`
  let lock: Database.Database | undefined
  try {
    lock = new Database(lockFile, { timeout: 0 })
    lock.pragma('journal_mode = DELETE')
    lock.exec('begin exclusive')
    writeFileSync(pidFile, `${process.pid}\n`)
  } catch (error) {
    lock?.close()
    if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')) {
      throw new AppError(
        'unavailable',
        'database_in_use',
        `The database ${file} is in use by another Etude server${otherProcess(pidFile)}: stop it first, or use another data folder (ETUDE_DATA). Several servers need PostgreSQL (DATABASE_URL).`,
      )
    }
    throw storageError(error, lockFile)
  }
  const held = lock
  return () => {
    rmSync(pidFile, { force: true })
    held.close()
  }
}

function otherProcess(pidFile: string): string {
  try {
    return ` (process ${readFileSync(pidFile, 'utf8').trim()})`
  } catch {
    return '' // It has only just started and not written its number yet.
  }
}
