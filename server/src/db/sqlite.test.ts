import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Worker } from 'node:worker_threads'
import Sqlite from 'better-sqlite3'
import { build } from 'esbuild'
import { sql } from 'kysely'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openDatabase } from './open.ts'
import { openSqlite } from './sqlite.ts'
import { newTestFolder } from './testing.ts'

const TIMES = { started_at: '2026-01-01T00:00:00.000Z', heartbeat_at: '2026-01-01T00:00:00.000Z' }
const row = (id: string | number) => ({ server_id: String(id), ...TIMES })

async function openTestDatabase(options: { transactionIdleMs?: number } = {}) {
  const file = join(newTestFolder(), 'etude.sqlite')
  const { close: closeMigrated } = await openDatabase({ database: { kind: 'sqlite', file } })
  await closeMigrated()
  const { db, writes, close } = openSqlite(file, { as: 'server', ...options })
  onTestFinished(close)
  const ids = async () => {
    const rows = await db.selectFrom('servers').select('server_id').orderBy('server_id').execute()
    return rows.map(({ server_id }) => server_id)
  }
  return {
    file,
    db,
    writes,
    close,
    ids,
    insert: (id: string | number) => db.insertInto('servers').values(row(id)).execute(),
  }
}

describe('writing to SQLite', () => {
  it('commits writes that arrive together in few commits', async () => {
    const { db, writes, insert } = await openTestDatabase()

    await Promise.all(Array.from({ length: 100 }, (_, id) => insert(id)))

    const { count } = await db.selectFrom('servers').select(db.fn.countAll().as('count')).executeTakeFirstOrThrow()
    expect(count).toBe(100)
    expect(writes.commits).toBeLessThan(10)
  })

  it('keeps statements apart, however many different ones there are', async () => {
    const { db, insert, ids } = await openTestDatabase()
    const inserted: string[] = []
    await Promise.all(
      Array.from({ length: 1_200 }, async (_, number) => {
        inserted.push(`own ${number}`, `shared ${number}`)
        const own = sql.lit(`own ${number}`)
        await sql`insert into servers values (${own}, ${TIMES.started_at}, ${TIMES.heartbeat_at})`.execute(db)
        if (number % 2 === 0) await insert(`shared ${number}`)
        else
          await db.transaction().execute((tx) =>
            tx
              .insertInto('servers')
              .values(row(`shared ${number}`))
              .execute(),
          )
      }),
    )
    expect(await ids()).toEqual(inserted.toSorted())
  })

  it('shows a row to readers, here and elsewhere, as soon as its writer is answered', async () => {
    const { file, db, insert, ids } = await openTestDatabase()
    const elsewhere = new Sqlite(file, { readonly: true })
    onTestFinished(() => void elsewhere.close())

    await Promise.all(
      Array.from({ length: 50 }, async (_, id) => {
        if (id % 2 === 0) await insert(id)
        else await db.transaction().execute((tx) => tx.insertInto('servers').values(row(id)).execute())
        expect(await ids()).toContain(String(id))
        expect(elsewhere.prepare('select 1 from servers where server_id = ?').get(String(id))).toBeDefined()
      }),
    )
  })

  it('fails only the one write that is wrong', async () => {
    const { insert, ids } = await openTestDatabase()

    const outcomes = await Promise.allSettled(['a', 'b', 'b', 'c'].map(insert))

    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled'])
    expect(await ids()).toEqual(['a', 'b', 'c'])
  })

  it('shows the row that was in the way to whoever is told that it exists', async () => {
    const { insert, ids } = await openTestDatabase()

    const [, seen] = await Promise.all([insert('a'), insert('a').catch(() => ids())])

    expect(seen).toEqual(['a'])
  })

  it('refuses values that SQLite cannot hold, and the others of the moment are written', async () => {
    const { db, insert, ids } = await openTestDatabase()
    const wrong = (value: unknown) => sql`update servers set started_at = ${value}`.execute(db)

    const good = insert('a')
    await expect(wrong(true)).rejects.toThrow('Parameter 1 of the query is true: truth values are stored as 0 and 1.')
    await expect(wrong(undefined)).rejects.toThrow('undefined: use null')
    await expect(wrong({ a: 1 })).rejects.toThrow('an object: JSON is passed as a string')
    await expect(wrong(new Date())).rejects.toThrow('a Date')
    await expect(wrong(Number.NaN)).rejects.toThrow('NaN')
    await expect(wrong(Symbol('s'))).rejects.toThrow('a symbol')
    await expect(sql`select ${true}`.execute(db)).rejects.toThrow('truth values')
    await good

    expect(await ids()).toEqual(['a'])
  })

  it('keeps binary values and large integers', async () => {
    const { db } = await openTestDatabase()
    const bytes = Buffer.from([0, 1, 255])
    await sql`create table samples (bytes blob, number bigint)`.execute(db)

    const written = await sql`insert into samples values (${bytes}, ${2 ** 53 - 1}) returning *`.execute(db)
    const read = await sql`select * from samples`.execute(db)

    expect(written.rows).toEqual([{ bytes, number: 2 ** 53 - 1 }])
    expect(read.rows).toEqual(written.rows)
  })

  it('says so and does not hang when its thread has stopped', async () => {
    let thread: Worker | undefined
    const remember = (worker: Worker) => {
      thread = worker
    }
    process.on('worker', remember)
    onTestFinished(() => void process.off('worker', remember))
    const { insert } = await openTestDatabase()
    await insert('before')

    const first = insert('a')
    await thread?.terminate()

    await expect(first).rejects.toThrow('The thread that writes the database has stopped.')
    await expect(insert('b')).rejects.toThrow('The thread that writes the database has stopped.')
  })

  it('finishes what has arrived before it closes', async () => {
    const { file, insert, close } = await openTestDatabase()

    const written = Promise.all([insert('a'), insert('b')])
    await Promise.all([written, Promise.resolve().then(close)])

    const elsewhere = new Sqlite(file)
    onTestFinished(() => void elsewhere.close())
    expect(elsewhere.prepare('select count(*) as count from servers').get()).toEqual({ count: 2 })
    await expect(insert('c')).rejects.toThrow()
  })
})

