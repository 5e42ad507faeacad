import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { messageOf, startChild, stopChild } from './children.mjs'
import { AUTHORIZATION, startEtude } from './contenders.mjs'
import { largeDocument, toYaml } from './large-document.mjs'
import { checked, perContender, say, startClient, withUsage } from './measure.mjs'
import { machine, median, micros, ms, printAims, printTable, ratioOf, time, times, whole } from './table.mjs'

const CLIENTS = 16
const QUESTIONS = 200
const MOST_ADDED_MS = 5
const IMPORTS = 5
const METHODS = new Set(['get', 'put', 'post', 'delete', 'patch'])
const JSON_BODY = { 'content-type': 'application/json' }
const QUESTION = { query: 'What is the weather like in Seoul?' }

/** What Etude adds to a question over a skill beyond the model and the API, both scripted and on loopback. */
export async function main(args) {
  const { values } = parseArgs({
    args,
    options: { rounds: { type: 'string', default: '5' }, program: { type: 'string' } },
  })
  const rounds = Math.min(20, Math.max(1, Number(values.rounds) || 5))
  const upstream = startChild('upstream', inBench('skills-upstream.mjs'))
  const origin = `http://127.0.0.1:${await messageOf(upstream, 'port')}`
  const client = await startClient()
  const contenders = [await bare(origin), await etude(origin, values.program)]
  for (const contender of contenders) {
    say(`warming up ${contender.name}`)
    checked(contender, await client.ask({ pool: contender.pool, concurrency: 8, turns: 3_000, seconds: 10 }))
  }

  const alone = perContender(contenders, () => [])
  const crowd = perContender(contenders, () => ({ perSecond: [], cpuMicros: [] }))
  const parts = []
  for (let round = 1; round <= rounds; round += 1) {
    say(`round ${round} of ${rounds}`)
    let sum = 0
    for (const request of partsOf(origin)) sum += median((await oneByOne(client, [request])).endMs)
    parts.push(sum)
    for (const contender of contenders) {
      alone[contender.name].push(median((await oneByOne(client, contender.pool, contender)).endMs))
      const { result, cpuMicros } = await withUsage(contender, () =>
        client.ask({ pool: contender.pool, concurrency: CLIENTS, seconds: 3 }),
      )
      crowd[contender.name].perSecond.push(result.perSecond)
      crowd[contender.name].cpuMicros.push(cpuMicros / result.complete)
    }
  }
  const imports = await measureImports(contenders.find(({ name }) => name === 'etude').origin)
  for (const contender of contenders) await contender.stop()
  await client.stop()
  await stopChild(upstream)
  print({ alone, crowd, parts, imports })
}

async function oneByOne(client, pool, contender = { name: 'upstream' }) {
  return checked(contender, await client.ask({ pool, concurrency: 1, turns: QUESTIONS, unmeasured: 5 }))
}

/** What a question consists of, asked of model and API without anything in between. */
function partsOf(origin) {
  const ask = (messages) => ({
    origin,
    path: '/v1/chat/completions',
    headers: JSON_BODY,
    body: JSON.stringify({ model: 'bench', stream: true, messages }),
  })
  const question = { role: 'user', content: QUESTION.query }
  return [
    ask([question]),
    { origin, path: '/weather?city=Seoul', method: 'GET', headers: {} },
    ask([question, { role: 'tool', tool_call_id: 'call_1', content: '{}' }]),
  ]
}

async function bare(upstream) {
  const started = startChild('bare', inBench('skills-bare.mjs'), { args: [upstream] })
  const origin = `http://127.0.0.1:${await messageOf(started, 'port')}`
  const request = { origin, path: '/', headers: JSON_BODY, body: JSON.stringify(QUESTION) }
  return { name: 'bare', started, pool: [request], stop: () => stopChild(started) }
}

async function etude(upstream, program) {
  const config = {
    outbound: { allow: [upstream] },
    providers: [{ name: 'bench', kind: 'openai-compatible', baseUrl: `${upstream}/v1` }],
    models: [
      {
        name: 'bench',
        provider: 'bench',
        model: 'bench',
        contextTokens: 32_768,
        maxOutputTokens: 4_096,
        capabilities: { tools: true },
      },
    ],
  }
  const { started, origin } = await startEtude({ config, program })
  const skillsetId = await publish(origin, upstream)
  const request = {
    origin,
    path: `/v1/skillsets/${skillsetId}/versions/1/final-answer`,
    headers: { ...JSON_BODY, ...AUTHORIZATION },
    body: JSON.stringify(QUESTION),
  }
  const { result } = await post(origin, request.path, QUESTION)
  if (!result.finalAnswer.startsWith('tok0') || result.apiResult.length !== 1)
    throw new Error(`The answer is not what was scripted: ${JSON.stringify(result)}`)
  return { name: 'etude', started, origin, pool: [request], stop: () => stopChild(started) }
}

