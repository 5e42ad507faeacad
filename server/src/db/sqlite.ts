import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import { AppError } from '../errors.ts'
import { storageError } from './sqlite-errors.ts'
import { SqliteReader } from './sqlite-reader.ts'
import { lockForServer } from './sqlite-server-lock.ts'
import { type SqliteTransaction, SqliteWriteQueue, type WriteResult } from './sqlite-write-queue.ts'
import type { Tables } from './tables.ts'

/** How long to wait for another process that is writing, e.g. a command line tool. */
const BUSY_TIMEOUT_MS = 5000

export type SqliteDatabase = {
  db: Kysely<Tables>
  writes: SqliteWriteQueue
  close(): Promise<void>
}

/**
 * Opens the file (and makes it and its folder where missing): reads on this thread, writes on another.
 *
 * @throws {AppError} in a sentence, when the folder or file cannot be used or another server has it.
 */
export function openSqlite(
  file: string,
  options: { as: 'server' | 'tool'; transactionIdleMs?: number },
): SqliteDatabase {
  makeFolder(dirname(file))
  const unlock = options.as === 'server' ? lockForServer(file) : () => {}
  let reader: SqliteReader
  try {
    if (!existsSync(file)) makeFile(file)
    reader = new SqliteReader(file, BUSY_TIMEOUT_MS)
  } catch (error) {
    unlock()
    throw storageError(error, file)
  }
  const writes = new SqliteWriteQueue(file, {
    busyTimeoutMs: BUSY_TIMEOUT_MS,
    transactionIdleMs: options.transactionIdleMs ?? 3000,
  })
  const db = new Kysely<Tables>({ dialect: new WriteQueueDialect(reader, writes) })
  return {
    db,
    writes,
    close: async () => {
      await db.destroy()
      reader.close()
      await writes.close()
      unlock()
    },
  }
}

/** What is in it is nobody else's business on this machine; SQLite gives the files beside it the same permissions. */
function makeFile(file: string): void {
  closeSync(openSync(file, 'a', 0o600))
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw new AppError(
      'unavailable',
      'storage_unavailable',
      `The data folder ${folder} cannot be made: ${(error as Error).message}.`,
      {
        cause: error,
      },
    )
  }
}

class WriteQueueDialect implements Dialect {
  readonly #reader: SqliteReader
  readonly #writes: SqliteWriteQueue

  constructor(reader: SqliteReader, writes: SqliteWriteQueue) {
    this.#reader = reader
    this.#writes = writes
  }

  createDriver(): Driver {
    return new WriteQueueDriver(this.#reader, this.#writes)
  }

  createQueryCompiler() {
    return new SqliteQueryCompiler()
  }

  createAdapter() {
    return new SqliteAdapter()
  }

  createIntrospector(db: Kysely<unknown>) {
    return new SqliteIntrospector(db)
  }
}

class WriteQueueDriver implements Driver {
  readonly #reader: SqliteReader
  readonly #writes: SqliteWriteQueue

  constructor(reader: SqliteReader, writes: SqliteWriteQueue) {
    this.#reader = reader
    this.#writes = writes
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<WriteQueueConnection> {
    return new WriteQueueConnection(this.#reader, this.#writes)
  }

  async beginTransaction(connection: WriteQueueConnection): Promise<void> {
    connection.transaction = this.#writes.startTransaction()
  }

  async commitTransaction(connection: WriteQueueConnection): Promise<void> {
    const { transaction } = connection
    connection.transaction = undefined
    await transaction?.commit()
  }

  /** Kysely also calls this after a failed commit: then nothing is left to undo. */
  async rollbackTransaction(connection: WriteQueueConnection): Promise<void> {
    const { transaction } = connection
    connection.transaction = undefined
    await transaction?.rollback()
  }

  async savepoint(connection: WriteQueueConnection, name: string): Promise<void> {
    await connection.transaction?.run({ sql: `savepoint "${name}"`, parameters: [] })
  }

  async rollbackToSavepoint(connection: WriteQueueConnection, name: string): Promise<void> {
    await connection.transaction?.run({ sql: `rollback to "${name}"`, parameters: [] })
  }

  async releaseSavepoint(connection: WriteQueueConnection, name: string): Promise<void> {
    await connection.transaction?.run({ sql: `release "${name}"`, parameters: [] })
  }

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {}
}

class WriteQueueConnection implements DatabaseConnection {
  transaction: SqliteTransaction | undefined
  readonly #reader: SqliteReader
  readonly #writes: SqliteWriteQueue

  constructor(reader: SqliteReader, writes: SqliteWriteQueue) {
    this.#reader = reader
    this.#writes = writes
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    if (!this.transaction && isRead(query)) return { rows: this.#reader.all(query) as Row[] }
    refuseTransactionControl(query)
    const result = this.transaction ? await this.transaction.run(query) : await this.#writes.write([query])
    return toQueryResult(result)
  }

  // biome-ignore lint/correctness/useYield: Kysely's interface wants a generator.
  async *streamQuery<Row>(): AsyncIterableIterator<QueryResult<Row>> {
    throw new Error('Read long results in pages: an unfinished read would hide newer rows from everybody else.')
  }
}

function toQueryResult<Row>({ rows, changes, lastRowId }: WriteResult): QueryResult<Row> {
  return {
    rows: rows as Row[],
    ...(changes === undefined ? {} : { numAffectedRows: BigInt(changes) }),
    ...(lastRowId === undefined ? {} : { insertId: BigInt(lastRowId) }),
  }
}

function isRead({ query, sql }: CompiledQuery): boolean {
  if (query.kind === 'SelectQueryNode') return true
  return query.kind === 'RawNode' && /^\s*(select|explain|pragma)\b/i.test(sql)
}

function refuseTransactionControl({ query, sql }: CompiledQuery): void {
  if (query.kind === 'RawNode' && /^\s*(begin|commit|end|rollback|savepoint|release)\b/i.test(sql))
    throw new Error(`Use db.transaction() instead of the statement "${sql}".`)
}
