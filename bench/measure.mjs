import { fileURLToPath } from 'node:url'
import { messageOf, startChild, stopChild, usageOf } from './children.mjs'

/** A client in a process of its own: `ask(run)` as `load.mjs` explains it, and `stop()`. */
export async function startClient() {
  const load = startChild('load', fileURLToPath(new URL('load.mjs', import.meta.url)))
  await messageOf(load, 'ready')
  const ask = async (run) => {
    load.child.send({ run })
    return await messageOf(load, 'result', 300_000)
  }
  return { ask, stop: () => stopChild(load) }
}

/** The providers' stand-in in a process of its own: its `origin`, and `stop()`. */
export async function startUpstream() {
  const upstream = startChild('upstream', fileURLToPath(new URL('upstream.mjs', import.meta.url)))
  return { origin: `http://127.0.0.1:${await messageOf(upstream, 'port')}`, stop: () => stopChild(upstream) }
}

/** As many turns as so many clients can ask, each waiting for its answer. */
export async function measureThroughput(contenders, ask, rounds, { name, models, clients, shape }) {
  const samples = perContender(contenders, () => ({ perSecond: [], cpuMicros: [] }))
  for (let round = 1; round <= rounds; round += 1) {
    for (const contender of contenders) {
      const requests = contender.requests(shape, models)
      const { result, cpuMicros } = await withUsage(contender, () =>
        ask({ requests, concurrency: clients, seconds: 3 }),
      )
      samples[contender.name].perSecond.push(result.perSecond)
      samples[contender.name].cpuMicros.push(cpuMicros / result.complete)
      say(`${name}, round ${round} of ${rounds}: ${contender.name} ${result.perSecond.toFixed(0)}/s`)
    }
  }
  return samples
}

/** CPU time of the measured process for each token chunk that the upstream sent through it, arriving one by one. */
export async function measureCpu(contenders, ask, rounds, { name, models, clients, shape, chunks }) {
  const measured = contenders.filter(({ started }) => started)
  const samples = perContender(measured, () => [])
  for (let round = 1; round <= rounds; round += 1) {
    for (const contender of measured) {
      const requests = contender.requests(shape, models)
      const run = { requests, concurrency: clients, turns: clients * 3, rampMs: 1_280 }
      const { result, cpuMicros } = await withUsage(contender, () => ask(run))
      const perChunk = cpuMicros / (result.complete * models * chunks)
      samples[contender.name].push(perChunk)
      say(`${name}, round ${round} of ${rounds}: ${contender.name} ${perChunk.toFixed(1)} µs a chunk`)
    }
  }
  return samples
}

export async function withUsage(contender, action) {
  if (!contender.started) return { result: checked(contender, await action()), cpuMicros: Number.NaN }
  const before = await usageOf(contender.started)
  const result = checked(contender, await action())
  const after = await usageOf(contender.started)
  return { result, cpuMicros: after.cpuMicros - before.cpuMicros }
}

/** A figure of a run in which something failed is not a figure. */
export function checked(contender, result) {
  if (result.failures === 0) return result
  const { child, printed } = contender.started ?? {}
  const ended = child?.exitCode ?? child?.signalCode
  const how = ended == null ? '' : ` The process has ended: ${ended}.`
  const output = printed ? `${how}\nIts output:\n${printed()}` : ''
  throw new Error(`${result.failures} of ${contender.name}'s turns failed, the first with: ${result.failure}.${output}`)
}

export const perContender = (contenders, make) => Object.fromEntries(contenders.map(({ name }) => [name, make()]))
export const mapValues = (object, change) =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]))
export const say = (text) => process.stderr.write(`${text}\n`)
