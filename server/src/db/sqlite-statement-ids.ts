import type { NumberedStatement, Statement } from './sqlite-writer.mjs'

const MAX_IDS = 500

/**
 * Numbers the statements that are sent to the writing thread, so that each text goes there only once.
 *
 * To be asked in the order of sending: when there are too many, numbers are given again, with their new texts.
 */
export class SqliteStatementIds {
  readonly #ids = new Map<string, number>()

  number({ sql, parameters }: Statement): NumberedStatement {
    const known = this.#ids.get(sql)
    if (known !== undefined) return { id: known, parameters }
    if (this.#ids.size >= MAX_IDS) this.#ids.clear()
    const id = this.#ids.size
    this.#ids.set(sql, id)
    return { id, sql, parameters }
  }
}
