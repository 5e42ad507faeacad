import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'
import { request } from 'undici'
import { folder, stopChild, usageOf } from './children.mjs'
import { AUTHORIZATION, startEtude } from './contenders.mjs'
import { say } from './measure.mjs'
import { atLeast, atMost, machine, median, printAims, printTable, ratioOf, time, times } from './table.mjs'

const TOKENIZER = 'o200k_base'
const LANGUAGES = ['English', 'Korean']
const COUNTS = [200, 2_000, 20_000]
const BUDGETS = { '4k': 4_096, '32k': 32_768, '128k': 131_072 }
/** Kept free for the answer in every setting. */
const ANSWER_TOKENS = 100
/** What OpenAI's chat format writes around each message and before the answer. */
const OVERHEAD = { message: 4, reply: 3 }
/** With more messages than these LangChain needs seconds with a memory and minutes without: asked once, or not. */
const MOST_WITHOUT_MEMORY = 200
const MOST_IN_EACH_ROUND = 2_000
/** Short work is repeated, that the clock can measure it and a pause of the machine does not count. */
const SHORTEST_BATCH_MS = 2
const LEAST_SPENT_MS = 40

/**
 * What a long conversation costs to trim, beside LangChain's `trimMessages` with the same tokenizer, beside tokenizing
 * what is kept, and as a whole HTTP request.
 */
export async function main(args) {
  const { values } = parseArgs({
    args,
    options: {
      rounds: { type: 'string', default: '5' },
      measure: { type: 'string', default: 'trim,http' },
      plain: { type: 'boolean', default: false },
      program: { type: 'string' },
    },
  })
  const rounds = Math.min(30, Math.max(1, Number(values.rounds) || 5))
  const measure = new Set(values.measure.split(','))
  const ours = await loadWindow()
  const results = {}
  if (measure.has('trim')) results.trim = await measureTrimming(ours, rounds, values.plain)
  if (measure.has('http')) results.http = await measureHttp(ours, rounds, values.program)
  console.log(`\n${machine('langchain/node_modules/@langchain/core')}; a figure is the median of ${rounds} rounds`)
  if (results.trim) printTrimming(results.trim)
  if (results.http) printHttp(results.http)
  printAims([...(results.trim ? trimmingAims(results.trim) : []), ...(results.http ? httpAims(results.http) : [])])
}

/** The server's own window, as its bundle has it. */
async function loadWindow() {
  const outfile = join(folder, 'window.mjs')
  const source = fileURLToPath(new URL('../server/src/features/window', import.meta.url))
  await build({
    stdin: {
      contents: `export { WindowService } from './window.ts'
        export { TokenizerService } from './tokenizer-service.ts'`,
      resolveDir: source,
    },
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    format: 'esm',
    external: ['gpt-tokenizer'],
    logLevel: 'warning',
  })
  const { WindowService, TokenizerService } = await import(pathToFileURL(outfile))
  const tokenizers = new TokenizerService({ dataFolder: folder, warn: say })
  const tokenizer = await tokenizers.load(TOKENIZER)
  /** A service that has counted nothing yet; the tokenizer is the same one. */
  const newWindow = () => new WindowService({ tokenizers })
  const fit = (service, messages, contextTokens) =>
    service.fit(messages, {
      model: 'bench',
      tokenizer: TOKENIZER,
      contextTokens,
      answerTokens: ANSWER_TOKENS,
      marginTokens: 0,
    })
  return { newWindow, fit, tokenizer }
}

async function loadTrimMessages() {
  const entry = new URL('langchain/node_modules/@langchain/core/dist/messages/index.js', import.meta.url)
  return await import(entry)
}

async function measureTrimming(ours, rounds, plain) {
  const langchain = await loadTrimMessages()
  const cases = LANGUAGES.flatMap((language) =>
    COUNTS.flatMap((count) => {
      const messages = conversation(language, count)
      const theirs = messages.map((message) => toLangChain(langchain, message))
      return Object.keys(BUDGETS).map((budget) => ({ language, count, budget, messages, theirs, samples: {} }))
    }),
  )
  for (const setting of cases) await compareResults(ours, langchain, setting)
  say('trimming, warming up')
  for (const setting of cases.filter(({ count }) => count <= MOST_IN_EACH_ROUND)) {
    await measureCase(ours, langchain, setting, 0, false)
    setting.samples = {}
  }
  for (let round = 1; round <= rounds; round += 1) {
    say(`trimming, round ${round} of ${rounds}`)
    for (const setting of cases) await measureCase(ours, langchain, setting, round, plain)
  }
  return cases
}

