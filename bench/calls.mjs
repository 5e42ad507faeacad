import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import Database from 'better-sqlite3'
import pg from 'pg'
import { Agent, request } from 'undici'
import { folder, stopChild, usageOf } from './children.mjs'
import { AUTHORIZATION, ETUDE, startEtude } from './contenders.mjs'
import { say } from './measure.mjs'
import { startPostgres } from './postgres.mjs'
import { atLeast, machine, median, megabytes, ms, printAims, printTable, ratioOf, times, whole } from './table.mjs'

/** What the npm SDK gathers in its 200 ms when a program makes 500 calls a second: a beginning and an end of each. */
const CALLS_PER_BATCH = 100
const CLIENTS = 4
const READ_CALLS = 100_000

/** Taking calls in batches and streaming many of them, beside bare prepared statements on the same engine. */
export async function main(args) {
  const { values } = parseArgs({
    args,
    options: {
      rounds: { type: 'string', default: '5' },
      batches: { type: 'string', default: '200' },
      calls: { type: 'string', default: String(READ_CALLS) },
      engine: { type: 'string' },
      program: { type: 'string' },
    },
  })
  const amount = (value, most) => Math.min(most, Math.max(1, Number(value) || 1))
  const plan = {
    rounds: amount(values.rounds, 30),
    batches: amount(values.batches, 5_000),
    calls: amount(values.calls, 1_000_000),
    program: values.program ?? ETUDE,
  }
  const results = {}
  for (const [name, engine] of Object.entries({ SQLite: onSqlite, PostgreSQL: onPostgres }))
    if (!values.engine || name.toLowerCase().startsWith(values.engine)) results[name] = await engine(plan)
  print(results, plan)
}

async function onSqlite(plan) {
  const { started, origin } = await startEtude({ config: NO_MODELS, program: plan.program })
  makeTables(plan.program, { ETUDE_DATA: folder })
  return measure({ started, origin, bare: bareSqlite(join(folder, 'etude.sqlite')), plan, name: 'SQLite' })
}

async function onPostgres(plan) {
  const server = await startPostgres()
  try {
    const databaseUrl = await server.newDatabase('etude')
    const { started, origin } = await startEtude({ config: NO_MODELS, program: plan.program, databaseUrl })
    const bareUrl = await server.newDatabase('bare')
    makeTables(plan.program, { ETUDE_DATA: folder, DATABASE_URL: bareUrl })
    return await measure({ started, origin, bare: await barePostgres(bareUrl), plan, name: 'PostgreSQL' })
  } finally {
    await server.stop()
  }
}

const NO_MODELS = { providers: [], models: [] }

