import type { FastifyBaseLogger } from 'fastify'
import type { CompiledQuery } from 'kysely'
import { EventFlusher, storedRows } from './event-flusher.ts'
import { LaneRun, type LaneTask } from './lane-run.ts'
import { LiveRun } from './live-run.ts'
import type { RunStore, TurnKey } from './run-store.ts'
import type { RunTopics } from './run-topics.ts'
import type { NumberedEvent, Response, RunEvent, Turn, TurnStatus } from './turn.ts'

/** Readers of the event log look again after this time even when nobody told them of news. */
const POLL_MS = 1000
const READ_LIMIT = 256
/** How often and how long storing the end of an answer is tried before its readers are told that it failed. */
const END_RETRY_MS = [50, 200, 500, 1000, 2000, 4000]

/**
 * Answers turns: asks all lanes at once, writes down what they say, and lets anyone read along.
 *
 * A run belongs to the server, not to its reader: it goes on when nobody reads.
 */
export class RunService {
  readonly #store: RunStore
  readonly #topics: RunTopics
  readonly #flusher: EventFlusher
  readonly #log: FastifyBaseLogger
  readonly #serverId: string
  readonly #now: () => Date
  readonly #live = new Map<number, { run: LiveRun; over: Promise<void> }>()

  constructor(deps: { store: RunStore; topics: RunTopics; log: FastifyBaseLogger; serverId: string; now: () => Date }) {
    this.#store = deps.store
    this.#topics = deps.topics
    this.#log = deps.log
    this.#serverId = deps.serverId
    this.#now = deps.now
    this.#flusher = new EventFlusher({
      store: deps.store,
      log: deps.log,
      onStored: (runs) => this.#topics.announceNews(runs.map((run) => run.turn.turnId)),
    })
    this.#topics.onStopRequest(deps.serverId, ({ turnId, responseIds }) => this.#stopHere(turnId, responseIds))
  }

  /** How many turns this server is answering. */
  get liveCount(): number {
    return this.#live.size
  }

  /**
   * Starts to answer a turn. When this resolves, the turn is stored and {@link follow} tells how it goes on.
   *
   * The models are asked while the turn is being stored: neither waits for the other. When storing fails they are
   * stopped and nothing remains.
   *
   * @param alsoStore what must be committed together with the turn, such as its new session.
   */
  async start(turn: Turn, tasks: readonly LaneTask[], alsoStore: readonly CompiledQuery[]): Promise<void> {
    const lanes = tasks.map((task) => new LaneRun(task))
    const responses = tasks.map((task) => task.response)
    const run = new LiveRun(turn, lanes)
    const stored = this.#store.createTurn(turn, responses, this.#serverId, alsoStore)

    run.emit({ type: 'turn-start', turn: { ...turn }, responses: responses.map((response) => ({ ...response })) })
    const over = Promise.all(lanes.map((lane) => this.#answer(run, lane, stored))).then(() => {})
    try {
      await stored
    } catch (error) {
      for (const lane of lanes) lane.stop('stopped')
      throw error
    }
    this.#live.set(turn.turnId, { run, over })
    over.finally(() => this.#live.delete(turn.turnId)).catch((error) => this.#log.error({ err: error }, 'a run broke'))
    this.#flusher.flushSoon(run)
  }

  /**
   * Yields the events of a turn after a number, in order and without a hole, until the turn has ended.
   *
   * Events of a turn that this server answers come from memory, all others from the event log, so any server can be
   * asked. A reader decides the pace: what it has not asked for is not kept for it.
   */
  async *follow(key: TurnKey, afterSeq: number, signal: AbortSignal): AsyncGenerator<NumberedEvent[]> {
    let cursor = afterSeq
    // Kept even after the run has left the list: its last events are still in it.
    const live = this.#live.get(key.turnId)?.run
    while (!signal.aborted) {
      const events = live?.since(cursor) ?? (await this.#store.readEvents(key, cursor, READ_LIMIT))
      const last = events.at(-1)
      if (last) {
        yield events
        cursor = last.seq
        if (last.event.type === 'turn-end') return
      } else if (live) {
        await untilNews((wake) => live.onNews(wake), signal)
      } else {
        if (!(await this.#isRunning(key)) && (await this.#store.readRows(key, cursor, 1)).length === 0) return
        await untilNews((wake) => this.#topics.onNews(key.turnId, wake), signal, POLL_MS)
      }
    }
  }

  /** A turn as it is at this moment, with the text that has come so far when this server answers it. */
  async find(key: TurnKey): Promise<{ turn: Turn; responses: Response[] } | undefined> {
    const live = this.#live.get(key.turnId)?.run
    if (live) return { turn: live.turn, responses: live.lanes.map((lane) => lane.soFar()) }
    return this.#store.loadTurn(key)
  }

  /** All responses of a session, oldest first, with the text that has come so far where this server answers. */
  async listResponses(sessionId: number): Promise<Response[]> {
    const responses = await this.#store.listResponses(sessionId)
    return responses.map((response) => {
      const lanes = response.status === 'running' ? this.#live.get(response.turnId)?.run.lanes : undefined
      return lanes?.find((lane) => lane.response.responseId === response.responseId)?.soFar() ?? response
    })
  }

  /** Resolves when a turn has ended and its end is stored. */
  async waitForEnd(key: TurnKey): Promise<void> {
    const live = this.#live.get(key.turnId)
    if (live) return live.over
    for await (const _ of this.follow(key, 0, NEVER));
  }

  /** Asks for a turn, or some of its responses, to be stopped, wherever it is being answered. */
  async stop(turnId: number, responseIds?: readonly number[]): Promise<void> {
    if (this.#stopHere(turnId, responseIds)) return
    const turn = await this.#store.findTurn(turnId)
    if (turn?.status === 'running' && turn.serverId)
      await this.#topics.requestStop(turn.serverId, { turnId, responseIds })
  }

  /** Stops a turn and waits until its end is stored. */
  async stopAndWait(key: TurnKey, signal: AbortSignal): Promise<void> {
    await this.stop(key.turnId)
    for await (const _ of this.follow(key, 0, signal));
  }

  /** Lets running turns finish for a while, then ends them as interrupted, with the text they have. */
  async shutdown(graceMs: number): Promise<void> {
    const all = Promise.all([...this.#live.values()].map(({ over }) => over))
    const grace = AbortSignal.timeout(graceMs)
    await Promise.race([all, new Promise((resolve) => grace.addEventListener('abort', resolve))])
    for (const { run } of this.#live.values()) for (const lane of run.lanes) lane.stop('interrupted')
    await all
  }

  async #answer(run: LiveRun, lane: LaneRun, stored: Promise<void>): Promise<void> {
    const { responseId, generationParams, droppedParams } = lane.response
    run.emit({ type: 'response-start', responseId, generationParams, droppedParams })
    await lane.run((which) => {
      if (which === 'last') run.announceText(lane)
      else run.announceSoon(() => this.#flusher.flushSoon(run))
    })
    if (lane.bug) this.#log.error({ err: lane.bug, model: lane.response.modelName }, 'a lane failed unexpectedly')
    run.ended.push(lane)
    run.remaining--
    run.settling = run.settling.then(() => this.#settle(run, stored))
    await run.settling
  }

  /** Stores the lanes that have ended since the last time and then tells readers so. One at a time for each run. */
  async #settle(run: LiveRun, stored: Promise<void>): Promise<void> {
    const lanes = run.ended.splice(0)
    if (lanes.length === 0) return
    // A turn that could not be stored has no end to store either; `start` has told its caller.
    if (!(await stored.then(yes, no))) return

    const responses = lanes.map((lane) => lane.response)
    const isTurnOver = run.remaining === 0
    const events: RunEvent[] = responses.map((response) => ({
      type: response.error ? 'response-error' : 'response-end',
      turn: run.turn,
      response,
    }))
    if (isTurnOver) {
      run.turn.status = statusOf(run.lanes)
      events.push({ type: 'turn-end', turn: run.turn, responses: run.lanes.map((lane) => lane.response) })
    }
    const earlier = await this.#flusher.take(run)
    const rows = [...earlier, ...storedRows(run, run.hold(events))]
    const ending = { turn: run.turn, isTurnOver, responses, rows, endedAt: this.#now().toISOString() }
    if (!(await this.#storeEnd(ending))) markNotStored(responses)
    run.show()
    this.#topics.announceNews([run.turn.turnId])
  }

  async #storeEnd(ending: Parameters<RunStore['end']>[0]): Promise<boolean> {
    for (const delay of [...END_RETRY_MS, undefined]) {
      try {
        await this.#store.end(ending)
        return true
      } catch (error) {
        this.#log.error({ err: error, turnId: ending.turn.turnId }, 'the end of an answer could not be stored')
        if (delay !== undefined) await new Promise((resolve) => setTimeout(resolve, delay))
      }
    }
    return false
  }

  #stopHere(turnId: number, responseIds: readonly number[] | undefined): boolean {
    const live = this.#live.get(turnId)
    if (!live) return false
    for (const lane of live.run.lanes) {
      if (!responseIds || responseIds.includes(lane.response.responseId)) lane.stop('stopped')
    }
    return true
  }

  async #isRunning({ turnId }: TurnKey): Promise<boolean> {
    return (await this.#store.findTurn(turnId))?.status === 'running'
  }
}

/** Stopped when a person stopped every lane; otherwise complete, even if lanes failed: each says so itself. */
function statusOf(lanes: readonly LaneRun[]): TurnStatus {
  if (lanes.some((lane) => lane.response.status === 'interrupted')) return 'interrupted'
  return lanes.every((lane) => lane.response.status === 'stopped') ? 'stopped' : 'complete'
}

function markNotStored(responses: readonly Response[]): void {
  for (const response of responses) {
    response.status = 'failed'
    response.error = {
      code: 'not_stored',
      message: 'The answer could not be stored: the database does not take writes at the moment.',
      providerMessage: null,
    }
  }
}

/** Resolves at the next news, when the signal aborts, or after a time. */
function untilNews(
  subscribe: (wake: () => void) => () => void,
  signal: AbortSignal,
  timeoutMs?: number,
): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      unsubscribe()
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = timeoutMs === undefined ? undefined : setTimeout(done, timeoutMs)
    const unsubscribe = subscribe(done)
    signal.addEventListener('abort', done, { once: true })
  })
}

const NEVER = new AbortController().signal
const yes = () => true
const no = () => false
