// A process for the tests to kill: it writes rows from many callers at once and prints each id once it is acknowledged.
import { type Database, openDatabase } from './open.ts'

async function writeForever({ db }: Database, caller: number): Promise<never> {
  for (let row = 1; ; row++) {
    const id = `${caller}.${row}`
    const values = { server_id: id, started_at: '', heartbeat_at: '' }
    if (row % 5 === 0) await db.transaction().execute((tx) => tx.insertInto('servers').values(values).execute())
    else await db.insertInto('servers').values(values).execute()
    process.stdout.write(`${id}\n`)
  }
}

openDatabase({ database: { kind: 'sqlite', file: process.argv[2] ?? '' } })
  .then((database) => Promise.all(Array.from({ length: 16 }, (_, caller) => writeForever(database, caller))))
  .catch((error) => {
    console.error(error)
    process.exit(1)
  })