/** One sample of each contender. */
async function measureCase({ newWindow, fit, tokenizer }, { trimMessages }, setting, round, plain) {
  const { messages, theirs, budget, count, language, samples, kept } = setting
  const context = BUDGETS[budget]
  const sample = async (name, action) => {
    samples[name] ??= []
    samples[name].push(await timed(action))
  }
  await sample('cold', () => fit(newWindow(), messages, context))
  const known = newWindow()
  await fit(known, messages, context)
  await sample('stored', () => fit(known, messages, context))
  await sample('tokenizing', () => {
    for (const { content } of kept) tokenizer.count(content)
  })
  const trim = (counter) => trimMessages(theirs, trimOptions(counter, context))
  if (count > MOST_IN_EACH_ROUND) {
    if (round === 1 && budget === '4k' && language === 'English')
      await sample('memoised', () => trim(memoised(tokenizer)))
  } else {
    await sample('memoised', () => trim(memoised(tokenizer)))
    const counter = memoised(tokenizer)
    await trim(counter)
    await sample('memoisedStored', () => trim(counter))
  }
  const isPlainAsked = plain && round === 1 && count === 2_000 && budget === '4k' && language === 'English'
  if (isPlainAsked || (count <= MOST_WITHOUT_MEMORY && round === 1))
    await sample('plain', () => trim(({ content }) => tokenizer.count(content)))
}

/** LangChain's counter is given all messages that are left, each time that it drops one. */
function trimOptions(count, context) {
  return {
    maxTokens: context - ANSWER_TOKENS - OVERHEAD.reply,
    strategy: 'last',
    startOn: 'human',
    includeSystem: true,
    tokenCounter: (messages) => {
      let tokens = 0
      for (const message of messages) tokens += OVERHEAD.message + count(message)
      return tokens
    },
  }
}

/** By text, as LangChain makes new messages of those it is given. */
function memoised(tokenizer) {
  const memory = new Map()
  return ({ content }) => {
    let tokens = memory.get(content)
    if (tokens === undefined) {
      tokens = tokenizer.count(content)
      memory.set(content, tokens)
    }
    return tokens
  }
}

function toLangChain({ SystemMessage, HumanMessage, AIMessage }, { role, content }) {
  const Message = { system: SystemMessage, user: HumanMessage, assistant: AIMessage }[role]
  return new Message(content)
}

/** @throws {Error} unless both keep the same messages: otherwise the times would not be of the same work. */
async function compareResults({ newWindow, fit, tokenizer }, { trimMessages }, setting) {
  const { messages, theirs, budget, count, language } = setting
  const fitted = await fit(newWindow(), messages, BUDGETS[budget])
  setting.kept = fitted.messages
  if (count > MOST_IN_EACH_ROUND) return
  const trimmed = await trimMessages(theirs, trimOptions(memoised(tokenizer), BUDGETS[budget]))
  const texts = (list) => JSON.stringify(list.map(({ content }) => content))
  if (texts(fitted.messages) !== texts(trimmed))
    throw new Error(
      `${language}, ${count} to ${budget}: Etude keeps ${fitted.messages.length} messages, LangChain ${trimmed.length}`,
    )
}

/** Milliseconds that an action takes: the median of some batches, each long enough for the clock. */
async function timed(action) {
  const perRun = []
  let spent = 0
  while (spent < LEAST_SPENT_MS) {
    const begin = performance.now()
    let runs = 0
    let elapsed = 0
    while (elapsed < SHORTEST_BATCH_MS) {
      await action()
      runs += 1
      elapsed = performance.now() - begin
    }
    perRun.push(elapsed / runs)
    spent += elapsed
  }
  return median(perRun)
}

