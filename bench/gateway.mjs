import { parseArgs } from 'node:util'
import { GATEWAYS } from './contenders.mjs'
import { checked, mapValues, measureCpu, measureThroughput, say, startClient, startUpstream } from './measure.mjs'
import { atLeast, atMost, machine, micros, printAims, printTable, ratioOf, times, whole } from './table.mjs'

const SHORT = 'burst-16'
const BURST = 'burst-64'
const PACED = 'every-20ms-64'
const FAST = 'every-5ms-256'
const SHAPES = [SHORT, BURST, PACED, FAST]

const THROUGHPUT = [
  { title: '16 clients, 16 chunks', name: 'requests16', models: 1, clients: 16, shape: SHORT, chunks: 16 },
  { title: '64 clients, 64 chunks', name: 'requests64', models: 1, clients: 64, shape: BURST, chunks: 64 },
]

const CPU = [
  { title: 'one each 20 ms', name: 'cpu20', models: 1, clients: 60, shape: PACED, chunks: 64 },
  { title: 'one each 5 ms', name: 'cpu5', models: 1, clients: 12, shape: FAST, chunks: 256 },
]

/** Streamed chat completions through Etude's OpenAI dialect, beside a relay that records nothing and Portkey's gateway. */
export async function main(args) {
  const { values } = parseArgs({
    args,
    options: {
      rounds: { type: 'string', default: '5' },
      only: { type: 'string', default: Object.keys(GATEWAYS).join(',') },
      profile: { type: 'string' },
      program: { type: 'string' },
    },
  })
  const rounds = Math.min(20, Math.max(1, Number(values.rounds) || 5))
  const names = values.only.split(',')
  const upstream = await startUpstream()
  const client = await startClient()
  const nodeOptions = values.profile ? ['--cpu-prof', `--cpu-prof-dir=${values.profile}`] : []
  const contenders = []
  for (const name of names)
    contenders.push(await GATEWAYS[name](upstream.origin, { shapes: SHAPES, program: values.program, nodeOptions }))
  for (const contender of contenders) {
    say(`warming up ${contender.name}`)
    const requests = contender.requests(SHORT, 1)
    checked(contender, await client.ask({ requests, concurrency: 32, turns: 8_000, seconds: 12 }))
  }

  const results = {}
  for (const setting of THROUGHPUT)
    results[setting.name] = await measureThroughput(contenders, client.ask, rounds, setting)
  for (const setting of CPU) results[setting.name] = await measureCpu(contenders, client.ask, rounds, setting)
  for (const child of [...contenders, client, upstream]) await child.stop()
  print(results, names)
}

function print(results, names) {
  const row = (title, samples, format) => [
    title,
    ...names.map((name) => (Number.isFinite(samples[name]?.[0]) ? format(samples[name]) : '')),
    times(ratioOf(samples.etude, samples.relay)),
    times(ratioOf(samples.etude, samples.portkey)),
  ]
  const throughput = THROUGHPUT.flatMap(({ title, name, chunks }) => {
    const perSecond = mapValues(results[name], (samples) => samples.perSecond)
    const chunksPerSecond = mapValues(perSecond, (samples) => samples.map((value) => value * chunks))
    const cpu = mapValues(results[name], (samples) => samples.cpuMicros)
    return [
      row(`requests a second, ${title}`, perSecond, whole),
      row(`streamed chunks a second, ${title}`, chunksPerSecond, whole),
      row(`CPU a request, ${title}`, cpu, micros),
    ]
  })
  const cpu = CPU.map(({ title, name }) => row(`CPU a chunk, ${title}`, results[name], micros))
  console.log(`\n${machine('portkey/node_modules/@portkey-ai/gateway')}`)
  printTable(['', ...names, 'etude ÷ relay', 'etude ÷ portkey'], [...throughput, ...cpu])
  printAims([
    ...THROUGHPUT.flatMap(({ title, name }) =>
      atLeast(
        `10 × Portkey's requests a second, ${title}`,
        10,
        ratioOf(results[name].etude?.perSecond, results[name].portkey?.perSecond),
      ),
    ),
    ...CPU.flatMap(({ title, name }) =>
      atMost(`0.3 × Portkey's CPU a chunk, ${title}`, 0.3, ratioOf(results[name].etude, results[name].portkey)),
    ),
  ])
}
