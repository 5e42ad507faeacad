import { type ChildProcess, spawn } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { build } from 'esbuild'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { newTestFolder, testDatabases } from './db/testing.ts'
import { answer, FakeOpenAi, type FakeReply } from './models/fake-openai.ts'
import { parseEvents } from './testing.ts'

const KEY = 'a-key-that-only-tests-use'

/** The program as it is delivered: one bundle, started by Node. */
let program: string

beforeAll(async () => {
  const cache = join(import.meta.dirname, '../.cache')
  mkdirSync(cache, { recursive: true })
  const folder = mkdtempSync(join(cache, 'test-'))
  program = join(folder, 'etude.cjs')
  await build({
    entryPoints: [join(import.meta.dirname, 'main.ts')],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    packages: 'external',
    logOverride: { 'empty-import-meta': 'silent' },
  })
  copyFileSync(join(import.meta.dirname, 'db/sqlite-writer.mjs'), join(folder, 'sqlite-writer.mjs'))
  return () => rmSync(folder, { recursive: true, force: true })
}, 60_000)

type Environment = Record<string, string>

function environmentOf(config: Awaited<ReturnType<(typeof testDatabases)[number]['newConfig']>>): Environment {
  const { database, dataFolder } = config
  return {
    ETUDE_DATA: dataFolder,
    ETUDE_PORT: '0',
    ...(database.kind === 'postgres' && { DATABASE_URL: database.url }),
  }
}

/** A configuration file with one provider for each model, all on the given servers. */
function configFile(models: Record<string, { baseUrl: string; idleTimeoutMs?: number }>): string {
  const file = join(newTestFolder(), 'etude.config.json')
  const entries = Object.entries(models)
  const content = {
    providers: entries.map(([name, provider]) => ({
      name,
      kind: 'openai-compatible',
      retries: 0,
      apiKey: 'sk-secret-of-the-lab',
      ...provider,
    })),
    models: entries.map(([name]) => ({
      name,
      provider: name,
      model: name,
      contextTokens: 200_000,
      maxOutputTokens: 100_000,
      pricePerMillionTokens: { input: 1, output: 2 },
    })),
  }
  writeFileSync(file, JSON.stringify(content))
  return file
}

