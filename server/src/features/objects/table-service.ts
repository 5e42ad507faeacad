import type { Person } from '../accounts/person.ts'
import { type Json, JsonText } from '../weave/exact-json.ts'
import type { ProjectAccess, WeaveProjects } from '../weave/project-access.ts'
import { storedTime } from '../weave/query/time.ts'
import type { RefAccess } from '../weave/ref-access.ts'
import { restoreJson, restoreJsonText, storeJson } from '../weave/stored-json.ts'
import { invalidRequest, WeaveError } from '../weave/weave-error.ts'
import { tableDigest, valueDigest } from './digest.ts'
import { withInternalRefs } from './internal-refs.ts'
import { digestMismatch } from './object-service.ts'
import { bySortKeys, type RowOrder, type SortKey, sortKeyOf } from './table-order.ts'
import type { PlacedRow, Row, TableStats, TableStore } from './table-store.ts'

export type TableRow = { [key: string]: Json }
export type TableChange = { append: TableRow } | { pop: number } | { insert: TableRow; index: number }
export type TableQuery = {
  digest: string
  rowDigests: readonly string[] | null
  order: readonly RowOrder[]
  limit: number | null
  offset: number | null
}

/** Rows that are in memory at a time while a table is being read. */
const ROWS_PER_READ = 500

/** Tables: lists of rows, called by the digest of their rows (weave.md §2.4). */
export class TableService {
  readonly #store: TableStore
  readonly #projects: Pick<WeaveProjects, 'forReading' | 'forWriting'>
  readonly #refs: Pick<RefAccess, 'check' | 'mask'>
  readonly #now: () => Date

  constructor(deps: {
    store: TableStore
    projects: Pick<WeaveProjects, 'forReading' | 'forWriting'>
    refs: Pick<RefAccess, 'check' | 'mask'>
    now: () => Date
  }) {
    this.#store = deps.store
    this.#projects = deps.projects
    this.#refs = deps.refs
    this.#now = deps.now
  }

