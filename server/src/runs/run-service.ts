import type { FastifyBaseLogger } from 'fastify'
import type { CompiledQuery } from 'kysely'
import { Bell } from './bell.ts'
import { EventFlusher } from './event-flusher.ts'
import { LaneRun, type LaneTask } from './lane-run.ts'
import { LiveRun } from './live-run.ts'
import type { RunStore, TurnKey } from './run-store.ts'
import type { RunTopics } from './run-topics.ts'
import type { LaneSkillCall, NumberedEvent, Response, RunEvent, Turn, TurnStatus } from './turn.ts'

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
   * @throws {AppError} `turn_running` while another turn of the session is being answered.
   */
  async start(turn: Turn, tasks: readonly LaneTask[], alsoStore: readonly CompiledQuery[]): Promise<void> {
    const responses = tasks.map((task) => task.response)
    const run = new LiveRun(
      turn,
      tasks.map((task) => new LaneRun(task)),
    )
    run.emit({ type: 'turn-start', turn: { ...turn }, responses: responses.map((response) => ({ ...response })) })
    await this.#begin(run, this.#store.createTurn(turn, responses, this.#serverId, alsoStore))
  }

  /**
   * Asks a lane once more in a turn: beside the lanes that are still being answered, or after all have ended.
   *
   * @throws {AppError} `turn_running` when another server is answering the turn, or this lane is being answered.
   */
  async startAgain(turn: Turn, task: LaneTask): Promise<void> {
    const lane = new LaneRun(task)
    const live = this.#live.get(turn.turnId)
    if (live && !live.run.isOver) {
      await this.#store.addResponses(turn, [task.response])
      if (live.run.join(lane)) {
        live.over = Promise.all([live.over, this.#answer(live.run, lane, DONE)]).then(() => {})
        return
      }
    }
    await live?.over
    const [before, seq] = await Promise.all([this.#store.loadTurn(turn), this.#store.lastSeq(turn)])
    const responses = before?.responses.filter(({ responseId }) => responseId !== task.response.responseId) ?? []
    const run = new LiveRun({ ...turn, status: 'running' }, [lane], { responses, seq })
    const isStored = responses.length !== before?.responses.length
    await this.#begin(run, this.#store.reopenTurn(turn, isStored ? [] : [task.response], this.#serverId))
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
    const bell = new Bell(signal)
    try {
      while (!signal.aborted) {
        const told = live?.since(cursor)
        const events = told ?? (await this.#store.readEvents(key, cursor, READ_LIMIT))
        const last = events.at(-1)
        if (last) {
          yield events
          cursor = last.seq
          // In the log the turn may have gone on after an end, because a lane was asked once more.
          if (last.event.type === 'turn-end' && (told || !(await this.#goesOn(key, cursor)))) return
        } else if (live) {
          await bell.untilRung((ring) => live.onNews(ring))
        } else {
          if (!(await this.#goesOn(key, cursor))) return
          await bell.untilRung((ring) => this.#topics.onNews(key.turnId, ring), POLL_MS)
        }
      }
    } finally {
      bell.remove()
    }
  }

  /** A turn as it is at this moment, with the text that has come so far when this server answers it. */
  async find(key: TurnKey): Promise<{ turn: Turn; responses: Response[] } | undefined> {
    const live = this.#live.get(key.turnId)?.run
    if (live) return { turn: live.turn, responses: live.responses() }
    return this.#store.loadTurn(key)
  }

  /** A call of a turn as far as it has come, wherever it is being answered; undefined when there is none such. */
  async findSkillCall(key: TurnKey, callId: string): Promise<LaneSkillCall | undefined> {
    const responses = this.#live.get(key.turnId)?.run.responses() ?? []
    const here = responses.flatMap(({ skillCalls }) => skillCalls).find((call) => call.callId === callId)
    return here ?? (await this.#store.findSkillCall(key, callId))
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
    run.emit({ type: 'response-start', turn: run.turn, response: lane.response })
    await lane.run(
      (which) => {
        if (which === 'last') run.announceText(lane)
        else run.announceSoon(() => this.#flusher.flushSoon(run))
      },
      (event) => {
        // What was said before comes before.
        run.announceText()
        run.emit(event)
        this.#flusher.flushSoon(run)
      },
    )
    if (lane.bug) this.#log.error({ err: lane.bug, model: lane.response.modelName }, 'a lane failed unexpectedly')
    run.ended.push(lane)
    run.remaining--
    run.settling = run.settling.then(() => this.#settle(run, stored))
    await run.settling
  }

  /** Stores the lanes that have ended since the last time and then tells readers so. One at a time for each run. */
  async #settle(run: LiveRun, stored: Promise<void>): Promise<void> {
    const lanes = run.ended.splice(0)
    // Decided now: a lane that ends while these are being stored ends the turn itself.
    const isTurnOver = run.isOver
    if (lanes.length === 0) return
    // A turn that could not be stored has no end to store either; `start` has told its caller.
    if (!(await stored.then(yes, no))) return

    const responses = lanes.map((lane) => lane.response)
    const events: RunEvent[] = responses.map((response) => ({
      type: response.error ? 'response-error' : 'response-end',
      turn: run.turn,
      response,
    }))
    if (isTurnOver) {
      run.turn.status = statusOf(run.lanes)
      events.push({ type: 'turn-end', turn: run.turn, responses: run.responses() })
    }
    const earlier = await this.#flusher.take(run)
    const rows = [...earlier, ...run.hold(events)]
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

  /** Whether there are events after a number, or will be. */
  async #goesOn(key: TurnKey, cursor: number): Promise<boolean> {
    if ((await this.#store.findTurn(key.turnId))?.status === 'running') return true
    return (await this.#store.readRows(key, cursor, 1)).length > 0
  }

  async #begin(run: LiveRun, stored: Promise<void>): Promise<void> {
    const live = { run, over: Promise.all(run.lanes.map((lane) => this.#answer(run, lane, stored))).then(() => {}) }
    try {
      await stored
    } catch (error) {
      for (const lane of run.lanes) lane.stop('stopped')
      throw error
    }
    this.#live.set(run.turn.turnId, live)
    this.#flusher.flushSoon(run)
    void this.#forgetWhenOver(live)
  }

  /** A lane may join while the others end, so that what "over" means can change meanwhile. */
  async #forgetWhenOver(live: { run: LiveRun; over: Promise<void> }): Promise<void> {
    for (let over: Promise<void> | undefined; over !== live.over; ) {
      over = live.over
      await over.catch((error: unknown) => this.#log.error({ err: error }, 'a run broke'))
    }
    this.#live.delete(live.run.turn.turnId)
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

const NEVER = new AbortController().signal
const DONE = Promise.resolve()
const yes = () => true
const no = () => false
