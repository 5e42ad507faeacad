import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Agent, request } from 'undici'
import { folder, stopChild, usageOf } from './children.mjs'
import { AUTHORIZATION, ETUDE, startEtude } from './contenders.mjs'
import { barePostgres, bareSqlite } from './feedback-bare.mjs'
import { callsIn, newFeedback, refOf, userOf, usersIn } from './feedback-rows.mjs'
import { say } from './measure.mjs'
import { startPostgres } from './postgres.mjs'
import { atLeast, machine, median, megabytes, ms, printAims, printTable, ratioOf, times, whole } from './table.mjs'

const CALLERS = [16, 64]
const BATCH = 50
const BATCH_CALLERS = 4
const READ_CALLERS = 4
const NO_MODELS = { providers: [], models: [] }

/** Feedback stored, found and replaced, beside bare prepared statements on the same engine. */
export async function main(args) {
  const { values } = parseArgs({
    args,
    options: {
      rounds: { type: 'string', default: '5' },
      rows: { type: 'string', default: '1000000' },
      requests: { type: 'string', default: '4000' },
      engine: { type: 'string' },
      program: { type: 'string' },
    },
  })
  const amount = (value, most) => Math.min(most, Math.max(1, Number(value) || 1))
  const plan = {
    rounds: amount(values.rounds, 30),
    rows: amount(values.rows, 10_000_000),
    requests: amount(values.requests, 100_000),
    program: values.program ?? ETUDE,
  }
  const results = {}
  for (const [name, engine] of Object.entries({ SQLite: onSqlite, PostgreSQL: onPostgres }))
    if (!values.engine || name.toLowerCase().startsWith(values.engine)) results[name] = await engine(plan)
  print(results, plan)
}

async function onSqlite(plan) {
  const { started, origin } = await startEtude({ config: NO_MODELS, program: plan.program })
  const data = join(folder, 'bare')
  mkdirSync(data)
  makeTables(plan.program, { ETUDE_DATA: data })
  return measure({ started, origin, bare: bareSqlite(join(data, 'etude.sqlite')), plan, name: 'SQLite' })
}

async function onPostgres(plan) {
  const server = await startPostgres()
  try {
    const databaseUrl = await server.newDatabase('etude')
    const { started, origin } = await startEtude({ config: NO_MODELS, program: plan.program, databaseUrl })
    const bareUrl = await server.newDatabase('bare')
    makeTables(plan.program, { ETUDE_DATA: folder, DATABASE_URL: bareUrl })
    // As many connections as Etude's pool has.
    return await measure({ started, origin, bare: await barePostgres(bareUrl, 20), plan, name: 'PostgreSQL' })
  } finally {
    await server.stop()
  }
}

