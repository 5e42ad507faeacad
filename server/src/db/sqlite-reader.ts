import Sqlite from 'better-sqlite3'
import { SQLITE_JSON_TYPE } from './sqlite-dialect.ts'
import { checkParameters, decodeJson } from './sqlite-values.ts'

type Query = { sql: string; parameters: readonly unknown[] }
type Row = Record<string, unknown>
type Prepared = { statement: Sqlite.Statement<unknown[], Row>; jsonColumns: readonly string[] }

const MAX_CACHED_STATEMENTS = 500

/** Reads what has been committed, at once and on the calling thread; it cannot write. */
export class SqliteReader {
  readonly #connection: Sqlite.Database
  readonly #cache = new Map<string, Prepared>()

  /** Opens the file, or makes it, and fails here, on the caller's own thread, if it could not be written. */
  constructor(file: string, busyTimeoutMs: number) {
    this.#connection = new Sqlite(file, { timeout: busyTimeoutMs })
    try {
      this.#connection.pragma('journal_mode = WAL')
      this.#connection.exec('begin immediate; commit')
      this.#connection.pragma('query_only = ON')
    } catch (error) {
      this.#connection.close()
      throw error
    }
  }

  all({ sql, parameters }: Query): Row[] {
    checkParameters(parameters)
    const { statement, jsonColumns } = this.#prepare(sql)
    const rows = statement.all(...parameters)
    if (jsonColumns.length > 0) for (const row of rows) for (const column of jsonColumns) decodeJson(row, column)
    return rows
  }

  close(): void {
    this.#connection.close()
  }

  #prepare(sql: string): Prepared {
    const known = this.#cache.get(sql)
    if (known) return known
    if (this.#cache.size >= MAX_CACHED_STATEMENTS)
      for (const oldest of [...this.#cache.keys()].slice(0, MAX_CACHED_STATEMENTS / 5)) this.#cache.delete(oldest)
    const prepared = prepare(this.#connection, sql)
    this.#cache.set(sql, prepared)
    return prepared
  }
}

function prepare(connection: Sqlite.Database, sql: string): Prepared {
  const statement = connection.prepare<unknown[], Row>(sql)
  const jsonColumns = statement.reader
    ? statement
        .columns()
        .filter((column) => column.type === SQLITE_JSON_TYPE)
        .map((column) => column.name)
    : []
  return { statement, jsonColumns }
}
