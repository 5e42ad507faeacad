import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import Database from 'better-sqlite3'
import { folder, messageOf, startChild, stopChild } from './children.mjs'
import { AUTHORIZATION, startEtude } from './contenders.mjs'
import { checked, perContender, say, startClient, withUsage } from './measure.mjs'
import { atMost, machine, median, micros, ms, printAims, printTable, ratioOf, times, whole } from './table.mjs'

const FEW = 100
const MANY = 10_000
/** Sessions that settings are changed of; the others are only there. */
const CHANGED_SESSIONS = 1_000
const CLIENTS = 16

const CASES = [
  { name: 'settings', title: 'PATCH settings' },
  { name: 'list', title: 'list of sessions' },
]

/** Changing a session's settings and listing sessions, with few and with many of them, beside a bare Fastify route. */
export async function main(args) {
  const { values } = parseArgs({
    args,
    options: { rounds: { type: 'string', default: '7' }, program: { type: 'string' } },
  })
  const rounds = Math.min(30, Math.max(1, Number(values.rounds) || 7))
  const client = await startClient()
  const contenders = [await bare(), await etude('few', FEW, values.program), await etude('many', MANY, values.program)]
  for (const contender of contenders) {
    say(`warming up ${contender.name}`)
    for (const { name } of CASES)
      checked(contender, await client.ask({ pool: contender.pools[name], concurrency: 8, turns: 4_000, seconds: 8 }))
  }
  const results = {}
  for (const { name } of CASES) results[name] = await measure(name, contenders, client.ask, rounds)
  for (const child of [...contenders, client]) await child.stop()
  print(results)
}

/** One request at a time, and as many as 16 clients can ask, in turns. */
async function measure(name, contenders, ask, rounds) {
  const samples = perContender(contenders, () => ({ aloneMs: [], aloneMicros: [], perSecond: [], cpuMicros: [] }))
  for (let round = 1; round <= rounds; round += 1) {
    say(`${name}, round ${round} of ${rounds}`)
    for (const contender of contenders) {
      const pool = contender.pools[name]
      const own = samples[contender.name]
      const alone = await withUsage(contender, () => ask({ pool, concurrency: 1, turns: 200, unmeasured: 3 }))
      own.aloneMs.push(median(alone.result.endMs))
      own.aloneMicros.push(alone.cpuMicros / (alone.result.complete + 3))
      const crowd = await withUsage(contender, () => ask({ pool, concurrency: CLIENTS, seconds: 2 }))
      own.perSecond.push(crowd.result.perSecond)
      own.cpuMicros.push(crowd.cpuMicros / crowd.result.complete)
    }
  }
  return samples
}

async function bare() {
  const script = fileURLToPath(new URL('bare.mjs', import.meta.url))
  const started = startChild('bare', script, { args: [join(folder, 'bare.sqlite')] })
  const origin = `http://127.0.0.1:${await messageOf(started, 'port')}`
  return {
    name: 'bare',
    started,
    pools: {
      settings: changes(CHANGED_SESSIONS, (id, temperature) => ({
        origin,
        path: `/sessions/${id}`,
        method: 'PATCH',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ temperature }),
      })),
      list: [{ origin, path: '/sessions', method: 'GET', headers: {} }],
    },
    stop: () => stopChild(started),
  }
}

async function etude(name, sessions, program) {
  const config = { providers: [], models: [] }
  const { started, origin } = await startEtude({ config, program, prepare: (data) => addSessions(data, sessions) })
  await checkSessions(origin, sessions)
  return {
    name,
    started,
    pools: {
      settings: changes(Math.min(sessions, CHANGED_SESSIONS), (id, temperature) => ({
        origin,
        path: `/user/practice/sessions/${id}/settings`,
        method: 'PATCH',
        headers: { 'content-type': 'application/json', ...AUTHORIZATION },
        body: JSON.stringify({ generation_params: { temperature } }),
      })),
      list: [{ origin, path: '/user/practice/sessions?page=1&size=50', method: 'GET', headers: AUTHORIZATION }],
    },
    stop: () => stopChild(started),
  }
}

/** Requests of which each changes what the one before set for the same session, also when they begin again. */
function changes(sessions, request) {
  return Array.from({ length: 2 * CHANGED_SESSIONS }, (_, index) => request((index % sessions) + 1, (index % 97) / 100))
}