describe('transactions on SQLite', () => {
  it('leave nothing when they are rolled back, and others are kept', async () => {
    const { db, insert, ids } = await openTestDatabase()
    const failing = db.transaction().execute(async (tx) => {
      await tx.insertInto('servers').values(row('gone')).execute()
      expect(await tx.selectFrom('servers').select('server_id').where('server_id', '=', 'gone').execute()).toHaveLength(
        1,
      )
      throw new Error('changed my mind')
    })

    const outcomes = await Promise.allSettled([insert('a'), failing, insert('b')])

    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(await ids()).toEqual(['a', 'b'])
  })

  it('run one after another and lose no update', async () => {
    const { db, writes } = await openTestDatabase()
    await db.insertInto('id_blocks').values({ name: 'counter', next_id: 0 }).execute()
    const before = writes.commits

    await Promise.all(
      Array.from({ length: 50 }, () =>
        db.transaction().execute(async (tx) => {
          const { next_id } = await tx.selectFrom('id_blocks').select('next_id').executeTakeFirstOrThrow()
          await tx
            .updateTable('id_blocks')
            .set({ next_id: next_id + 1 })
            .execute()
        }),
      ),
    )

    expect(await db.selectFrom('id_blocks').select('next_id').execute()).toEqual([{ next_id: 50 }])
    expect(writes.commits - before).toBeLessThan(50)
  })

  it('go on after a failed statement when the caller wants to, and have savepoints', async () => {
    const { db, insert, ids } = await openTestDatabase()
    await insert('a')

    const tx = await db.startTransaction().execute()
    await expect(tx.insertInto('servers').values(row('a')).execute()).rejects.toThrow('UNIQUE')
    const inner = await tx.savepoint('inner').execute()
    await inner.insertInto('servers').values(row('b')).execute()
    await inner.rollbackToSavepoint('inner').execute()
    await tx.insertInto('servers').values(row('c')).execute()
    expect(await ids()).toEqual(['a'])
    await tx.commit().execute()

    expect(await ids()).toEqual(['a', 'c'])
  })

  it('are given up when they wait for somebody who waits for them', async () => {
    const { db, insert, ids } = await openTestDatabase({ transactionIdleMs: 50 })

    const stuck = db.transaction().execute(async (tx) => {
      await tx.insertInto('servers').values(row('inside')).execute()
      await insert('outside')
      await tx.insertInto('servers').values(row('after')).execute()
    })

    await expect(stuck).rejects.toThrow('inside a transaction await only its own statements')
    expect(await ids()).toEqual(['outside'])
  })

  it('may be slow when nobody waits', async () => {
    const { db, ids } = await openTestDatabase({ transactionIdleMs: 20 })

    await db.transaction().execute(async (tx) => {
      await tx.insertInto('servers').values(row('a')).execute()
      await new Promise((resolve) => setTimeout(resolve, 100))
      await tx.insertInto('servers').values(row('b')).execute()
    })

    expect(await ids()).toEqual(['a', 'b'])
  })

  it('are not begun or ended by hand', async () => {
    const { db } = await openTestDatabase()

    await expect(sql`begin`.execute(db)).rejects.toThrow('Use db.transaction()')
    await expect(sql`commit`.execute(db)).rejects.toThrow('Use db.transaction()')
  })
})