async function publish(origin, upstream) {
  const city = { name: 'city', in: 'query', required: true, schema: { type: 'string' } }
  const operation = { operationId: 'getWeather', summary: 'The weather of a city', parameters: [city], responses: {} }
  const document = {
    openapi: '3.0.0',
    info: { title: 'Weather', version: '1' },
    servers: [{ url: upstream }],
    paths: { '/weather': { get: operation } },
  }
  const skill = await post(origin, '/v1/skills', { document, name_for_model: 'weather' })
  const skillIds = [(skill.skill ?? skill).skill_id]
  const { skillset_id: skillsetId } = await post(origin, '/v1/skillsets', { name: 'Bench', skill_ids: skillIds })
  await post(origin, `/v1/skillsets/${skillsetId}/versions`, {})
  return skillsetId
}

/**
 * Milliseconds of importing Etude's own description, and of reading a document of a thousand operations; and how long
 * somebody else's request waited meanwhile.
 */
async function measureImports(origin) {
  const own = JSON.parse(readFileSync(new URL('../openapi.json', import.meta.url), 'utf8'))
  own.servers = [{ url: 'https://api.example.com' }]
  const large = largeDocument()
  const imports = [
    ['openapi.json', own, (count) => ['/v1/skills', { document: own, name_for_model: `own_${count}` }]],
    ['a large API in JSON', large, () => ['/v1/skills/check', { document: JSON.stringify(large) }]],
    ['a large API in YAML', large, () => ['/v1/skills/check', { document: toYaml(large) }]],
  ]
  const results = []
  for (const [name, document, request] of imports) {
    const samples = []
    const waits = []
    for (let count = 0; count < IMPORTS; count += 1) {
      const [path, body] = request(count)
      const begin = performance.now()
      const imported = post(origin, path, body).then(() => samples.push(performance.now() - begin))
      waits.push(await longestWait(origin, imported))
      await imported
    }
    const kilobytes = whole(Buffer.byteLength(JSON.stringify(document)) / 1024)
    const operations = Object.values(document.paths).flatMap((item) =>
      Object.keys(item).filter((key) => METHODS.has(key)),
    )
    results.push({ name: `${name} (${kilobytes} KB, ${operations.length} operations)`, samples, waits })
  }
  return results
}

/** How long the slowest of many small requests waited until the work had ended. */
async function longestWait(origin, work) {
  let isDone = false
  const done = work.finally(() => {
    isDone = true
  })
  let longest = 0
  while (!isDone) {
    const begin = performance.now()
    await (await fetch(`${origin}/healthz`)).arrayBuffer()
    longest = Math.max(longest, performance.now() - begin)
  }
  await done
  return longest
}

async function post(origin, path, body) {
  const headers = { ...JSON_BODY, ...AUTHORIZATION }
  const reply = await fetch(origin + path, { method: 'POST', headers, body: JSON.stringify(body) })
  if (!reply.ok) throw new Error(`etude answered ${reply.status} to ${path}: ${await reply.text()}`)
  return await reply.json()
}

function print({ alone, crowd, parts, imports }) {
  const added = (name) => alone[name].map((value, round) => value - parts[round])
  console.log(`\n${machine()}`)
  printTable(
    ['', 'model and API alone', 'bare', 'etude', 'etude ÷ bare'],
    [
      ['a question, one at a time, median', ms(parts), ms(alone.bare), ms(alone.etude)],
      ['added to model and API, median', '', ms(added('bare')), ms(added('etude'))],
      [
        `final answers a second, ${CLIENTS} clients`,
        '',
        whole(crowd.bare.perSecond),
        whole(crowd.etude.perSecond),
        times(ratioOf(crowd.etude.perSecond, crowd.bare.perSecond)),
      ],
      [
        `CPU a final answer, ${CLIENTS} clients`,
        '',
        micros(crowd.bare.cpuMicros),
        micros(crowd.etude.cpuMicros),
        times(ratioOf(crowd.etude.cpuMicros, crowd.bare.cpuMicros)),
      ],
      ...imports.flatMap(({ name, samples, waits }) => [
        [`importing ${name}`, '', '', time(samples)],
        ["longest wait of somebody else's request meanwhile", '', '', time(waits)],
      ]),
    ],
  )
  const seen = median(added('etude'))
  printAims([{ aim: `at most ${MOST_ADDED_MS} ms added, median`, seen: ms([seen]), reached: seen <= MOST_ADDED_MS }])
}

function inBench(path) {
  return fileURLToPath(new URL(path, import.meta.url))
}
