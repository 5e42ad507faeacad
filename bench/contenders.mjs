import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { folder, freePort, messageOf, startChild, stopChild, untilAnswers } from './children.mjs'

const inBench = (path) => fileURLToPath(new URL(path, import.meta.url))
export const ETUDE = inBench('../server/bin/etude.js')
const KEY = 'bench-key-0123456789abcdef0123456789'
/** What a request to Etude says of who sends it. */
export const AUTHORIZATION = { authorization: `Bearer ${KEY}` }
const PROMPT = 'Please count as far as you can.'

/**
 * Everything that can stand between a client and the upstream. `start` gives a contender:
 * its `name`, its child process (`started`, none for the direct call), `requests(shape, models)`: what a client sends to
 * ask one prompt of so many models, and `stop()`.
 */
export const CONTENDERS = { direct, relay, portkey, etude }

/** The same, where Etude is the gateway of one call. */
export const GATEWAYS = { direct, relay, portkey, etude: etudeGateway }

async function direct(upstream) {
  return {
    name: 'direct',
    requests: (shape, models) => openAiRequests(upstream, `/${shape}/v1/chat/completions`, {}, shape, models),
    stop: async () => {},
  }
}

async function relay(upstream) {
  const started = startChild('relay', inBench('relay.mjs'), { args: [upstream] })
  const origin = `http://127.0.0.1:${await messageOf(started, 'port')}`
  return {
    name: 'relay',
    started,
    requests: (shape, models) => openAiRequests(origin, `/${shape}/v1/chat/completions`, {}, shape, models),
    stop: () => stopChild(started),
  }
}

async function portkey(upstream) {
  const port = await freePort()
  const script = inBench('portkey/node_modules/@portkey-ai/gateway/build/start-server.js')
  const started = startChild('portkey', script, { args: [`--port=${port}`, '--headless'] })
  const origin = `http://127.0.0.1:${port}`
  await untilAnswers(started, `${origin}/`)
  const headers = (shape) => ({ 'x-portkey-provider': 'openai', 'x-portkey-custom-host': `${upstream}/${shape}/v1` })
  return {
    name: 'portkey',
    started,
    requests: (shape, models) => openAiRequests(origin, '/v1/chat/completions', headers(shape), shape, models),
    stop: () => stopChild(started),
  }
}

/** Etude asked through its practice API, which stores a session with everything in it. */
async function etude(upstream, options) {
  const { started, origin } = await startEtude({ ...options, config: etudeConfig(upstream, options.shapes) })
  await checkStored(origin, options.shapes[0])
  return {
    name: 'etude',
    started,
    requests: (shape, models) => [
      {
        origin,
        path: '/user/practice/sessions/run?class_id=1',
        headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...AUTHORIZATION },
        body: JSON.stringify({ prompt_text: PROMPT, model_names: modelNames(shape).slice(0, models) }),
        marks: { ...tokenMarks(shape), doneMs: 'event: turn-end' },
        failureMark: 'event: response-error',
      },
    ],
    stop: () => stopChild(started),
  }
}

/** Etude asked as an OpenAI-compatible gateway, which records each call. */
async function etudeGateway(upstream, options) {
  const { started, origin } = await startEtude({ ...options, config: etudeConfig(upstream, options.shapes) })
  return {
    name: 'etude',
    started,
    requests: (shape, models) => openAiRequests(origin, '/v1/openai/chat/completions', AUTHORIZATION, shape, models),
    stop: () => stopChild(started),
  }
}

/**
 * Etude as people run it: its bundle, its default log level, SQLite on disk; only the rate limit is off.
 *
 * @param prepare is given the data folder after the person `bench` was made and before the server starts.
 * @param databaseUrl of a PostgreSQL database to be used instead of SQLite.
 */
export async function startEtude({ config, prepare, program = ETUDE, nodeOptions = [], databaseUrl }) {
  if (!existsSync(program)) throw new Error('Build the server first: npm run build')
  const port = await freePort()
  const data = join(folder, `etude-${port}`)
  mkdirSync(data)
  writeFileSync(join(data, 'etude.config.json'), JSON.stringify({ ...config, requestsPerMinute: 0 }))
  const env = {
    ETUDE_PORT: String(port),
    ETUDE_DATA: data,
    ETUDE_CONFIG: join(data, 'etude.config.json'),
    HOME: data,
    ...(databaseUrl && { DATABASE_URL: databaseUrl }),
  }
  execFileSync(process.execPath, [program, 'user', 'add', 'bench', '--admin', '--key', KEY], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: 30_000,
  })
  prepare?.(data)
  const started = startChild('etude', program, { args: ['serve'], env, nodeOptions })
  const origin = `http://127.0.0.1:${port}`
  await untilAnswers(started, `${origin}/readyz`)
  return { started, origin }
}

/** @throws {Error} unless what three models answered can be read again from the session. */
async function checkStored(origin, shape) {
  const call = async (path, body) => {
    const headers = { 'content-type': 'application/json', ...AUTHORIZATION }
    const reply = await fetch(origin + path, {
      method: body ? 'POST' : 'GET',
      headers,
      body: body && JSON.stringify(body),
    })
    if (!reply.ok) throw new Error(`etude answered ${reply.status} to ${path}: ${await reply.text()}`)
    return await reply.json()
  }
  const turn = await call('/user/practice/sessions/run?class_id=1', {
    prompt_text: PROMPT,
    model_names: modelNames(shape),
  })
  const { responses } = await call(`/user/practice/sessions/${turn.session_id}`)
  const { firstMs, lastMs } = tokenMarks(shape)
  const whole = responses.filter(
    ({ status, response_text: text }) => status === 'complete' && text.startsWith(firstMs) && text.endsWith(lastMs),
  )
  if (whole.length !== 3) throw new Error(`etude did not store three answers: ${JSON.stringify(responses)}`)
}

function etudeConfig(upstream, shapes) {
  const generous = { retries: 0, concurrency: 10_000 }
  return {
    providers: shapes.map((shape) => ({
      name: shape,
      kind: 'openai-compatible',
      baseUrl: `${upstream}/${shape}/v1`,
      ...generous,
    })),
    models: shapes.flatMap((shape) => modelNames(shape).map((name) => ({ name, provider: shape, model: name }))),
  }
}

const modelNames = (shape) => [1, 2, 3].map((number) => `${shape}-model-${number}`)

/** The first and the last token of an answer of this shape, e.g. `burst-16`. */
function tokenMarks(shape) {
  return { firstMs: 'tok0 ', lastMs: `tok${Number(shape.split('-').at(-1)) - 1} ` }
}

function openAiRequests(origin, path, headers, shape, models) {
  return modelNames(shape)
    .slice(0, models)
    .map((model) => ({
      origin,
      path,
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({
        model,
        messages: [{ role: 'user', content: PROMPT }],
        stream: true,
        stream_options: { include_usage: true },
      }),
      marks: { ...tokenMarks(shape), doneMs: '[DONE]' },
    }))
}