function makeTables(program, env) {
  execFileSync(process.execPath, [program, 'migrate'], {
    env: { PATH: process.env.PATH, HOME: folder, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

async function measure({ started, origin, bare, plan, name }) {
  const agent = new Agent({ connections: Math.max(...CALLERS), bodyTimeout: 0, headersTimeout: 0 })
  const etude = overHttp(origin, agent)
  const samples = {}
  /** Takes turns; `work(contender, item)` is done for each item by so many callers. */
  const compare = async (title, callers, items, work) => {
    samples[title] ??= { etude: [], bare: [] }
    for (let round = 1; round <= plan.rounds; round += 1) {
      say(`${name}: ${title}, round ${round} of ${plan.rounds}`)
      samples[title].etude.push(await perSecond(callers, items(), (item) => work(etude, item)))
      samples[title].bare.push(await perSecond(callers, items(), (item) => work(bare, item)))
    }
  }
  let made = 0
  const some = (count) => Array.from({ length: count }, () => newFeedback(made++))
  const batches = (count) => Array.from({ length: count }, () => some(BATCH))
  for (const contender of [etude, bare]) await perSecond(16, some(1_000), (one) => contender.create(one))

  for (const callers of CALLERS)
    await compare(
      `creates, ${callers} callers`,
      callers,
      () => some(plan.requests),
      (to, one) => to.create(one),
    )
  await compare(
    `rows in batches of ${BATCH}`,
    BATCH_CALLERS,
    () => batches(plan.requests / 20),
    (to, batch) => to.createBatch(batch),
  )
  samples[`rows in batches of ${BATCH}`] = timesBatch(samples[`rows in batches of ${BATCH}`])

  say(`${name}: filling up to ${whole(plan.rows)} rows`)
  for (const contender of [etude, bare])
    for (let first = 0; first < plan.rows; first += 100_000) {
      const count = Math.min(100_000, plan.rows - first)
      const all = Array.from({ length: Math.ceil(count / 1_000) }, (_, index) =>
        Array.from({ length: Math.min(1_000, count) }, (_, place) => newFeedback(first + index * 1_000 + place)),
      )
      await perSecond(BATCH_CALLERS, all, (batch) => contender.createBatch(batch))
    }
  const before = await usageOf(started)
  const random = (most) => Math.floor(Math.random() * most)
  const refs = () => Array.from({ length: plan.requests }, () => refOf(random(callsIn(plan.rows))))
  const users = () => Array.from({ length: plan.requests }, () => userOf(random(usersIn(plan.rows))))
  const atRows = `at ${whole(plan.rows)} rows`
  await compare(`queries by weave_ref, one caller, ${atRows}`, 1, refs, (to, ref) => to.byRef(ref))
  await compare(`queries by weave_ref, ${atRows}`, READ_CALLERS, refs, (to, ref) => to.byRef(ref))
  await compare(`payload filters, ${atRows}`, READ_CALLERS, users, (to, user) => to.byUser(user))

  const ids = { etude: [], bare: [] }
  for (const [key, contender] of Object.entries({ etude, bare })) {
    const replaced = some(Math.min(2_000, plan.requests))
    await perSecond(BATCH_CALLERS, [replaced], (batch) => contender.createBatch(batch))
    ids[key] = replaced.map(({ id }) => id)
  }
  await compare(
    `replaces, 16 callers, ${atRows}`,
    16,
    () => ids.etude.map((_, index) => index),
    (to, index) => {
      const known = to === etude ? ids.etude : ids.bare
      const next = newFeedback(index)
      const id = known[index]
      known[index] = next.id
      return to.replace(id, next)
    },
  )
  const after = await usageOf(started)
  await agent.close()
  await bare.close()
  await stopChild(started)
  return { samples, rssBytes: after.rssBytes, grownBytes: Math.max(0, after.peakRssBytes - before.peakRssBytes) }
}

/** Etude over HTTP, with the same verbs as the bare statements. */
function overHttp(origin, dispatcher) {
  const post = async (path, body) => {
    const reply = await request(origin + path, {
      dispatcher,
      method: 'POST',
      headers: AUTHORIZATION,
      body: JSON.stringify(body),
    })
    const text = await reply.body.text()
    if (reply.statusCode !== 200) throw new Error(`etude answered ${reply.statusCode}: ${text.slice(0, 500)}`)
    return text
  }
  const find = async (field, value) => {
    const $expr = { $eq: [{ $getField: field }, { $literal: value }] }
    const { result } = JSON.parse(await post('/feedback/query', { project_id: 'bench/demo', query: { $expr } }))
    if (result.length === 0) throw new Error(`Nothing has the ${field} ${value}.`)
    return result.length
  }
  return {
    create: (feedback) => post('/feedback/create', feedback),
    createBatch: (batch) => post('/feedback/batch/create', { batch }),
    byRef: (ref) => find('weave_ref', ref),
    byUser: (user) => find('payload.user', user),
    replace: (feedback_id, feedback) => post('/feedback/replace', { ...feedback, feedback_id }),
  }
}

async function perSecond(callers, items, work) {
  const start = performance.now()
  let next = 0
  const caller = async () => {
    while (next < items.length) await work(items[next++])
  }
  await Promise.all(Array.from({ length: callers }, caller))
  return (items.length * 1_000) / (performance.now() - start)
}

const timesBatch = ({ etude, bare }) => ({
  etude: etude.map((value) => value * BATCH),
  bare: bare.map((value) => value * BATCH),
})

function print(results, plan) {
  console.log(`\n${machine()}`)
  const engines = Object.keys(results)
  const titles = Object.keys(results[engines[0]].samples)
  const one = titles.find((title) => title.includes('one caller'))
  printTable(
    ['a second', ...engines.flatMap((engine) => [`etude, ${engine}`, 'bare', 'etude ÷ bare'])],
    titles.map((title) => [
      title,
      ...engines.flatMap((engine) => {
        const { etude, bare } = results[engine].samples[title]
        return [whole(etude), whole(bare), times(ratioOf(etude, bare))]
      }),
    ]),
  )
  printTable(
    ['', ...engines],
    [
      ['one query by weave_ref', ...engines.map((engine) => ms(1_000 / median(results[engine].samples[one].etude)))],
      ['peak memory grown by reading and replacing', ...engines.map((engine) => megabytes(results[engine].grownBytes))],
      ['memory afterwards', ...engines.map((engine) => megabytes(results[engine].rssBytes))],
    ],
  )
  const sqlite = results.SQLite?.samples
  if (!sqlite) return
  const rate = (title) => median(sqlite[title].etude)
  printAims([
    ...atLeast('5,000 durable creates a second on SQLite, 16 callers', 5_000, rate(titles[0]), whole),
    ...atLeast('5,000 durable creates a second on SQLite, 64 callers', 5_000, rate(titles[1]), whole),
    ...atLeast('40,000 rows a second in batches on SQLite', 40_000, rate(titles[2]), whole),
    ...atLeast(`1,000 queries a second of one caller at ${whole(plan.rows)} rows`, 1_000, rate(one), whole),
  ])
}
