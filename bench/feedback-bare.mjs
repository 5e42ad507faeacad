import Database from 'better-sqlite3'
import pg from 'pg'
import { LEAF_COLUMNS, ROW_COLUMNS, toRows } from './feedback-rows.mjs'

const SELECTS = {
  byRef: 'select * from feedback where project_id = 1 and weave_ref = $1',
  byUser: `select feedback.* from feedback_leaves
    join feedback on feedback.project_id = 1 and feedback.row_id = feedback_leaves.row_id
    where feedback_leaves.project_id = 1 and path = '.user' and value = $1`,
}
const REMOVALS = {
  find: 'select row_id, payload from feedback where project_id = 1 and id = $1',
  row: 'delete from feedback where project_id = 1 and row_id = $1',
  leaf: 'delete from feedback_leaves where project_id = 1 and path = $1 and value = $2 and row_id = $3',
}

/**
 * The same rows into and out of the same tables by prepared statements, nothing else:
 * `create(feedback, callers)`, `createBatch(batch)`, `byRef(ref)`, `byUser(user)`, `replace(id, feedback)`, `close()`.
 */
export function bareSqlite(file) {
  const database = new Database(file)
  database.pragma('journal_mode = WAL')
  database.pragma('synchronous = FULL')
  const prepare = (sql) => database.prepare(sql.replaceAll(/\$\d+/g, '?'))
  const insertRow = prepare(insertInto('feedback', ROW_COLUMNS))
  const insertLeaf = prepare(insertInto('feedback_leaves', LEAF_COLUMNS))
  const selects = { byRef: prepare(SELECTS.byRef), byUser: prepare(SELECTS.byUser) }
  const removals = { find: prepare(REMOVALS.find), row: prepare(REMOVALS.row), leaf: prepare(REMOVALS.leaf) }
  const insert = ({ row, leaves }) => {
    insertRow.run(...row)
    for (const leaf of leaves) insertLeaf.run(...leaf)
  }
  const store = database.transaction((all) => {
    for (const one of all) insert(one)
  })
  const swap = database.transaction((id, next) => {
    for (const { row_id: rowId, payload } of removals.find.all(id)) {
      for (const [key, value] of Object.entries(JSON.parse(payload)))
        removals.leaf.run(`.${key}`, `${typeof value === 'number' ? 'n' : 's'}${value}`, rowId)
      removals.row.run(rowId)
    }
    insert(next)
  })
  return {
    create: async (feedback) => store([toRows(feedback)]),
    createBatch: async (batch) => store(batch.map(toRows)),
    byRef: async (ref) => selects.byRef.all(ref).length,
    byUser: async (user) => selects.byUser.all(`s${user}`).length,
    replace: async (id, feedback) => swap(id, toRows(feedback)),
    close: async () => database.close(),
  }
}

/** See {@link bareSqlite}; each caller has a connection of its own. */
export async function barePostgres(connectionString, connections) {
  const pool = new pg.Pool({ connectionString, max: connections, pipeline: true })
  const insert = (client, { row, leaves }) => [
    client.query({ name: 'row', text: insertInto('feedback', ROW_COLUMNS), values: row }),
    ...leaves.map((values) =>
      client.query({ name: 'leaf', text: insertInto('feedback_leaves', LEAF_COLUMNS), values }),
    ),
  ]
  /** Sent without waiting in between. */
  const transaction = async (work) => {
    const client = await pool.connect()
    try {
      await Promise.all([client.query('begin'), ...work(client), client.query('commit')])
    } finally {
      client.release()
    }
  }
  const select = async (name, value) => (await pool.query({ name, text: SELECTS[name], values: [value] })).rows.length
  return {
    create: (feedback) => transaction((client) => insert(client, toRows(feedback))),
    createBatch: (batch) => transaction((client) => batch.flatMap((one) => insert(client, toRows(one)))),
    byRef: (ref) => select('byRef', ref),
    byUser: (user) => select('byUser', `s${user}`),
    replace: async (id, feedback) => {
      const { rows } = await pool.query({ name: 'find', text: REMOVALS.find, values: [id] })
      await transaction((client) => [
        ...rows.flatMap(({ row_id: rowId, payload }) => [
          ...Object.entries(JSON.parse(payload)).map(([key, value]) =>
            client.query({
              name: 'remove-leaf',
              text: REMOVALS.leaf,
              values: [`.${key}`, `${typeof value === 'number' ? 'n' : 's'}${value}`, rowId],
            }),
          ),
          client.query({ name: 'remove-row', text: REMOVALS.row, values: [rowId] }),
        ]),
        ...insert(client, toRows(feedback)),
      ])
    },
    close: () => pool.end(),
  }
}

function insertInto(table, columns) {
  return `insert into ${table} (${columns.join(', ')}) values (${columns.map((_, index) => `$${index + 1}`).join(', ')})`
}