describe('faults of the disk', () => {
  it('fails what a full disk has undone, and works again when there is room', async () => {
    const { db, insert, ids } = await openTestDatabase()
    const limitPages = (count: number) =>
      db.transaction().execute((tx) => sql.raw(`pragma max_page_count = ${count}`).execute(tx))
    await insert('before')

    await limitPages(1)
    const outcomes = await Promise.allSettled([insert('small'), insert('x'.repeat(1_000_000))])
    await limitPages(1_000_000)
    await insert('after')

    expect(outcomes[1]).toMatchObject({
      reason: { message: expect.stringContaining('The disk that holds the database is full') },
    })
    const stored = await ids()
    expect(stored).toContain('before')
    expect(stored).toContain('after')
    expect(stored.includes('small')).toBe(outcomes[0]?.status === 'fulfilled')
  })

  it('explains a folder that cannot be written', async () => {
    const folder = newTestFolder()
    chmodSync(folder, 0o555)
    asNobody()

    const open = openDatabase({ database: { kind: 'sqlite', file: join(folder, 'etude.sqlite') } })

    await expect(open).rejects.toThrow(`cannot be written: check the permissions of the folder ${folder}`)
  })

  it('explains a folder that cannot be made', async () => {
    const folder = newTestFolder()
    writeFileSync(join(folder, 'file'), '')

    const open = openDatabase({ database: { kind: 'sqlite', file: join(folder, 'file', 'etude.sqlite') } })

    await expect(open).rejects.toThrow(`The data folder ${join(folder, 'file')} cannot be made`)
  })

  it('explains a file that is something else', async () => {
    const file = join(newTestFolder(), 'etude.sqlite')
    writeFileSync(file, 'This is a letter to my grandmother, and not a database at all.'.repeat(50))

    await expect(openDatabase({ database: { kind: 'sqlite', file } })).rejects.toThrow('not a SQLite database')
    rmSync(file)
    const { close } = await openDatabase({ database: { kind: 'sqlite', file } })
    await close()
  })
})