  /** @param expectedDigest what the client computed; @throws {WeaveError} 409 when it is another, and nothing is stored. */
  async create(person: Person, projectName: string, rows: readonly TableRow[], expectedDigest: string | null) {
    await this.#refs.check(person, projectName, rows)
    const access = await this.#projects.forWriting(person, projectName)
    const stored: Row[] = []
    for (const row of rows) stored.push(await this.#toRow(access, row))
    const rowDigests = stored.map(({ digest }) => digest)
    const digest = tableDigest(rowDigests)
    if (expectedDigest !== null && expectedDigest !== digest) throw digestMismatch(expectedDigest, digest)
    await this.#store.storeRows(access.projectId, stored)
    await this.#store.storeTable(access.projectId, digest, rowDigests, storedTime(this.#now()))
    return { digest, rowDigests }
  }

  /**
   * Makes a table of rows that are in the project already.
   *
   * @throws {WeaveError} 404 naming rows that are not, 409 when the digest is not the one expected.
   */
  async createFromDigests(
    person: Person,
    projectName: string,
    rowDigests: readonly string[],
    expectedDigest: string | null,
  ): Promise<{ digest: string }> {
    const access = await this.#projects.forWriting(person, projectName)
    const digest = tableDigest(rowDigests)
    if (expectedDigest !== null && expectedDigest !== digest) throw digestMismatch(expectedDigest, digest)
    const missing = await this.#store.missingRows(access.projectId, rowDigests)
    if (missing.length > 0)
      throw new WeaveError(404, 'RefObjectsNotFoundError', `Table rows not found: ${missing.slice(0, 10).join(', ')}`, {
        missing_object_digests: missing.slice(0, 1_000),
      })
    await this.#store.storeTable(access.projectId, digest, rowDigests, storedTime(this.#now()))
    return { digest }
  }

  /**
   * Makes a new table of an old one, one change after the other; the old one stays.
   *
   * @returns the digest of the row that each change added or took away.
   * @throws {WeaveError} 404 when the table is not there, 400 for a position outside of it.
   */
  async update(person: Person, projectName: string, baseDigest: string, changes: readonly TableChange[]) {
    await this.#refs.check(person, projectName, changes)
    const access = await this.#projects.forWriting(person, projectName)
    if ((await this.#store.findRowCount(access.projectId, baseDigest)) === undefined) throw tableNotFound(baseDigest)
    const rowDigests = await this.#store.readMembers(access.projectId, baseDigest)
    const added: Row[] = []
    const changedDigests: string[] = []
    const add = async (row: TableRow): Promise<string> => {
      const stored = await this.#toRow(access, row)
      added.push(stored)
      return stored.digest
    }
    for (const change of changes) {
      if ('append' in change) {
        const digest = await add(change.append)
        rowDigests.push(digest)
        changedDigests.push(digest)
      } else if ('pop' in change) {
        const [popped] = isIndex(change.pop, rowDigests.length) ? rowDigests.splice(change.pop, 1) : []
        if (popped === undefined) throw invalidRequest('Index out of range')
        changedDigests.push(popped)
      } else {
        if (!isIndex(change.index, rowDigests.length + 1)) throw invalidRequest('Index out of range')
        const digest = await add(change.insert)
        rowDigests.splice(change.index, 0, digest)
        changedDigests.push(digest)
      }
    }
    const digest = tableDigest(rowDigests)
    await this.#store.storeRows(access.projectId, added)
    await this.#store.storeTable(access.projectId, digest, rowDigests, storedTime(this.#now()))
    return { digest, changedDigests }
  }

  /**
   * Rows of a table, some at a time; none of a table that is not there.
   *
   * Everything that can be refused is refused before the first row.
   */
  async query(
    person: Person,
    projectName: string,
    query: TableQuery,
  ): Promise<AsyncIterable<{ digest: string; val: JsonText; original_index: number }>> {
    if (query.limit !== null && query.limit < 0) throw invalidRequest('Limit must be non-negative')
    if (query.offset !== null && query.offset < 0) throw invalidRequest('Offset must be non-negative')
    const sortKey = sortKeyOf(query.order)
    const access = await this.#projects.forReading(person, projectName)
    if ((await this.#store.findRowCount(access.projectId, query.digest)) === undefined) return none()
    if (query.order.length === 0) return this.#inOrder(access, query)
    return this.#sorted(access, query, sortKey)
  }

  /** How many rows tables have; those that are not there are left out. */
  async stats(person: Person, projectName: string, digests: readonly string[], withStorage: boolean) {
    const { projectId } = await this.#projects.forReading(person, projectName)
    return this.#store.stats(projectId, digests, withStorage)
  }

  /** @throws {WeaveError} 404 when the table is not there. */
  async getStats(person: Person, projectName: string, digest: string): Promise<TableStats> {
    const [stats] = await this.stats(person, projectName, [digest], false)
    if (!stats) throw tableNotFound(digest)
    return stats
  }

  async storageBytes(access: ProjectAccess): Promise<number> {
    return this.#store.storageBytes(access.projectId)
  }

  async *#inOrder(access: ProjectAccess, { digest, rowDigests, limit, offset }: TableQuery) {
    // Without a filter the position says how many rows come before.
    let toSkip = rowDigests ? (offset ?? 0) : 0
    let from = rowDigests ? 0 : (offset ?? 0)
    let left = limit ?? Number.POSITIVE_INFINITY
    while (left > 0) {
      const rows = await this.#store.readRows(access.projectId, digest, { from, limit: ROWS_PER_READ, rowDigests })
      const wanted = rows.slice(toSkip, toSkip + left)
      toSkip = Math.max(0, toSkip - rows.length)
      left -= wanted.length
      yield* await this.#toWire(access, wanted)
      const last = rows.at(-1)
      if (!last || rows.length < ROWS_PER_READ) return
      from = last.position + 1
    }
  }

  async *#sorted(access: ProjectAccess, query: TableQuery, sortKey: (row: Json) => SortKey) {
    const places: { position: number; key: SortKey }[] = []
    for (let from = 0; ; ) {
      const { rowDigests } = query
      const rows = await this.#store.readRows(access.projectId, query.digest, {
        from,
        limit: ROWS_PER_READ,
        rowDigests,
      })
      for (const { position, val } of rows) places.push({ position, key: sortKey(restoreJson(val)) })
      const last = rows.at(-1)
      if (!last || rows.length < ROWS_PER_READ) break
      from = last.position + 1
    }
    const compare = bySortKeys(query.order)
    places.sort((a, b) => compare(a.key, b.key) || a.position - b.position)
    const offset = query.offset ?? 0
    const wanted = places.slice(offset, query.limit === null ? undefined : offset + query.limit)
    for (let first = 0; first < wanted.length; first += ROWS_PER_READ) {
      const positions = wanted.slice(first, first + ROWS_PER_READ).map(({ position }) => position)
      yield* await this.#toWire(access, await this.#store.readRowsAt(access.projectId, query.digest, positions))
    }
  }

  async #toWire(access: ProjectAccess, rows: readonly PlacedRow[]) {
    const texts = await this.#refs.mask(
      access,
      rows.map(({ val }) => restoreJsonText(val).text),
    )
    return rows.map(({ digest, position }, index) => ({
      digest,
      val: new JsonText(texts[index] ?? 'null'),
      original_index: position,
    }))
  }

  async #toRow(access: ProjectAccess, row: TableRow): Promise<Row> {
    const digest = valueDigest(await withInternalRefs(row, access, this.#projects))
    const val = storeJson(row)
    return { digest, val, sizeBytes: Buffer.byteLength(val) }
  }
}

function isIndex(index: number, end: number): boolean {
  return index >= 0 && index < end
}

async function* none(): AsyncGenerator<never> {}

function tableNotFound(digest: string): WeaveError {
  return new WeaveError(404, 'NotFoundError', `Table ${digest} not found`)
}
