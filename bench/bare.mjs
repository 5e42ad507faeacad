// The least that a stored setting and a list can cost in Fastify: one read and one durable write of better-sqlite3, and
// one read of a page. Run as a child process; its argument is the SQLite file.
import Database from 'better-sqlite3'
import fastify from 'fastify'

const SESSIONS = 1_000
const PAGE = 50

const database = new Database(process.argv[2])
database.pragma('journal_mode = WAL')
database.pragma('synchronous = FULL')
database.exec(
  'create table sessions (session_id integer primary key, created_at text not null, title text not null, settings text not null)',
)
const insert = database.prepare('insert into sessions values (?, ?, ?, ?)')
database.transaction(() => {
  for (let id = 1; id <= SESSIONS; id += 1)
    insert.run(id, new Date(1_767_225_600_000 + id).toISOString(), `Session ${id}`, '{"temperature":1}')
})()

const find = database.prepare('select settings from sessions where session_id = ?')
const update = database.prepare('update sessions set settings = ? where session_id = ?')
const list = database.prepare('select * from sessions order by session_id desc limit ?')

const app = fastify()
app.patch('/sessions/:id', (request) => {
  const settings = { ...JSON.parse(find.get(request.params.id).settings), ...request.body }
  update.run(JSON.stringify(settings), request.params.id)
  return settings
})
app.get('/sessions', () => ({ items: list.all(PAGE) }))
await app.listen({ host: '127.0.0.1', port: 0 })
process.send({ port: app.server.address().port })
