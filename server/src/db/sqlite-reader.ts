import Sqlite from 'better-sqlite3'
import { SQLITE_JSON_TYPE } from './sqlite-dialect.ts'
import { checkParameters, decodeJson } from './sqlite-values.ts'

type Query = { sql: string; parameters: readonly unknown[] }
type Row = Record<string, unknown>
type Prepared = { statement: Sqlite.Statement<unknown[], Row>; jsonColumns: readonly string[] }

const MAX_CACHED_STATEMENTS = 500

/** Reads what has been committed, at once and on the calling thread; it cannot write. */
export class SqliteReader {
  readonly #file: string
  readonly #busyTimeoutMs: number
  readonly #connection: Sqlite.Database
  readonly #cache = new Map<string, Prepared>()

  constructor(file: string, busyTimeoutMs: number) {
    this.#file = file
    this.#busyTimeoutMs = busyTimeoutMs
    this.#connection = this.#connect()
  }

  all({ sql, parameters }: Query): Row[] {
    checkParameters(parameters)
    const { statement, jsonColumns } = this.#prepare(sql)
    const rows = statement.all(...parameters)
    if (jsonColumns.length > 0) for (const row of rows) for (const column of jsonColumns) decodeJson(row, column)
    return rows
  }

  /** Reads in pieces, on a connection of its own: an unfinished read would hide newer commits from all others on it. */
  *stream({ sql, parameters }: Query, chunkSize: number): Generator<Row[]> {
    checkParameters(parameters)
    const connection = this.#connect()
    try {
      const { statement, jsonColumns } = prepare(connection, sql)
      let rows: Row[] = []
      for (const row of statement.iterate(...parameters)) {
        for (const column of jsonColumns) decodeJson(row, column)
        rows.push(row)
        if (rows.length < chunkSize) continue
        yield rows
        rows = []
      }
      if (rows.length > 0) yield rows
    } finally {
      connection.close()
    }
  }

  close(): void {
    this.#connection.close()
  }

  #connect(): Sqlite.Database {
    const connection = new Sqlite(this.#file, { timeout: this.#busyTimeoutMs })
    connection.pragma('query_only = ON')
    return connection
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
