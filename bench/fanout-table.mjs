import { mapValues } from './measure.mjs'
import { machine, megabytes, micros, ms, printAims, ratioOf, whole } from './table.mjs'

/** Prints the results as Markdown: one table of figures, one of what issue and reader are after. */
export function printFanout(results, names) {
  const rows = rowsOf(results)
  const ratio = (row, other) => {
    const value = row.better ? ratioOf(row.values.etude, row.values[other]) : undefined
    return value === undefined ? '' : `${value.toFixed(2)}×`
  }
  console.log(`\n${machine('portkey/node_modules/@portkey-ai/gateway')}\n`)
  console.log(`| | ${names.join(' | ')} | etude ÷ relay | etude ÷ portkey |\n|---|${'--:|'.repeat(names.length + 2)}`)
  for (const row of rows) {
    const figures = names.map((name) => (row.values[name] === undefined ? '' : row.format(row.values[name])))
    console.log(`| ${row.title} | ${figures.join(' | ')} | ${ratio(row, 'relay')} | ${ratio(row, 'portkey')} |`)
  }
  printAims(aimsOf(results))
}

/** Lists of figures, one for each round, are shown as their median; ratios are taken round by round. */
function rowsOf({ idle, requests1x16, requests1x64, requests3x16, cpu1, cpu3, cpu1Fast, cpu3Fast, streams }) {
  const figures = (title, samples, format, read = (value) => value) =>
    samples ? [{ title, better: true, format, values: mapValues(samples, read) }] : []
  const added = (title, key, statistic) => {
    if (!idle) return []
    const base = idle.direct?.[key][statistic] ?? 0
    const values = mapValues(idle, (times) => times[key][statistic] - base)
    if (idle.direct) values.direct = undefined
    return [{ title, better: false, format: ms, values }]
  }
  const throughput = (title, samples) => [
    ...figures(`requests a second, ${title}`, samples, whole, ({ perSecond }) => perSecond),
    ...figures(`CPU a request, ${title}`, withoutDirect(samples), micros, ({ cpuMicros }) => cpuMicros),
  ]
  return [
    ...added('added to the first token, median', 'firstMs', 'median'),
    ...added('added to the first token, p99', 'firstMs', 'p99'),
    ...added('added to the last token, median', 'lastMs', 'median'),
    ...added('added to the last token, p99', 'lastMs', 'p99'),
    ...added('added to the end of the stream, median', 'endMs', 'median'),
    ...throughput('1 model, 16 clients, 16 chunks', requests1x16),
    ...throughput('1 model, 64 clients, 64 chunks', requests1x64),
    ...throughput('3 models, 16 clients, 16 chunks', requests3x16),
    ...figures('CPU a chunk, 1 model, one each 20 ms', cpu1, micros),
    ...figures('CPU a chunk, 3 models, one each 20 ms', cpu3, micros),
    ...figures('CPU a chunk, 1 model, one each 5 ms', cpu1Fast, micros),
    ...figures('CPU a chunk, 3 models, one each 5 ms', cpu3Fast, micros),
    ...figures('1,000 streams at once: complete', streams, whole, ({ complete }) => complete),
    ...figures('1,000 streams at once: median time to the last token', streams, ms, ({ lastMs }) => lastMs),
    ...figures('1,000 streams at once: memory, peak', withoutDirect(streams), megabytes, ({ peakBytes }) => peakBytes),
    ...figures('1,000 streams at once: memory, more than idle', withoutDirect(streams), megabytes, growth),
  ]
}

function aimsOf({ idle, requests1x16, requests1x64, cpu1, cpu3, cpu1Fast, cpu3Fast }) {
  const aims = []
  const atLeast = (aim, limit, value) =>
    value && aims.push({ aim, seen: `${value.toFixed(2)}×`, reached: value >= limit })
  const atMost = (aim, limit, value) =>
    value && aims.push({ aim, seen: `${value.toFixed(2)}×`, reached: value <= limit })
  for (const [clients, samples] of [
    ['16', requests1x16],
    ['64', requests1x64],
  ]) {
    const perSecond = samples && mapValues(samples, (figures) => figures.perSecond)
    atLeast(
      `at least 10 × Portkey's requests a second, 1 model, ${clients} clients`,
      10,
      ratioOf(perSecond?.etude, perSecond?.portkey),
    )
    atLeast(
      `at least 0.4 × the relay's requests a second, 1 model, ${clients} clients`,
      0.4,
      ratioOf(perSecond?.etude, perSecond?.relay),
    )
  }
  for (const [pace, one, three] of [
    ['20 ms', cpu1, cpu3],
    ['5 ms', cpu1Fast, cpu3Fast],
  ]) {
    atMost(`at most 0.3 × Portkey's CPU a chunk, 1 model, each ${pace}`, 0.3, ratioOf(one?.etude, one?.portkey))
    atMost(`at most 0.75 × the relay's CPU a chunk, 3 models, each ${pace}`, 0.75, ratioOf(three?.etude, three?.relay))
  }
  if (idle?.etude && idle.direct) {
    const added = idle.etude.firstMs.median - idle.direct.firstMs.median
    aims.push({ aim: 'at most 0.5 ms added to the first token, median, idle', seen: ms(added), reached: added <= 0.5 })
  }
  return aims
}

const growth = ({ peakBytes, idleBytes }) => peakBytes - idleBytes
const withoutDirect = (samples) => {
  if (!samples) return undefined
  const { direct: _, ...measured } = samples
  return measured
}