function makeTables(program, env) {
  execFileSync(process.execPath, [program, 'migrate'], {
    env: { PATH: process.env.PATH, HOME: folder, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

async function measure({ started, origin, bare, plan, name }) {
  const agent = new Agent({ connections: CLIENTS, bodyTimeout: 0 })
  const post = (path, body) =>
    request(origin + path, { dispatcher: agent, method: 'POST', headers: AUTHORIZATION, body })
  const ingest = async (project, batches) => {
    const bodies = batches.map((calls) => toBody(project, calls))
    const start = performance.now()
    let next = 0
    const client = async () => {
      while (next < bodies.length) {
        const reply = await post('/call/upsert_batch', bodies[next++])
        const text = await reply.body.text()
        if (reply.statusCode !== 200) throw new Error(`etude answered ${reply.statusCode}: ${text.slice(0, 500)}`)
      }
    }
    await Promise.all(Array.from({ length: CLIENTS }, client))
    return perSecond(batches, performance.now() - start)
  }
  const samples = { etude: [], bare: [] }
  await ingest('bench/warm-up', newBatches(50))
  await bare.ingest(newBatches(50))
  for (let round = 1; round <= plan.rounds; round += 1) {
    say(`${name}: taking calls, round ${round} of ${plan.rounds}`)
    samples.etude.push(await ingest(`bench/round-${round}`, newBatches(plan.batches)))
    samples.bare.push(await bare.ingest(newBatches(plan.batches)))
  }

  say(`${name}: ${whole(plan.calls)} calls to be streamed`)
  for (let left = Math.ceil(plan.calls / CALLS_PER_BATCH); left > 0; left -= 100)
    await ingest('bench/many', newBatches(Math.min(left, 100)))
  const stream = async () => {
    const start = performance.now()
    const reply = await post('/calls/stream_query', JSON.stringify({ project_id: 'bench/many' }))
    let [firstMs, lines] = [Number.NaN, 0]
    for await (const chunk of reply.body) {
      if (lines === 0) firstMs = performance.now() - start
      for (const byte of chunk) if (byte === 10) lines += 1
    }
    return { firstMs, lines, endMs: performance.now() - start }
  }
  const before = await usageOf(started)
  await stream()
  const reads = { firstMs: [], perSecond: [], barePerSecond: [] }
  for (let round = 1; round <= plan.rounds; round += 1) {
    const { firstMs, lines, endMs } = await stream()
    if (lines < plan.calls) throw new Error(`Of ${plan.calls} calls only ${lines} came.`)
    reads.firstMs.push(firstMs)
    reads.perSecond.push((lines / endMs) * 1_000)
    reads.barePerSecond.push(await bare.read())
  }
  const after = await usageOf(started)
  await agent.close()
  await bare.close()
  await stopChild(started)
  return { samples, reads, grownBytes: Math.max(0, after.peakRssBytes - before.peakRssBytes), rssBytes: after.rssBytes }
}

const perSecond = (batches, elapsedMs) => (batches.length * CALLS_PER_BATCH * 1_000) / elapsedMs

function newBatches(count) {
  return Array.from({ length: count }, () => Array.from({ length: CALLS_PER_BATCH }, newCall))
}

let calls = 0

/** A call of a chat: a prompt, an answer and the tokens of both. */
function newCall() {
  calls += 1
  const at = (ms) => new Date(1_767_225_600_000 + calls * 7 + ms).toISOString()
  return {
    id: randomUUID(),
    traceId: randomUUID(),
    startedAt: at(0),
    endedAt: at(850),
    attributes: { weave: { client_version: '0.11.1', source: 'js-sdk' } },
    inputs: { model: 'gpt-x', messages: [{ role: 'user', content: `Please count to ${calls}. `.repeat(8) }] },
    output: { choices: [{ message: { role: 'assistant', content: 'One, two, three, four, five, six. '.repeat(12) } }] },
    summary: { usage: { 'gpt-x': { requests: 1, prompt_tokens: 60, completion_tokens: 120, total_tokens: 180 } } },
  }
}

/** As the SDK sends it: beginnings and ends in one batch. */
function toBody(project_id, batch) {
  const starts = batch.map((call) => ({
    mode: 'start',
    req: {
      start: {
        project_id,
        id: call.id,
        op_name: 'weave:///bench/many/op/chat:GLPTO6ZMLyhtSKnXjXNZUSQ6VgiJ0ohpgGRGdm2RV7Y',
        trace_id: call.traceId,
        started_at: call.startedAt,
        attributes: call.attributes,
        inputs: call.inputs,
      },
    },
  }))
  const ends = batch.map((call) => ({
    mode: 'end',
    req: { end: { project_id, id: call.id, ended_at: call.endedAt, output: call.output, summary: call.summary } },
  }))
  return JSON.stringify({ batch: [...starts, ...ends] })
}

const COLUMNS = [
  'project_id',
  'call_id',
  'wb_user_id',
  'trace_id',
  'op_name',
  'started_at',
  'ended_at',
  'attributes',
  'inputs',
  'output',
  'summary',
  'start_bytes',
  'end_bytes',
]

function toRow(call) {
  return [
    1,
    call.id,
    'bench',
    call.traceId,
    'weave:///bench/many/op/chat:GLPTO6ZMLyhtSKnXjXNZUSQ6VgiJ0ohpgGRGdm2RV7Y',
    call.startedAt,
    call.endedAt,
    JSON.stringify(call.attributes),
    JSON.stringify(call.inputs),
    JSON.stringify(call.output),
    JSON.stringify(call.summary),
    300,
    600,
  ]
}

/** The same rows into the same table, one transaction a batch, each on the disk when it is committed. */
function bareSqlite(file) {
  const database = new Database(file)
  database.pragma('journal_mode = WAL')
  database.pragma('synchronous = FULL')
  const marks = COLUMNS.map(() => '?').join(', ')
  const insert = database.prepare(`insert into calls (${COLUMNS.join(', ')}) values (${marks})`)
  const store = database.transaction((rows) => {
    for (const row of rows) insert.run(...row)
  })
  return {
    ingest: async (batches) => {
      const rows = batches.map((batch) => batch.map(toRow))
      const start = performance.now()
      for (const batch of rows) store(batch)
      return perSecond(batches, performance.now() - start)
    },
    read: async () => {
      const start = performance.now()
      let count = 0
      const select = database.prepare('select * from calls where project_id = 1 order by started_at, call_id')
      for (const row of select.iterate()) count += row.inputs.length > 0 ? 1 : 0
      return (count / (performance.now() - start)) * 1_000
    },
    close: async () => database.close(),
  }
}

async function barePostgres(connectionString) {
  const client = new pg.Client({ connectionString })
  await client.connect()
  const marks = COLUMNS.map((_, index) => `$${index + 1}`).join(', ')
  const text = `insert into calls (${COLUMNS.join(', ')}) values (${marks})`
  return {
    ingest: async (batches) => {
      const rows = batches.map((batch) => batch.map(toRow))
      const start = performance.now()
      for (const batch of rows) {
        await client.query('begin')
        for (const values of batch) await client.query({ name: 'insert', text, values })
        await client.query('commit')
      }
      return perSecond(batches, performance.now() - start)
    },
    read: async () => {
      const start = performance.now()
      let [count, after] = [0, ['', '']]
      for (;;) {
        const { rows } = await client.query({
          name: 'read',
          text: 'select * from calls where project_id = 1 and (started_at, call_id) > ($1, $2) order by started_at, call_id limit 500',
          values: after,
        })
        count += rows.length
        if (rows.length < 500) break
        after = [rows.at(-1).started_at, rows.at(-1).call_id]
      }
      return (count / (performance.now() - start)) * 1_000
    },
    close: () => client.end(),
  }
}

function print(results, plan) {
  console.log(`\n${machine()}`)
  const engines = Object.keys(results)
  const row = (title, of) => [title, ...engines.map((engine) => of(results[engine]))]
  printTable(
    ['', ...engines],
    [
      row('calls a second, bare', ({ samples }) => whole(median(samples.bare))),
      row('calls a second, etude', ({ samples }) => whole(median(samples.etude))),
      row('etude ÷ bare', ({ samples }) => times(ratioOf(samples.etude, samples.bare))),
      row(`${whole(plan.calls)} calls: first line`, ({ reads }) => ms(median(reads.firstMs))),
      row('calls streamed a second', ({ reads }) => whole(median(reads.perSecond))),
      row('streamed ÷ read by bare statements', ({ reads }) => times(ratioOf(reads.perSecond, reads.barePerSecond))),
      row('peak memory grown by streaming', ({ grownBytes }) => megabytes(grownBytes)),
      row('memory afterwards', ({ rssBytes }) => megabytes(rssBytes)),
    ],
  )
  printAims(
    engines.flatMap((engine) =>
      atLeast(
        `0.5 × bare: calls taken on ${engine}`,
        0.5,
        ratioOf(results[engine].samples.etude, results[engine].samples.bare),
      ),
    ),
  )
}
