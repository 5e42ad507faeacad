import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Database } from '../db/open.ts'
import { testDatabases } from '../db/testing.ts'
import type { LanguageModel, ModelRequest } from '../models/language-model.ts'
import { ModelError } from '../models/model-error.ts'
import { ScriptedModel, says } from '../models/testing.ts'
import { RunRecovery } from './run-recovery.ts'
import { RunService } from './run-service.ts'
import { RunStore, type TurnKey } from './run-store.ts'
import { RunTopics } from './run-topics.ts'
import type { LaneEvent, LaneSkillCall, NumberedEvent, Response, Turn } from './turn.ts'

const log = pino({ level: 'silent' })
const now = () => new Date()

/** A server of its own on a database that it may share with others. */
function server(database: Database, serverId: string) {
  const store = new RunStore(database, async () => [])
  const runs = new RunService({ store, topics: new RunTopics(database.notifier), log, serverId, now })
  const recovery = new RunRecovery({ store, serverId, log, now })
  onTestFinished(() => runs.shutdown(0))
  return { store, runs, recovery }
}

let nextId = 1

/** A stored session with a turn in it that asks the given models. */
async function newTurn(database: Database, models: readonly LanguageModel[]) {
  const sessionId = nextId++
  const createdAt = now().toISOString()
  await database.db
    .insertInto('practice_sessions')
    .values({
      session_id: sessionId,
      person_id: 1,
      class_id: 1,
      title: 'A title',
      title_source: 'prompt',
      preview: '',
      setting_id: 1,
      revision: 1,
      turn_count: 1,
      created_at: createdAt,
      updated_at: createdAt,
      last_turn_at: createdAt,
    })
    .execute()
  const turn: Turn = {
    sessionId,
    turnId: nextId++,
    parentTurnId: null,
    fewShots: [],
    sessionTitle: 'A title',
    promptText: 'hello',
    status: 'running',
    createdAt,
  }
  const tasks = models.map((model) => ({
    model,
    provider: 'test',
    request: { messages: [{ role: 'user' as const, content: 'hello' }], parameters: {} },
    costOf: () => 0.5,
    countTokens: (text: string) => text.length,
    response: newResponse(turn, model.name),
  }))
  return { turn, tasks, key: { sessionId, turnId: turn.turnId } }
}

function newResponse(turn: Turn, modelName: string): Response {
  return {
    responseId: nextId++,
    turnId: turn.turnId,
    laneId: nextId++,
    modelName,
    isPrimary: false,
    attempt: 1,
    revision: 1,
    trim: null,
    callRef: null,
    skillCalls: [],
    status: 'running',
    text: '',
    reasoningText: '',
    finishReason: null,
    error: null,
    usage: null,
    cost: null,
    latencyMs: null,
    firstTokenMs: null,
    generationParams: {},
    droppedParams: [],
    createdAt: turn.createdAt,
  }
}

async function readAll(runs: RunService, key: TurnKey, after = 0): Promise<NumberedEvent[]> {
  const events: NumberedEvent[] = []
  for await (const batch of runs.follow(key, after, AbortSignal.timeout(10_000))) events.push(...batch)
  return events
}

/** The text of every response, put together by offset. */
function textsOf(events: readonly NumberedEvent[]): string[] {
  const texts = new Map<number, string>()
  for (const { event } of events) {
    if (event.type !== 'text-delta') continue
    const before = texts.get(event.responseId) ?? ''
    expect(event.offset).toBeLessThanOrEqual(before.length)
    texts.set(event.responseId, before.slice(0, event.offset) + event.text)
  }
  return [...texts.values()]
}

const usage = { type: 'usage' as const, usage: { inputTokens: 3, outputTokens: 4 } }

