import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const METER = new URL('meter.mjs', import.meta.url).href
const children = new Set()

/** A folder on a real disk (a temporary folder may be memory, where storing costs nothing), removed at the end. */
export const folder = newFolder()

process.on('exit', () => {
  for (const { child } of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1))

/** Starts a Node script as a metered child process of its own. What it prints goes to a file. */
export function startChild(name, script, { args = [], env = {}, nodeOptions = [] } = {}) {
  const output = join(folder, `${name}.log`)
  const file = openSync(output, 'a')
  const child = fork(script, args, {
    cwd: folder,
    env: { PATH: process.env.PATH, NODE_ENV: 'production', ...env },
    execArgv: ['--import', METER, ...nodeOptions],
    stdio: ['ignore', file, file, 'ipc'],
  })
  const started = { name, child, printed: () => readFileSync(output, 'utf8').slice(-4_000) }
  children.add(started)
  child.on('exit', () => children.delete(started))
  return started
}

/**
 * The next message of the child that has this key.
 *
 * @throws {Error} with the child's last output when it ends, or is silent for longer than `timeoutMs`.
 */
export async function messageOf({ name, child, printed }, key, timeoutMs = 15_000) {
  const waiting = new AbortController()
  const { signal } = waiting
  const messages = async () => {
    for (;;) {
      const [message] = await once(child, 'message', { signal })
      if (key in message) return message[key]
    }
  }
  const failures = [
    once(child, 'exit', { signal }).then(() => fail(`ended early`)),
    sleep(timeoutMs, undefined, { signal }).then(() => fail(`did not send "${key}" within ${timeoutMs} ms`)),
  ]
  const fail = (what) => {
    throw new Error(`${name} ${what}. Its output:\n${printed()}`)
  }
  try {
    return await Promise.race([messages(), ...failures])
  } finally {
    waiting.abort()
    await Promise.allSettled(failures)
  }
}

/** What a child has used since it began, in all its threads: `cpuMicros`, `rssBytes`, `peakRssBytes`. */
export async function usageOf(started) {
  started.child.send({ ask: 'usage' })
  return await messageOf(started, 'usage', 30_000)
}

/** @throws {Error} with the child's last output when the address has not answered 200 within `timeoutMs`. */
export async function untilAnswers({ name, child, printed }, url, timeoutMs = 20_000) {
  const end = performance.now() + timeoutMs
  while (performance.now() < end && child.exitCode === null) {
    const reply = await fetch(url).catch(() => undefined)
    await reply?.body?.cancel()
    if (reply?.ok) return
    await sleep(20)
  }
  throw new Error(`${name} did not answer ${url}. Its output:\n${printed()}`)
}

/** Asks the child to end, and after 10 s ends it. */
export async function stopChild({ child }) {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
  await exited
  clearTimeout(timer)
}

/** A port of 127.0.0.1 that was free a moment ago. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

function newFolder() {
  const data = fileURLToPath(new URL('data/', import.meta.url))
  mkdirSync(data, { recursive: true })
  return mkdtempSync(data)
}