/** A system message, then questions and answers of one to four sentences, of which no two are the same. */
function conversation(language, count) {
  const sentences = sentencesOf(language)
  let state = 42
  const random = (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  const text = (place) => {
    const picked = Array.from({ length: 1 + random(4) }, () => sentences[random(sentences.length)])
    return `${place}. ${picked.join(' ')}`
  }
  return Array.from({ length: count }, (_, place) => ({
    role: place === 0 ? 'system' : place % 2 === 1 ? 'user' : 'assistant',
    content: text(place),
  }))
}

function sentencesOf(language) {
  const names = { English: ['essay', 'conversation', 'technical'], Korean: ['essay', 'chat', 'support', 'technical'] }
  return names[language].flatMap((name) => {
    const file = new URL(
      `../server/src/features/window/fixtures/${language.toLowerCase()}-${name}.txt`,
      import.meta.url,
    )
    return readFileSync(file, 'utf8')
      .split(/(?<=[.?!])\s+/u)
      .filter((sentence) => sentence.length > 10)
  })
}

/** Whole requests of CLOVA Studio's sliding endpoint, one at a time, beside parsing the same body and trimming. */
async function measureHttp(ours, rounds, program) {
  const models = Object.entries(BUDGETS).map(([name, contextTokens]) => ({
    name,
    provider: 'nobody',
    model: name,
    contextTokens,
    maxOutputTokens: 1_024,
    tokenizer: TOKENIZER,
  }))
  const providers = [{ name: 'nobody', kind: 'openai-compatible', baseUrl: 'http://127.0.0.1:9/v1' }]
  const { started, origin } = await startEtude({ config: { providers, models }, program })
  const cases = COUNTS.flatMap((count) =>
    ['4k', '128k'].map((budget) => ({
      count,
      budget,
      runs: Math.max(3, Math.min(30, 20_000 / count)),
      messages: conversation('English', count),
      samples: {},
    })),
  )
  let nonce = 0
  const bodyOf = ({ messages }, fresh) => {
    nonce += fresh ? 1 : 0
    const marked = fresh ? messages.map(({ role, content }) => ({ role, content: `${nonce} ${content}` })) : messages
    return JSON.stringify({ maxTokens: ANSWER_TOKENS, messages: marked })
  }
  const known = ours.newWindow()
  for (let round = 0; round <= rounds; round += 1) {
    say(round === 0 ? 'HTTP, warming up' : `HTTP, round ${round} of ${rounds}`)
    for (const setting of cases) {
      for (const kind of ['cold', 'stored']) {
        const bodies = Array.from({ length: setting.runs }, () => bodyOf(setting, kind === 'cold'))
        const figures = await compareHttp({ ours, started, origin, setting, bodies, kind, known })
        // The first round only compiles, and counts what is to be stored.
        if (round === 0) continue
        for (const [name, value] of Object.entries(figures))
          setting.samples[name] = [...(setting.samples[name] ?? []), value]
      }
    }
  }
  await stopChild(started)
  return cases
}

/** The same bodies over HTTP and without it. */
async function compareHttp({ ours, started, origin, setting, bodies, kind, known }) {
  const url = `${origin}/v1/api-tools/sliding/chat-messages/${setting.budget}`
  const httpMs = []
  const kept = []
  const before = await usageOf(started)
  for (const body of bodies) {
    const begin = performance.now()
    const headers = { 'content-type': 'application/json', ...AUTHORIZATION }
    const reply = await request(url, { method: 'POST', headers, body })
    const text = await reply.body.text()
    httpMs.push(performance.now() - begin)
    if (reply.statusCode !== 200) throw new Error(`etude answered ${reply.statusCode}: ${text.slice(0, 500)}`)
    kept.push(JSON.parse(text).result.messages.length)
  }
  const after = await usageOf(started)
  const aloneMs = []
  const aloneBefore = process.cpuUsage()
  for (const [index, body] of bodies.entries()) {
    const begin = performance.now()
    const { messages } = JSON.parse(body)
    const service = kind === 'cold' ? ours.newWindow() : known
    const fitted = await ours.fit(service, messages, BUDGETS[setting.budget])
    aloneMs.push(performance.now() - begin)
    if (fitted.messages.length !== kept[index])
      throw new Error(`${kept[index]} messages were kept over HTTP, ${fitted.messages.length} without`)
  }
  const alone = process.cpuUsage(aloneBefore)
  return {
    [`${kind}Http`]: median(httpMs),
    [`${kind}Alone`]: median(aloneMs),
    [`${kind}HttpCpu`]: (after.cpuMicros - before.cpuMicros) / bodies.length / 1_000,
    [`${kind}AloneCpu`]: (alone.user + alone.system) / bodies.length / 1_000,
  }
}

function printTrimming(cases) {
  const show = (samples) => samples && time(samples)
  printTable(
    [
      'messages',
      'kept',
      'etude, cold',
      'etude, stored',
      'tokenizing what is kept',
      'LangChain, memoised, cold',
      'LangChain, memoised, stored',
      'LangChain',
      'cold: LangChain ÷ etude',
      'stored: LangChain ÷ etude',
      'etude, cold ÷ tokenizing',
    ],
    cases.map(({ language, count, budget, kept, samples }) => [
      `${language}, ${count.toLocaleString('en')} to ${budget}`,
      kept.length.toLocaleString('en'),
      show(samples.cold),
      show(samples.stored),
      show(samples.tokenizing),
      show(samples.memoised),
      show(samples.memoisedStored),
      show(samples.plain),
      times(ratioToOurs(samples.memoised, samples.cold)),
      times(ratioToOurs(samples.memoisedStored, samples.stored)),
      times(ratioOf(samples.cold, samples.tokenizing)),
    ]),
  )
}

/** How many times as long they take; they have fewer rounds where they need seconds. */
function ratioToOurs(theirs, ours) {
  return theirs && (theirs.length === ours.length ? ratioOf(theirs, ours) : median(theirs) / median(ours))
}

function trimmingAims(cases) {
  const of = (language, count, budget) =>
    cases.find((one) => one.language === language && one.count === count && one.budget === budget)
  return LANGUAGES.flatMap((language) => {
    const { samples } = of(language, 2_000, '4k')
    const many = of(language, 20_000, '4k').samples
    const comparedWithTokenizing = cases
      .filter((one) => one.language === language)
      .map((one) => ratioOf(one.samples.cold, one.samples.tokenizing))
    return [
      ...atLeast(
        `60 × faster than memoised LangChain, cold: ${language}, 2,000 to 4k`,
        60,
        ratioOf(samples.memoised, samples.cold),
      ),
      ...atLeast(
        `1,000,000 × faster than LangChain as it is, stored: ${language}, 2,000 to 4k`,
        1_000_000,
        ratioToOurs(samples.plain, samples.stored),
      ),
      ...atMost(
        `1.2 × the time of 2,000 messages at 20,000, cold: ${language}, 4k`,
        1.2,
        ratioOf(many.cold, samples.cold),
      ),
      ...atMost(
        `1.2 × the time of 2,000 messages at 20,000, stored: ${language}, 4k`,
        1.2,
        ratioOf(many.stored, samples.stored),
      ),
      ...atMost(`1.3 × tokenizing what is kept, the worst case: ${language}`, 1.3, Math.max(...comparedWithTokenizing)),
    ]
  })
}

function printHttp(cases) {
  printTable(
    ['one request at a time', 'request', 'parsing and trimming', 'ratio', 'CPU of the server', 'CPU of that', 'ratio'],
    cases.flatMap(({ count, budget, samples }) =>
      ['cold', 'stored'].map((kind) => [
        `${count.toLocaleString('en')} to ${budget}, ${kind}`,
        time(samples[`${kind}Http`]),
        time(samples[`${kind}Alone`]),
        times(ratioOf(samples[`${kind}Http`], samples[`${kind}Alone`])),
        time(samples[`${kind}HttpCpu`]),
        time(samples[`${kind}AloneCpu`]),
        times(ratioOf(samples[`${kind}HttpCpu`], samples[`${kind}AloneCpu`])),
      ]),
    ),
  )
}

function httpAims(cases) {
  return cases.flatMap(({ count, budget, samples }) =>
    ['cold', 'stored'].flatMap((kind) =>
      atMost(
        `2 × parsing and trimming: ${count.toLocaleString('en')} to ${budget} over HTTP, ${kind}`,
        2,
        ratioOf(samples[`${kind}Http`], samples[`${kind}Alone`]),
      ),
    ),
  )
}