function run(environment: Environment, ...args: string[]): ChildProcess {
  const child = spawn(process.execPath, [program, ...args], {
    env: { PATH: process.env.PATH ?? '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

async function finish(child: ChildProcess): Promise<{ exitCode: number | null; said: string }> {
  let said = ''
  child.stdout?.on('data', (text) => (said += text))
  child.stderr?.on('data', (text) => (said += text))
  const exitCode = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { exitCode, said }
}

/** Starts a server as a process of its own, with an admin who has the test's key. */
async function startServer(environment: Environment) {
  await finish(run(environment, 'user', 'add', 'ada', '--admin', '--key', KEY))
  const child = run({ ...environment, ETUDE_LOG_LEVEL: 'warn' }, 'serve')
  const url = await new Promise<string>((resolve, reject) => {
    if (!child.stderr) return
    createInterface({ input: child.stderr }).on('line', (line) => {
      const ready = /ready at (\S+)/.exec(line)
      if (ready?.[1]) resolve(ready[1])
    })
    child.on('exit', (code) => reject(new Error(`The server ended with ${code}.`)))
  })
  const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' }
  const call = async (path: string, init: RequestInit = {}) =>
    fetch(`${url}${path}`, { ...init, headers: { ...headers, ...init.headers } })
  const ask = (body: object, init: RequestInit = {}) =>
    call('/user/practice/sessions/run?class_id=1', { method: 'POST', body: JSON.stringify(body), ...init })
  return { child, url, call, ask, headers }
}

async function lab(reply: FakeReply): Promise<FakeOpenAi> {
  const server = await FakeOpenAi.start(reply)
  onTestFinished(() => server.close())
  return server
}

const words = (count: number) => Array.from({ length: count }, (_, index) => `w${index} `)
const asEvents = { headers: { accept: 'text/event-stream' } }

/** Reads an event stream until enough text of it has come. */
async function readSome(reply: Response, enough: (body: string) => boolean): Promise<string> {
  const reader = reply.body?.getReader()
  let body = ''
  while (reader && !enough(body)) {
    const { value, done } = await reader.read().catch(() => ({ value: undefined, done: true }))
    body += Buffer.from(value ?? '').toString()
    if (done) break
  }
  return body
}

function textOf(body: string): string {
  let text = ''
  for (const { type, data } of parseEvents(body))
    if (type === 'text-delta') text = text.slice(0, Number(data.offset)) + String(data.text)
  return text
}

describe.each(testDatabases)('a server on $name', ({ newConfig, name }) => {
  it('keeps what was said when it is killed in the middle of a stream', async () => {
    const slow = await lab(answer(words(2000), { chunkDelayMs: 5 }))
    const environment = {
      ...environmentOf(await newConfig()),
      ETUDE_CONFIG: configFile({ slow: { baseUrl: slow.baseUrl } }),
    }
    const killed = await startServer(environment)
    const seen = await readSome(
      await killed.ask({ prompt_text: 'Go', model_names: ['slow'] }, asEvents),
      (body) => textOf(body).length > 500,
    )
    const exited = new Promise((resolve) => killed.child.on('exit', resolve))
    killed.child.kill('SIGKILL')
    await exited

    const restarted = await startServer(environment)
    const turnId = parseEvents(seen)[0]?.data.turn_id
    // On PostgreSQL another server could be answering: it is given up only after a silence.
    if (name === 'sqlite') {
      const turn = (await (await restarted.call(`/user/practice/turns/${turnId}`)).json()) as {
        status: string
        results: { response_text: string; status: string }[]
      }
      expect(turn).toMatchObject({ status: 'interrupted', results: [{ status: 'interrupted' }] })
      const kept = turn.results[0]?.response_text ?? ''
      expect(words(2000).join('')).toContain(kept)
      // 100 ms of text at 5 ms a word; twice that, because this machine may be slow.
      expect(kept.length).toBeGreaterThan(textOf(seen).length - 40 * 6)
      const replayed = await (await restarted.call(`/user/practice/turns/${turnId}/events`)).text()
      expect(textOf(replayed)).toBe(kept)
      expect(
        parseEvents(replayed)
          .map(({ type }) => type)
          .slice(-2),
      ).toEqual(['response-error', 'turn-end'])
    } else {
      expect(await (await restarted.call(`/user/practice/turns/${turnId}`)).json()).toMatchObject({ status: 'running' })
    }
  })

  it('finishes what it is answering when it is asked to stop, and takes nothing new', async () => {
    const slow = await lab(answer(words(100), { chunkDelayMs: 10 }))
    const environment = {
      ...environmentOf(await newConfig()),
      ETUDE_CONFIG: configFile({ slow: { baseUrl: slow.baseUrl } }),
    }
    const { child, ask, url } = await startServer(environment)
    const reply = await ask({ prompt_text: 'Go', model_names: ['slow'] }, asEvents)
    const exited = new Promise((resolve) => child.on('exit', resolve))
    child.kill('SIGTERM')
    const body = await readSome(reply, () => false)
    expect(parseEvents(body).at(-1)).toMatchObject({ type: 'turn-end', data: { result: { status: 'complete' } } })
    expect(textOf(body)).toBe(words(100).join(''))
    await expect(fetch(`${url}/healthz`)).rejects.toThrow()
    expect(await exited).toBe(0)
  })

  it('ends each lane as its provider makes it end, and the others undisturbed', async () => {
    const endless = await lab({ steps: [{ do: 'endless', text: 'x'.repeat(10_000) }] })
    const replies: Record<string, FakeReply> = {
      fine: answer(['fi', 'ne']),
      limited: {
        status: 429,
        headers: { 'retry-after': '60' },
        json: { error: { message: 'Slow down, sk-secret-of-the-lab' } },
      },
      broken: { status: 500, json: { error: { message: 'oops' } } },
      forbidden: { status: 401, json: { error: { message: 'Incorrect API key provided: sk-secret-of-the-lab' } } },
      silent: { hangs: true },
      stuck: { steps: [{ do: 'text', text: 'half' }, { do: 'hang' }] },
      garbled: {
        steps: [
          { do: 'text', text: 'ok' },
          { do: 'raw', raw: 'data: {"choices": [\n\n' },
        ],
      },
      early: { steps: [{ do: 'text', text: 'half' }, { do: 'destroy' }] },
    }
    const models: Parameters<typeof configFile>[0] = {
      refused: { baseUrl: 'http://127.0.0.1:9/v1' },
      endless: { baseUrl: endless.baseUrl },
    }
    for (const [model, reply] of Object.entries(replies))
      models[model] = { baseUrl: (await lab(reply)).baseUrl, idleTimeoutMs: 500 }
    const { ask } = await startServer({ ...environmentOf(await newConfig()), ETUDE_CONFIG: configFile(models) })
    const reply = await (await ask({ prompt_text: 'Hi', model_names: Object.keys(models) })).text()
    const { results } = JSON.parse(reply) as {
      results: { model_name: string; status: string; error: { code: string } | null; response_text: string }[]
    }
    const outcomes = Object.fromEntries(
      results.map((result) => [result.model_name, result.error?.code ?? result.status]),
    )
    expect(outcomes).toEqual({
      refused: 'model_unavailable',
      endless: 'protocol_error',
      fine: 'complete',
      limited: 'rate_limited',
      broken: 'model_unavailable',
      forbidden: 'invalid_credentials',
      silent: 'timeout',
      stuck: 'timeout',
      garbled: 'protocol_error',
      early: 'protocol_error',
    })
    expect(results.find(({ model_name }) => model_name === 'stuck')?.response_text).toBe('half')
    expect(results.find(({ model_name }) => model_name === 'fine')).toMatchObject({
      response_text: 'fine',
      cost: (5 * 1 + 2 * 2) / 1e6,
    })
    expect(reply).toContain('Slow down')
    expect(reply).not.toContain('sk-secret')
  })

  it('goes on when its reader leaves or does not read, and gives a late reader everything', async () => {
    const lines = Array.from({ length: 300 }, (_, index) => `${index} ${'x'.repeat(2000)}\n`)
    const slow = await lab(answer(lines, { chunkDelayMs: 3 }))
    const environment = {
      ...environmentOf(await newConfig()),
      ETUDE_CONFIG: configFile({ slow: { baseUrl: slow.baseUrl } }),
    }
    const { ask, call, url, headers } = await startServer(environment)
    const leaving = new AbortController()
    const first = await readSome(
      await ask({ prompt_text: 'Go', model_names: ['slow'] }, { ...asEvents, signal: leaving.signal }),
      (body) => body.includes('turn-start'),
    )
    leaving.abort()
    const path = `/user/practice/turns/${parseEvents(first)[0]?.data.turn_id}`
    // A reader that asks and then never reads from its socket.
    const { port } = new URL(url)
    const socket = connect(Number(port), '127.0.0.1', () =>
      socket.write(`GET ${path}/events HTTP/1.1\r\nHost: x\r\nAuthorization: ${headers.authorization}\r\n\r\n`),
    )
    socket.pause()
    onTestFinished(() => void socket.destroy())
    await expect
      .poll(async () => ((await (await call(path)).json()) as { status: string }).status, { timeout: 15_000 })
      .toBe('complete')
    const everything = textOf(await (await call(`${path}/events`)).text())
    expect(everything === lines.join('')).toBe(true)
  })

  it('stops the provider’s work within a second when a turn is stopped', async () => {
    const endless = await lab({ steps: [{ do: 'text', text: 'begun' }, { do: 'hang' }] })
    const environment = {
      ...environmentOf(await newConfig()),
      ETUDE_CONFIG: configFile({ endless: { baseUrl: endless.baseUrl } }),
    }
    const { ask, call } = await startServer(environment)
    const reply = await ask({ prompt_text: 'Go', model_names: ['endless'] }, asEvents)
    const seen = await readSome(reply, (body) => textOf(body) === 'begun')
    await call(`/user/practice/turns/${parseEvents(seen)[0]?.data.turn_id}/cancel`, { method: 'POST', body: '{}' })
    await expect.poll(() => endless.abandoned, { timeout: 1_000 }).toBe(1)
  })

  it('writes one log line for each request, with its id and without its secrets', async () => {
    const environment = environmentOf(await newConfig())
    await finish(run(environment, 'user', 'add', 'ada', '--admin', '--key', KEY))
    const child = run(environment, 'serve')
    const lines: string[] = []
    if (child.stdout) createInterface({ input: child.stdout }).on('line', (line) => lines.push(line))
    let said = ''
    child.stderr?.on('data', (text) => (said += text))
    await expect.poll(() => /ready at (\S+)/.test(said), { timeout: 10_000 }).toBe(true)
    const url = /ready at (\S+)/.exec(said)?.[1]
    const reply = await fetch(`${url}/user/me?token=secret`, { headers: { authorization: `Bearer ${KEY}` } })
    const id = reply.headers.get('x-request-id')
    await expect.poll(() => lines.filter((line) => line.includes(String(id)))).toHaveLength(1)
    expect(JSON.parse(lines.find((line) => line.includes(String(id))) ?? '{}')).toMatchObject({
      reqId: id,
      method: 'GET',
      path: '/user/me',
      status: 200,
    })
    expect(lines.join('')).not.toMatch(/secret|a-key-that/)
  })
})

describe('two servers', () => {
  it('do not share one SQLite file: the second says so in a sentence', async () => {
    const [sqlite] = testDatabases
    const environment = environmentOf(await sqlite.newConfig())
    await startServer(environment)
    const { exitCode, said } = await finish(run(environment, 'serve'))
    expect(exitCode).toBe(1)
    expect(said.trim()).toMatch(/^[A-Z].*another Etude server.*\.$/s)
    expect(said).not.toContain('    at ')
  })

  it('answer together on PostgreSQL: either tells what the other is doing, and stops it', async () => {
    const [, postgres] = testDatabases
    const slow = await lab({
      steps: [{ do: 'text', text: 'begun ' }, { do: 'wait', ms: 600 }, { do: 'text', text: 'more' }, { do: 'hang' }],
    })
    const environment = {
      ...environmentOf(await postgres.newConfig()),
      ETUDE_SECRET: 's'.repeat(40),
      ETUDE_CONFIG: configFile({ slow: { baseUrl: slow.baseUrl } }),
    }
    const one = await startServer(environment)
    const two = await startServer(environment)
    const started = await readSome(await one.ask({ prompt_text: 'Go', model_names: ['slow'] }, asEvents), (body) =>
      body.includes('turn-start'),
    )
    const path = `/user/practice/turns/${parseEvents(started)[0]?.data.turn_id}`
    const elsewhere = readSome(await two.call(`${path}/events`), () => false)
    await sleep(1_000)
    expect((await two.call(`${path}/cancel`, { method: 'POST' })).status).toBe(202)
    const events = await elsewhere
    expect(textOf(events)).toBe('begun more')
    expect(parseEvents(events).at(-1)).toMatchObject({ type: 'turn-end', data: { result: { status: 'stopped' } } })
  })
})
