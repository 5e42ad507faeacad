import type { CompiledQuery } from 'kysely'
import type { Database } from '../../db/open.ts'

/** JSON text of a row, by its digest. */
export type Row = { digest: string; val: string; sizeBytes: number }
/** A row where it stands in a table. */
export type PlacedRow = { position: number; digest: string; val: string }
export type TableStats = { digest: string; rowCount: number; storageBytes: number | null }

/** Rows of one statement: SQLite takes at most 32,766 parameters in it. */
const ROWS_PER_INSERT = 500
/** Rows of one commit: others can write in between, and the disk is not asked too often. */
const ROWS_PER_COMMIT = 5_000

/**
 * Tables and their rows. A row is stored once in a project, however many tables it is in; a table is the list of the
 * digests of its rows.
 */
export class TableStore {
  readonly #database: Pick<Database, 'db' | 'batch'>

  constructor(database: Pick<Database, 'db' | 'batch'>) {
    this.#database = database
  }

  /** Stores rows that are not there yet, some at a time, so that others can write in between. */
  async storeRows(projectId: number, rows: readonly Row[]): Promise<void> {
    // In one order, whoever stores them: else two who store the same rows could wait for each other on PostgreSQL.
    const ordered = [...new Map(rows.map((row) => [row.digest, row])).values()].sort((a, b) =>
      a.digest < b.digest ? -1 : 1,
    )
    await this.#insert(ordered, (some) =>
      this.#database.db
        .insertInto('weave_table_rows')
        .values(
          some.map(({ digest, val, sizeBytes }) => ({ project_id: projectId, digest, val, size_bytes: sizeBytes })),
        )
        .onConflict((conflict) => conflict.doNothing())
        .compile(),
    )
  }

  /** Stores a table of rows that are there. It can be seen when all of it is stored. */
  async storeTable(projectId: number, digest: string, rowDigests: readonly string[], now: string): Promise<void> {
    if ((await this.findRowCount(projectId, digest)) !== undefined) return
    let position = 0
    await this.#insert(rowDigests, (some) =>
      this.#database.db
        .insertInto('weave_table_members')
        .values(
          some.map((row) => ({
            project_id: projectId,
            table_digest: digest,
            position: position++,
            row_digest: row,
          })),
        )
        .onConflict((conflict) => conflict.doNothing())
        .compile(),
    )
    await this.#database.db
      .insertInto('weave_tables')
      .values({ project_id: projectId, digest, row_count: rowDigests.length, created_at: now })
      .onConflict((conflict) => conflict.doNothing())
      .execute()
  }

  /** Those of the digests of rows that are not there. */
  async missingRows(projectId: number, digests: readonly string[]): Promise<string[]> {
    const missing = new Set(digests)
    for (const some of inSteps([...missing], ROWS_PER_INSERT)) {
      const rows = await this.#database.db
        .selectFrom('weave_table_rows')
        .select('digest')
        .where('project_id', '=', projectId)
        .where('digest', 'in', some)
        .execute()
      for (const { digest } of rows) missing.delete(digest)
    }
    return [...missing]
  }

  async findRowCount(projectId: number, digest: string): Promise<number | undefined> {
    const row = await this.#database.db
      .selectFrom('weave_tables')
      .select('row_count')
      .where('project_id', '=', projectId)
      .where('digest', '=', digest)
      .executeTakeFirst()
    return row?.row_count
  }

  /** The digests of a table's rows in their order. */
  async readMembers(projectId: number, digest: string): Promise<string[]> {
    const members: string[] = []
    for (;;) {
      const rows = await this.#database.db
        .selectFrom('weave_table_members')
        .select('row_digest')
        .where('project_id', '=', projectId)
        .where('table_digest', '=', digest)
        .where('position', '>=', members.length)
        .orderBy('position')
        .limit(MEMBERS_PER_READ)
        .execute()
      for (const { row_digest } of rows) members.push(row_digest)
      if (rows.length < MEMBERS_PER_READ) return members
    }
  }

  /**
   * Rows from a position on, in the order of the table.
   *
   * @param rowDigests only these, if given.
   */
  async readRows(
    projectId: number,
    table: string,
    { from, limit, rowDigests }: { from: number; limit: number; rowDigests: readonly string[] | null },
  ): Promise<PlacedRow[]> {
    let query = this.#placedRows(projectId, table).where('member.position', '>=', from)
    if (rowDigests) query = query.where('member.row_digest', 'in', rowDigests)
    return query.orderBy('member.position').limit(limit).execute()
  }

  /** The rows at positions, in the order of the positions given. */
  async readRowsAt(projectId: number, table: string, positions: readonly number[]): Promise<PlacedRow[]> {
    if (positions.length === 0) return []
    const rows = await this.#placedRows(projectId, table).where('member.position', 'in', positions).execute()
    const byPosition = new Map(rows.map((row) => [row.position, row]))
    return positions.flatMap((position) => byPosition.get(position) ?? [])
  }

  /** One row by its digest, whichever tables it is in. */
  async findRow(projectId: number, digest: string): Promise<string | undefined> {
    const row = await this.#database.db
      .selectFrom('weave_table_rows')
      .select('val')
      .where('project_id', '=', projectId)
      .where('digest', '=', digest)
      .executeTakeFirst()
    return row?.val
  }

  /** Those of the tables that are there, in no order. */
  async stats(projectId: number, digests: readonly string[], withStorage: boolean): Promise<TableStats[]> {
    if (digests.length === 0) return []
    const { db } = this.#database
    const tables = await db
      .selectFrom('weave_tables')
      .select(['digest', 'row_count'])
      .where('project_id', '=', projectId)
      .where('digest', 'in', digests)
      .execute()
    const sizes = new Map<string, number>()
    if (withStorage && tables.length > 0) {
      const rows = await db
        .selectFrom('weave_table_members as member')
        .innerJoin('weave_table_rows as row', (join) =>
          join.onRef('row.project_id', '=', 'member.project_id').onRef('row.digest', '=', 'member.row_digest'),
        )
        .select((select) => ['member.table_digest', select.fn.sum<number>('row.size_bytes').as('bytes')])
        .where('member.project_id', '=', projectId)
        .where('member.table_digest', 'in', digests)
        .groupBy('member.table_digest')
        .execute()
      for (const { table_digest, bytes } of rows) sizes.set(table_digest, Number(bytes))
    }
    return tables.map(({ digest, row_count }) => ({
      digest,
      rowCount: row_count,
      storageBytes: withStorage ? (sizes.get(digest) ?? 0) : null,
    }))
  }

  async storageBytes(projectId: number): Promise<number> {
    const { total } = await this.#database.db
      .selectFrom('weave_table_rows')
      .select((select) => select.fn.sum<number | null>('size_bytes').as('total'))
      .where('project_id', '=', projectId)
      .executeTakeFirstOrThrow()
    return Number(total ?? 0)
  }

  async #insert<Item>(items: readonly Item[], toQuery: (some: readonly Item[]) => CompiledQuery): Promise<void> {
    for (const some of inSteps(items, ROWS_PER_COMMIT))
      await this.#database.batch([...inSteps(some, ROWS_PER_INSERT)].map(toQuery))
  }

  #placedRows(projectId: number, table: string) {
    return this.#database.db
      .selectFrom('weave_table_members as member')
      .innerJoin('weave_table_rows as row', (join) =>
        join.onRef('row.project_id', '=', 'member.project_id').onRef('row.digest', '=', 'member.row_digest'),
      )
      .select(['member.position', 'row.digest', 'row.val'])
      .where('member.project_id', '=', projectId)
      .where('member.table_digest', '=', table)
  }
}

const MEMBERS_PER_READ = 5_000

function* inSteps<Item>(items: readonly Item[], size: number): Generator<Item[]> {
  for (let first = 0; first < items.length; first += size) yield items.slice(first, first + size)
}
