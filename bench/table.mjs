import { readFileSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'

/** The median of the rounds' ratios, or the ratio of two single figures; undefined where one is missing. */
export function ratioOf(ours, theirs) {
  if (ours === undefined || theirs === undefined) return undefined
  if (!Array.isArray(ours)) return ours / theirs
  return median(ours.map((value, round) => value / theirs[round]))
}

export function quantile(values, part) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]
}

export const median = (values) => quantile(values, 0.5)

/**
 * Where and with what the figures were taken, in one line.
 *
 * @param packages folders below bench/ of the packages compared with.
 */
export function machine(...packages) {
  const versions = packages.map((folder) => {
    const { name, version } = JSON.parse(readFileSync(new URL(`${folder}/package.json`, import.meta.url), 'utf8'))
    return `; ${name} ${version}`
  })
  const gigabytes = Math.round(totalmem() / 2 ** 30)
  const load = loadavg().map((average) => average.toFixed(1))
  return `Node ${process.versions.node}, ${cpus().length} × ${cpus()[0].model.trim()}, ${gigabytes} GB, ${process.platform}${versions.join('')}; load average at the end ${load.join(', ')} (1, 5 and 15 minutes)`
}

/** Prints rows as Markdown; the first column is text, the others are figures. */
export function printTable(titles, rows) {
  console.log(`\n| ${titles.join(' | ')} |\n|---|${'--:|'.repeat(titles.length - 1)}`)
  for (const row of rows) console.log(`| ${row.map((cell) => cell ?? '').join(' | ')} |`)
}

/** @param aims each `{ aim, seen, reached }`; none prints nothing. */
export function printAims(aims) {
  if (aims.length === 0) return
  console.log('\n| aim | seen | |\n|---|--:|---|')
  for (const { aim, seen, reached } of aims) console.log(`| ${aim} | ${seen} | ${reached ? 'reached' : 'missed'} |`)
}

/** An aim that a ratio is to be at least `limit`, as a list: empty where nothing was measured. */
export const atLeast = (aim, limit, value, print = times) =>
  value === undefined ? [] : [{ aim: `at least ${aim}`, seen: print(value), reached: value >= limit }]

/** An aim that a ratio is to be at most `limit`. */
export const atMost = (aim, limit, value) =>
  value === undefined ? [] : [{ aim: `at most ${aim}`, seen: times(value), reached: value <= limit }]

const one = (value) => (Array.isArray(value) ? median(value) : value)
export const whole = (value) => Math.round(one(value)).toLocaleString('en')
export const ms = (value) => `${one(value).toFixed(2)} ms`
export const micros = (value) => `${one(value) < 100 ? one(value).toFixed(1) : whole(value)} µs`
export const megabytes = (value) => `${Math.round(value / 2 ** 20)} MB`
/** A time in milliseconds, in the unit in which it reads best. */
export const time = (value) => {
  const milliseconds = one(value)
  if (milliseconds < 1) return micros(milliseconds * 1_000)
  return milliseconds < 10_000 ? ms(milliseconds) : `${(milliseconds / 1_000).toFixed(1)} s`
}
export const times = (value) =>
  value === undefined ? '' : `${value < 100 ? value.toFixed(2) : Math.round(value).toLocaleString('en')}×`
