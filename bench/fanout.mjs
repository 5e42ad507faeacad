import { parseArgs } from 'node:util'
import { usageOf } from './children.mjs'
import { CONTENDERS } from './contenders.mjs'
import { printFanout } from './fanout-table.mjs'
import {
  checked,
  mapValues,
  measureCpu,
  measureThroughput,
  perContender,
  say,
  startClient,
  startUpstream,
} from './measure.mjs'
import { median, quantile } from './table.mjs'

/** How the upstream answers in each measurement; `upstream.mjs` explains the names. */
const IDLE = 'every-5ms-8'
const SHORT = 'burst-16'
const BURST = 'burst-64'
const PACED = 'every-20ms-64'
const FAST = 'every-5ms-256'
const LONG = 'every-100ms-50'
const SHAPES = [IDLE, SHORT, BURST, PACED, FAST, LONG]
const STREAMS = 1_000

const THROUGHPUT = [
  { name: 'requests1x16', models: 1, clients: 16, shape: SHORT },
  { name: 'requests1x64', models: 1, clients: 64, shape: BURST },
  { name: 'requests3x16', models: 3, clients: 16, shape: SHORT },
]

const CPU = [
  { name: 'cpu1', models: 1, clients: 60, shape: PACED, chunks: 64 },
  { name: 'cpu3', models: 3, clients: 60, shape: PACED, chunks: 64 },
  { name: 'cpu1Fast', models: 1, clients: 12, shape: FAST, chunks: 256 },
  { name: 'cpu3Fast', models: 3, clients: 12, shape: FAST, chunks: 256 },
]

/**
 * What asking through Etude adds to asking directly, beside a relay that stores nothing and Portkey's gateway.
 *
 * Contenders take turns (A B C A B C …), so what else the machine does meets all of them alike.
 */
export async function main(args) {
  const { values } = parseArgs({
    args,
    options: {
      rounds: { type: 'string', default: '5' },
      only: { type: 'string', default: Object.keys(CONTENDERS).join(',') },
      measure: { type: 'string', default: 'idle,throughput,cpu,streams' },
      profile: { type: 'string' },
      program: { type: 'string' },
    },
  })
  const rounds = Math.min(20, Math.max(1, Number(values.rounds) || 5))
  const measure = new Set(values.measure.split(','))
  const upstream = await startUpstream()
  const client = await startClient()
  const { ask } = client
  const startAll = async (nodeOptions = []) => {
    const contenders = []
    for (const name of values.only.split(','))
      contenders.push(await CONTENDERS[name](upstream.origin, { shapes: SHAPES, program: values.program, nodeOptions }))
    return contenders
  }

  const results = {}
  const contenders = await startAll(values.profile ? ['--cpu-prof', `--cpu-prof-dir=${values.profile}`] : [])
  await warmUp(contenders, ask)
  if (measure.has('idle')) results.idle = await measureIdle(contenders, ask, rounds)
  if (measure.has('throughput'))
    for (const setting of THROUGHPUT) results[setting.name] = await measureThroughput(contenders, ask, rounds, setting)
  if (measure.has('cpu'))
    for (const setting of CPU) results[setting.name] = await measureCpu(contenders, ask, rounds, setting)
  for (const contender of contenders) await contender.stop()
  // Fresh processes, so that the peak is the peak of this.
  if (measure.has('streams')) results.streams = await measureStreams(await startAll(), ask)
  for (const child of [client, upstream]) await child.stop()
  printFanout(results, values.only.split(','))
}

/** Until V8 has compiled what is hot: what people run has been running for a while. */
async function warmUp(contenders, ask) {
  for (const contender of contenders) {
    say(`warming up ${contender.name}`)
    for (const [models, turns] of [
      [1, 8_000],
      [3, 1_500],
    ]) {
      const requests = contender.requests(SHORT, models)
      checked(contender, await ask({ requests, concurrency: 32, turns, seconds: 15 }))
    }
  }
}

/** One request at a time: milliseconds to the first token, the last token and the end of the stream. */
async function measureIdle(contenders, ask, rounds) {
  const samples = perContender(contenders, () => ({ firstMs: [], lastMs: [], endMs: [] }))
  for (let round = 0; round < rounds * 6; round += 1) {
    say(`idle, round ${round + 1} of ${rounds * 6}`)
    for (const contender of contenders) {
      const result = checked(
        contender,
        await ask({ requests: contender.requests(IDLE, 1), concurrency: 1, turns: 10, unmeasured: 1 }),
      )
      for (const [key, values] of Object.entries(samples[contender.name])) values.push(...result[key])
    }
  }
  return mapValues(samples, (times) =>
    mapValues(times, (values) => ({ median: median(values), p99: quantile(values, 0.99) })),
  )
}

/** Many streams open at once on one process, each from its own request. */
async function measureStreams(contenders, ask) {
  const results = {}
  for (const contender of contenders) {
    say(`${STREAMS} streams: ${contender.name}`)
    const requests = contender.requests(LONG, 1)
    checked(contender, await ask({ requests, concurrency: 1, turns: 1 }))
    const before = contender.started && (await usageOf(contender.started))
    const result = await ask({ requests, concurrency: STREAMS, turns: STREAMS, rampMs: 1_000 })
    const after = contender.started && (await usageOf(contender.started))
    results[contender.name] = {
      complete: result.complete,
      failure: result.failure,
      lastMs: median(result.lastMs),
      idleBytes: before?.rssBytes,
      peakBytes: after?.peakRssBytes,
    }
    await contender.stop()
  }
  return results
}