describe('a second server on a SQLite file', () => {
  it('is refused with the number of the first, and let in after it', async () => {
    const database = { kind: 'sqlite', file: join(newTestFolder(), 'etude.sqlite') } as const
    const first = await openDatabase({ database })

    await expect(openDatabase({ database })).rejects.toThrow(`another Etude server (process ${process.pid})`)
    await first.close()
    const second = await openDatabase({ database })

    await second.close()
  })

  it('is welcome as a command line tool', async () => {
    const database = { kind: 'sqlite', file: join(newTestFolder(), 'etude.sqlite') } as const
    const server = await openDatabase({ database })
    const tool = await openDatabase({ database }, undefined, 'tool')
    onTestFinished(async () => {
      await tool.close()
      await server.close()
    })

    await Promise.all([
      ...Array.from({ length: 20 }, (_, id) =>
        server.db
          .insertInto('servers')
          .values(row(`server${id}`))
          .execute(),
      ),
      ...Array.from({ length: 20 }, (_, id) =>
        tool.db
          .insertInto('servers')
          .values(row(`tool${id}`))
          .execute(),
      ),
    ])

    expect(await server.db.selectFrom('servers').select('server_id').execute()).toHaveLength(40)
  })
})

describe('a server killed with kill -9', () => {
  it('has kept every row that it acknowledged, and the next may start', async () => {
    const file = join(newTestFolder(), 'etude.sqlite')
    const { child, acknowledged } = await startAcknowledgingWriter(file)
    await acknowledged(300)

    await expect(openDatabase({ database: { kind: 'sqlite', file } })).rejects.toThrow(`(process ${child.pid})`)
    const tool = await openDatabase({ database: { kind: 'sqlite', file } }, undefined, 'tool')
    await tool.db.insertInto('servers').values(row('tool')).execute()
    await tool.close()
    const before = await acknowledged(600)
    child.kill('SIGKILL')
    await new Promise((resolve) => child.once('close', resolve))

    const { db, close } = await openDatabase({ database: { kind: 'sqlite', file } })
    onTestFinished(close)
    const stored = new Set(
      (await db.selectFrom('servers').select('server_id').execute()).map((entry) => entry.server_id),
    )
    expect(before.length).toBeGreaterThanOrEqual(600)
    expect(before.filter((id) => !stored.has(id))).toEqual([])
    expect(stored).toContain('tool')
  })
})

/** Bundled as the server is, because Node 20 does not run TypeScript. */
async function startAcknowledgingWriter(file: string) {
  const folder = newBuildFolder()
  const outfile = join(folder, 'writer.cjs')
  await build({
    entryPoints: [join(import.meta.dirname, 'acknowledging-writer.fixture.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    logOverride: { 'empty-import-meta': 'silent' },
    packages: 'external',
  })
  copyFileSync(join(import.meta.dirname, 'sqlite-writer.mjs'), join(folder, 'sqlite-writer.mjs'))
  const child = spawn(process.execPath, [outfile, file], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  return { child, acknowledged: countLines(child) }
}

/** Inside the repository, so that packages are found from there. */
function newBuildFolder(): string {
  const cache = join(import.meta.dirname, '../../.cache')
  mkdirSync(cache, { recursive: true })
  const folder = mkdtempSync(join(cache, 'test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Returns how to wait until so many lines have been printed; it gives all of them, to the last one. */
function countLines(child: ChildProcess): (count: number) => Promise<string[]> {
  const lines: string[] = []
  let check = () => {}
  if (child.stdout)
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line)
      check()
    })
  return (count) =>
    new Promise((resolve, reject) => {
      child.once('exit', () => reject(new Error('The process ended by itself.')))
      check = () => lines.length >= count && resolve(lines)
      check()
    })
}

/** Root may write everywhere: for the rest of the test this process is somebody else. */
function asNobody(): void {
  if (process.geteuid?.() !== 0) return
  process.seteuid?.(65_534)
  onTestFinished(() => process.seteuid?.(0))
}