describe.each(testDatabases)('runs on $name', ({ open }) => {
  it('tells everything that happens, and the same again when replayed', async () => {
    const database = await open()
    const { runs } = server(database, 'one')
    const { turn, tasks, key } = await newTurn(database, [new ScriptedModel('a', [...says('Hel', 'lo'), usage])])
    await runs.start(turn, tasks, [])
    const live = await readAll(runs, key)
    expect(live.map(({ event }) => event.type)).toEqual([
      'turn-start',
      'response-start',
      'text-delta',
      'response-end',
      'turn-end',
    ])
    expect(live.at(-1)?.event).toMatchObject({
      turn: { status: 'complete' },
      responses: [
        {
          status: 'complete',
          text: 'Hello',
          finishReason: 'stop',
          cost: 0.5,
          usage: { promptTokens: 3, completionTokens: 4, source: 'provider' },
        },
      ],
    })
    await runs.waitForEnd(key)
    const replayed = await readAll(runs, key)
    expect(replayed.map(({ seq, event }) => [seq, event.type])).toEqual(live.map(({ seq, event }) => [seq, event.type]))
    expect(replayed.at(-1)?.event).toMatchObject({ responses: [{ text: 'Hello', status: 'complete', cost: 0.5 }] })
    expect(await readAll(runs, key, live.at(-2)?.seq)).toHaveLength(1)
  })

  it('keeps the other answers when one model fails, with the words of its provider', async () => {
    const database = await open()
    const { runs } = server(database, 'one')
    const down = new ModelError('model_unavailable', 'The model is down.', { providerMessage: 'overloaded' })
    const { turn, tasks, key } = await newTurn(database, [
      new ScriptedModel('down', [...says('par'), down]),
      new ScriptedModel('up', says('fine')),
    ])
    await runs.start(turn, tasks, [])
    await runs.waitForEnd(key)
    expect(await runs.find(key)).toMatchObject({
      turn: { status: 'complete' },
      responses: [
        { status: 'failed', text: 'par', error: { code: 'model_unavailable', providerMessage: 'overloaded' } },
        { status: 'complete', text: 'fine' },
      ],
    })
  })

  it('goes on when nobody reads, and a late reader misses nothing', async () => {
    const database = await open()
    const { runs } = server(database, 'one')
    const words = Array.from({ length: 60 }, (_, index) => `w${index} `)
    const script = words.flatMap((text) => [...says(text), { waitMs: 5 }])
    const { turn, tasks, key } = await newTurn(database, [
      new ScriptedModel('a', script),
      new ScriptedModel('b', script),
    ])
    await runs.start(turn, tasks, [])
    const leaving = new AbortController()
    let lastSeen = 0
    const seen: NumberedEvent[] = []
    for await (const batch of runs.follow(key, 0, leaving.signal)) {
      seen.push(...batch)
      lastSeen = batch.at(-1)?.seq ?? 0
      if (textsOf(seen).join('').length > 60) leaving.abort()
    }
    const resumed = await readAll(runs, key, lastSeen)
    expect(resumed.every(({ seq }) => seq > lastSeen)).toBe(true)
    expect(textsOf([...seen, ...resumed])).toEqual([words.join(''), words.join('')])
    await runs.waitForEnd(key)
    expect(textsOf(await readAll(runs, key))).toEqual([words.join(''), words.join('')])
  })

  it('can be read on another server while it runs', async () => {
    const database = await open()
    const [one, two] = [server(database, 'one'), server(database, 'two')]
    const script = Array.from({ length: 30 }, (_, index) => [...says(`${index} `), { waitMs: 10 }]).flat()
    const { turn, tasks, key } = await newTurn(database, [new ScriptedModel('a', script)])
    await one.runs.start(turn, tasks, [])
    const events = await readAll(two.runs, key)
    expect(events.at(-1)?.event.type).toBe('turn-end')
    expect(textsOf(events)).toEqual([Array.from({ length: 30 }, (_, index) => `${index} `).join('')])
  })

  it('stops one lane, or all, from any server, and keeps what was said', async () => {
    const database = await open()
    const [one, two] = [server(database, 'one'), server(database, 'two')]
    const endless = () => new ScriptedModel('endless', [...says('begun'), 'hang'])
    const models = [endless(), endless()]
    const { turn, tasks, key } = await newTurn(database, models)
    await one.runs.start(turn, tasks, [])
    await one.runs.stop(key.turnId, [tasks[0]?.response.responseId ?? 0])
    await expect
      .poll(async () => (await one.runs.find(key))?.responses.map((response) => response.status))
      .toEqual(['stopped', 'running'])
    expect(models.map((model) => model.cancelled)).toEqual([1, 0])
    await two.runs.stop(key.turnId)
    await one.runs.waitForEnd(key)
    expect(await two.runs.find(key)).toMatchObject({
      turn: { status: 'stopped' },
      responses: [
        { status: 'stopped', text: 'begun' },
        { status: 'stopped', text: 'begun' },
      ],
    })
  })

  it('answers one turn of a session at a time', async () => {
    const database = await open()
    const { runs } = server(database, 'one')
    const { turn, tasks } = await newTurn(database, [new ScriptedModel('a', ['hang'])])
    await runs.start(turn, tasks, [])
    const next = { ...turn, turnId: nextId++ }
    const idle = new ScriptedModel('b', ['hang'])
    const task = { ...tasks[0]!, model: idle, response: newResponse(next, 'b') }
    await expect(runs.start(next, [task], [])).rejects.toMatchObject({ code: 'turn_running' })
    await expect.poll(() => idle.cancelled).toBe(1)
  })

  it('ends what a dead server left behind as interrupted, with the text that was stored', async () => {
    const database = await open()
    const [dead, alive] = [server(database, 'dead'), server(database, 'alive')]
    const { turn, tasks, key } = await newTurn(database, [
      new ScriptedModel('slow', [...says('half an an'), 'hang']),
      new ScriptedModel('quick', says('whole')),
    ])
    await dead.runs.start(turn, tasks, [])
    await expect
      .poll(async () =>
        (await dead.store.readRows(key, 0, 100)).map((row) => row.type).filter((type) => type === 'text-delta'),
      )
      .toHaveLength(2)
    const seenBefore = (await dead.store.readRows(key, 0, 100)).at(-1)?.seq ?? 0

    await alive.recovery.sweep(0)
    expect(await alive.runs.find(key)).toMatchObject({
      turn: { status: 'interrupted' },
      responses: [
        { status: 'interrupted', text: 'half an an', error: { code: 'interrupted' } },
        { status: 'complete', text: 'whole' },
      ],
    })
    const rest = await readAll(alive.runs, key, seenBefore)
    expect(rest.map(({ event }) => event.type)).toEqual(['response-error', 'turn-end'])
  })

  it('keeps the calls of skills that a dead server had told, and waits for none of them', async () => {
    const database = await open()
    const [dead, alive] = [server(database, 'dead'), server(database, 'alive')]
    const { turn, tasks, key } = await newTurn(database, [new ScriptedModel('skilled', ['hang'])])
    const call = (callId: string, status: string) => ({ callId, status, waitsUntil: null }) as LaneSkillCall
    const told: LaneEvent[] = [
      { type: 'skill-plan', step: 1, skills: ['shop'] },
      { type: 'skill-call', call: call('a', 'running') },
      { type: 'skill-call', call: call('b', 'waiting') },
      { type: 'skill-result', call: call('a', 'complete') },
    ]
    const model = {
      stream: async function* (request: ModelRequest, signal: AbortSignal) {
        yield* told
        yield* tasks[0]!.model.stream(request, signal)
      },
    }
    await dead.runs.start(turn, [{ ...tasks[0]!, model }], [])
    await expect.poll(async () => (await dead.store.readRows(key, 0, 100)).at(-1)?.type).toBe('skill-result')
    const events = await dead.store.readEvents(key, 2, 100)
    expect(events.map(({ event }) => event)).toMatchObject(told)
    expect(await alive.runs.findSkillCall(key, 'b')).toMatchObject({ status: 'waiting' })

    await alive.recovery.sweep(0)
    expect((await alive.runs.find(key))?.responses).toMatchObject([
      {
        status: 'interrupted',
        skillCalls: [
          { callId: 'a', status: 'complete' },
          { callId: 'b', status: 'stopped' },
        ],
      },
    ])
  })

  it('leaves the turns of living servers alone', async () => {
    const database = await open()
    const [one, two] = [server(database, 'one'), server(database, 'two')]
    await one.recovery.start({ isOnlyServer: false })
    onTestFinished(() => one.recovery.stop())
    const { turn, tasks, key } = await newTurn(database, [new ScriptedModel('a', ['hang'])])
    await one.runs.start(turn, tasks, [])
    await two.recovery.sweep(20_000)
    expect((await two.runs.find(key))?.turn.status).toBe('running')
  })

  it('forgets servers that have been silent, and not those that live', async () => {
    const database = await open()
    const { store } = server(database, 'dead')
    await store.heartbeat('dead', '2020-01-01T00:00:00.000Z')
    const { recovery } = server(database, 'alive')
    await recovery.start({ isOnlyServer: true })
    onTestFinished(() => recovery.stop())
    const servers = await database.db.selectFrom('servers').select('server_id').execute()
    expect(servers).toEqual([{ server_id: 'alive' }])
  })

  it('stores what lanes have said when the server is asked to stop', async () => {
    const database = await open()
    const { runs } = server(database, 'one')
    const { turn, tasks, key } = await newTurn(database, [new ScriptedModel('a', [...says('so far'), 'hang'])])
    await runs.start(turn, tasks, [])
    await runs.shutdown(20)
    expect(await runs.find(key)).toMatchObject({
      turn: { status: 'interrupted' },
      responses: [{ status: 'interrupted', text: 'so far', error: { code: 'interrupted' } }],
    })
  })

  it('remembers little of a long answer for a reader who does not read', async () => {
    const database = await open()
    const { runs } = server(database, 'one')
    const script = Array.from({ length: 40 }, () => [...says('x'.repeat(1000)), { waitMs: 10 }]).flat()
    const { turn, tasks, key } = await newTurn(database, [new ScriptedModel('a', script)])
    await runs.start(turn, tasks, [])
    const lazy = runs.follow(key, 0, AbortSignal.timeout(10_000))
    await lazy.next()
    await runs.waitForEnd(key)
    await sleep(10)
    const rest: NumberedEvent[] = []
    for await (const batch of lazy) rest.push(...batch)
    // What it missed comes from the log, where many small texts are one.
    expect(rest.length).toBeLessThan(30)
    expect(textsOf(rest)).toEqual(['x'.repeat(40_000)])
  })

  it('replaces NUL, which PostgreSQL cannot hold', async () => {
    const database = await open()
    const { runs } = server(database, 'one')
    const { turn, tasks, key } = await newTurn(database, [new ScriptedModel('a', says('a\0b'))])
    await runs.start(turn, tasks, [])
    await runs.waitForEnd(key)
    expect((await runs.find(key))?.responses[0]?.text).toBe('a\uFFFDb')
  })
})
