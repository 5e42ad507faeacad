// The thread that writes the SQLite file. Plain JavaScript because Node 20 cannot start a worker from TypeScript, and
// a file of its own because a bundle cannot start one from the middle of itself. What is written, and when it is
// committed, is decided in sqlite-write-queue.ts; this file only does it.
import { parentPort, workerData } from 'node:worker_threads'
import Sqlite from 'better-sqlite3'

/**
 * @typedef {{ sql: string, parameters: readonly unknown[] }} Statement
 * @typedef {{ id: number, sql?: string, parameters: readonly unknown[] }} NumberedStatement With its text when the number
 *   is new, or stands for another text from now on.
 */

/**
 * @template Statement
 * @typedef {(
 *   | { kind: 'write', statements: readonly Statement[] }
 *   | { kind: 'begin' }
 *   | { kind: 'inside', statement: Statement }
 *   | { kind: 'keep' }
 *   | { kind: 'undo' }
 *   | { kind: 'commit' }
 * )} OperationOf `write` is all or nothing; `begin` … `keep` or `undo` is one interactive transaction with what is
 *   `inside`; nothing is on the disk before `commit`.
 */

/**
 * @typedef {OperationOf<Statement>} Operation
 * @typedef {OperationOf<NumberedStatement>} NumberedOperation
 * @typedef {{ rows: Record<string, unknown>[], jsonColumns?: string[], changes?: number, lastRowId?: number }} Result
 * @typedef {{ result: Result } | { error: { message: string, code: string | undefined } }} Reply
 */

/** @type {Result} */
const NOTHING = { rows: [] }

/** @type {{ file: string, jsonType: string, busyTimeoutMs: number }} */
const { file, jsonType, busyTimeoutMs } = workerData
const connection = new Sqlite(file, { timeout: busyTimeoutMs })
connection.pragma('journal_mode = WAL')
connection.pragma('synchronous = FULL')
connection.pragma('foreign_keys = ON')
// Savepoints would open temporary files.
connection.pragma('temp_store = MEMORY')
// Pages that are written again and again are copied into the file once in a while, not at every thousandth.
connection.pragma('wal_autocheckpoint = 4000')
connection.pragma(`journal_size_limit = ${64 * 1024 * 1024}`)

/**
 * By their numbers.
 *
 * @type {{ sql: string, prepared?: { statement: import('better-sqlite3').Statement<unknown[]>, jsonColumns: string[] | undefined } }[]}
 */
const statementsById = []

const begin = connection.prepare('begin immediate')
const commit = connection.prepare('commit')
const rollback = connection.prepare('rollback')
const savepoint = connection.prepare('savepoint etude')
const release = connection.prepare('release etude')
const rollbackToSavepoint = connection.prepare('rollback to etude')

/**
 * Why everything up to the next commit fails: the group could not begin, or SQLite has undone it (disk full).
 *
 * @type {unknown}
 */
let groupError

parentPort?.on('message', (/** @type {readonly NumberedOperation[] | 'close'} */ message) => {
  if (message === 'close') {
    if (connection.inTransaction) rollback.run()
    connection.close()
    parentPort?.close()
  } else {
    parentPort?.postMessage(message.map(perform))
  }
})

/**
 * @param {NumberedOperation} operation
 * @returns {Reply}
 */
function perform(operation) {
  try {
    return { result: operation.kind === 'commit' ? commitGroup() : performInGroup(operation) }
  } catch (error) {
    const { message, code } = /** @type {Error & { code?: string }} */ (error)
    return { error: { message, code } }
  }
}

/**
 * @param {Exclude<NumberedOperation, { kind: 'commit' }>} operation
 * @returns {Result}
 */
function performInGroup(operation) {
  if (groupError !== undefined) throw groupError
  try {
    if (!connection.inTransaction) begin.run()
  } catch (error) {
    groupError = error
    throw error
  }
  try {
    return change(operation)
  } catch (error) {
    // Most failures undo their own statement only; some (disk full, failed read or write) undo all that is open. A
    // savepoint that cannot be opened or closed leaves nothing to rely on.
    const isStatement = operation.kind === 'write' || operation.kind === 'inside'
    if (!connection.inTransaction || !isStatement) groupError ??= error
    throw error
  }
}

/**
 * @param {Exclude<NumberedOperation, { kind: 'commit' }>} operation
 * @returns {Result}
 */
function change(operation) {
  switch (operation.kind) {
    case 'write':
      return write(operation.statements)
    case 'inside':
      return run(operation.statement)
    case 'begin':
      savepoint.run()
      return NOTHING
    case 'keep':
      release.run()
      return NOTHING
    case 'undo':
      undoSavepoint()
      return NOTHING
  }
}

/** @returns {Result} */
function commitGroup() {
  try {
    if (groupError !== undefined) throw groupError
    if (connection.inTransaction) commit.run()
    return NOTHING
  } catch (error) {
    if (connection.inTransaction) rollback.run()
    throw error
  } finally {
    groupError = undefined
  }
}

/**
 * @param {readonly NumberedStatement[]} statements
 * @returns {Result}
 */
function write(statements) {
  const [only] = statements
  if (only && statements.length === 1) return run(only)
  savepoint.run()
  try {
    for (const statement of statements) run(statement)
    release.run()
    return NOTHING
  } catch (error) {
    if (connection.inTransaction) undoSavepoint()
    throw error
  }
}

function undoSavepoint() {
  try {
    rollbackToSavepoint.run()
    release.run()
  } catch (error) {
    groupError = error
    throw error
  }
}

/**
 * @param {NumberedStatement} statement
 * @returns {Result}
 */
function run({ id, sql, parameters }) {
  if (sql !== undefined) statementsById[id] = { sql }
  const { statement, jsonColumns } = preparedOf(id)
  if (statement.reader) {
    const rows = /** @type {Record<string, unknown>[]} */ (statement.all(...parameters))
    return jsonColumns ? { rows, jsonColumns } : { rows }
  }
  const { changes, lastInsertRowid } = statement.run(...parameters)
  return { rows: [], changes, lastRowId: Number(lastInsertRowid) }
}

/** @param {number} id */
function preparedOf(id) {
  const known = statementsById[id]
  if (known === undefined) throw new Error(`There is no statement ${id}.`)
  if (known.prepared) return known.prepared
  const statement = connection.prepare(known.sql)
  const json = statement.reader ? statement.columns().filter((column) => column.type === jsonType) : []
  known.prepared = { statement, jsonColumns: json.length > 0 ? json.map((column) => column.name) : undefined }
  return known.prepared
}
