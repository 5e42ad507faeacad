import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import { AppError } from '../errors.ts'

/** Makes an error that crossed from the writing thread the error it was. */
export function restoreError({ message, code }: { message: string; code: string | undefined }): Error {
  if (code?.startsWith('SQLITE_')) return new Database.SqliteError(message, code)
  return new TypeError(message)
}

/** Says in a sentence what is wrong with the file or its disk; other errors stay what they are. */
export function storageError(error: unknown, file: string): unknown {
  const explanation = explain(error, file)
  return explanation ? new AppError('unavailable', 'storage_unavailable', explanation, { cause: error }) : error
}

function explain(error: unknown, file: string): string | undefined {
  if (!(error instanceof Database.SqliteError)) return undefined
  const folder = dirname(file)
  switch (error.code.split('_')[1]) {
    case 'FULL':
      return `The disk that holds the database is full (${folder}).`
    case 'READONLY':
    case 'CANTOPEN':
    case 'PERM':
      return `The database ${file} cannot be written: check the permissions of the folder ${folder} and the files in it.`
    case 'BUSY':
    case 'LOCKED':
      return `The database ${file} is locked by another program.`
    case 'IOERR':
      return `The database ${file} could not be read or written; the disk may be full or failing.`
    case 'NOTADB':
    case 'CORRUPT':
      return `The database ${file} is damaged, or not a SQLite database.`
  }
}