/** Sessions of three models, straight into the file: asking for ten thousand would take minutes. */
function addSessions(data, count) {
  const database = new Database(join(data, 'etude.sqlite'))
  const { person_id: personId } = database.prepare("select person_id from people where handle = 'bench'").get()
  const insert = (table, row) => {
    const columns = Object.keys(row)
    const statement = `insert into ${table} (${columns.join(', ')}) values (${columns.map(() => '?').join(', ')})`
    database.prepare(statement).run(...Object.values(row))
  }
  database.transaction(() => {
    database.prepare('update people set session_count = ? where person_id = ?').run(count, personId)
    for (let id = 1; id <= count; id += 1) {
      const now = new Date(1_767_225_600_000 + id * 60_000).toISOString()
      insert('practice_sessions', {
        session_id: id,
        person_id: personId,
        class_id: 1,
        title: `Session ${id}: counting as far as one can`,
        title_source: 'prompt',
        preview: 'Please count as far as you can, and say when you are tired of it.',
        setting_id: id,
        revision: 1,
        turn_count: 1,
        created_at: now,
        updated_at: now,
        last_turn_at: now,
      })
      for (const lane of [1, 2, 3])
        insert('practice_lanes', {
          session_id: id,
          lane_id: id * 3 + lane,
          model_name: `bench-${lane}`,
          is_primary: lane === 1 ? 1 : 0,
          is_active: 1,
          generation_params: '{}',
          created_at: now,
        })
      insert('practice_setting_revisions', {
        session_id: id,
        revision: 1,
        person_id: personId,
        style_params: '{}',
        generation_params: '{}',
        few_shot_links: '[]',
        created_at: now,
      })
    }
  })()
  database.close()
}

/** @throws {Error} unless the list holds all sessions, and a change of settings can be read again. */
async function checkSessions(origin, count) {
  const call = async (path, body) => {
    const headers = { ...AUTHORIZATION, ...(body && { 'content-type': 'application/json' }) }
    const method = body ? 'PATCH' : 'GET'
    const reply = await fetch(origin + path, { method, headers, body: body && JSON.stringify(body) })
    if (!reply.ok) throw new Error(`etude answered ${reply.status} to ${path}: ${await reply.text()}`)
    return await reply.json()
  }
  const page = await call('/user/practice/sessions?page=1&size=50')
  if (page.total !== count || page.items.length !== 50 || page.items[0].session_id !== count)
    throw new Error(`The list is not what was stored: ${JSON.stringify(page).slice(0, 500)}`)
  const path = `/user/practice/sessions/${count}/settings`
  await call(path, { generation_params: { temperature: 1.5 } })
  const { generation_params: params } = await call(path)
  if (params.temperature !== 1.5) throw new Error(`The change was not stored: ${JSON.stringify(params)}`)
}

function print(results) {
  console.log(`\n${machine()}`)
  const row = (title, samples, key, format) => [
    title,
    ...['bare', 'few', 'many'].map((name) => format(samples[name][key])),
    times(ratioOf(samples.many[key], samples.bare[key])),
    times(ratioOf(samples.many[key], samples.few[key])),
  ]
  printTable(
    ['', 'bare', `etude, ${whole(FEW)}`, `etude, ${whole(MANY)}`, `${whole(MANY)} ÷ bare`, `${whole(MANY)} ÷ ${FEW}`],
    CASES.flatMap(({ name, title }) => [
      row(`${title}: one at a time, median`, results[name], 'aloneMs', ms),
      row(`${title}: one at a time, CPU a request`, results[name], 'aloneMicros', micros),
      row(`${title}: requests a second, ${CLIENTS} clients`, results[name], 'perSecond', whole),
      row(`${title}: ${CLIENTS} clients, CPU a request`, results[name], 'cpuMicros', micros),
    ]),
  )
  const grows = (name) => ratioOf(results[name].many.aloneMicros, results[name].few.aloneMicros)
  printAims(
    CASES.flatMap(({ name, title }) =>
      atMost(`1.1 × the CPU of ${FEW} sessions at ${whole(MANY)}: ${title}`, 1.1, grows(name)),
    ),
  )
}
