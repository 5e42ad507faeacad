import type { FastifyBaseLogger } from 'fastify'
import { endedCalls, INTERRUPTED, withCall } from './lane-run.ts'
import type { RunStore, TurnKey } from './run-store.ts'
import type { LaneSkillCall, Response } from './turn.ts'

const HEARTBEAT_MS = 5_000
/** A server that has been silent for this long is taken for dead. */
const DEAD_AFTER_MS = 20_000
/**
 * Readers may have seen live events of the dead server that never reached the log. Numbers that follow must be larger
 * than any of those, or a reader who comes back would skip them.
 */
const SEQ_GAP = 100_000

/** Says that this server lives, and ends the turns of servers that do not. */
export class RunRecovery {
  readonly #store: RunStore
  readonly #serverId: string
  readonly #log: FastifyBaseLogger
  readonly #now: () => Date
  #timer: NodeJS.Timeout | undefined

  constructor(deps: { store: RunStore; serverId: string; log: FastifyBaseLogger; now: () => Date }) {
    this.#store = deps.store
    this.#serverId = deps.serverId
    this.#log = deps.log
    this.#now = deps.now
  }

  /** @param isOnlyServer no other server can be alive: whatever another one left behind is an orphan at once. */
  async start({ isOnlyServer }: { isOnlyServer: boolean }): Promise<void> {
    await this.#store.heartbeat(this.#serverId, this.#now().toISOString())
    await this.sweep(isOnlyServer ? 0 : DEAD_AFTER_MS)
    this.#timer = setInterval(() => {
      this.#beat().catch((error) => this.#log.error({ err: error }, 'the heartbeat failed'))
    }, HEARTBEAT_MS)
    this.#timer.unref()
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#store.removeServer(this.#serverId)
  }

  /** Ends every turn whose server has been silent for a time (milliseconds), keeping the text that was stored. */
  async sweep(silentForMs: number): Promise<void> {
    const deadSince = new Date(this.#now().getTime() - silentForMs).toISOString()
    for (const orphan of await this.#store.findOrphans(deadSince)) {
      if (orphan.serverId === this.#serverId) continue
      if (await this.#store.claim(orphan, orphan.serverId, this.#serverId)) await this.#interrupt(orphan)
    }
    await this.#store.forgetServers(deadSince, this.#serverId)
  }

  async #beat(): Promise<void> {
    await this.#store.heartbeat(this.#serverId, this.#now().toISOString())
    await this.sweep(DEAD_AFTER_MS)
  }

  async #interrupt(key: TurnKey): Promise<void> {
    const loaded = await this.#store.loadTurn(key)
    if (!loaded) return
    const { texts, calls, lastSeq } = await this.#stored(key)
    const responses = loaded.responses
      .filter((response) => response.status === 'running')
      .map((response): Response => {
        const text = texts.get(response.responseId)
        return {
          ...response,
          status: 'interrupted',
          error: INTERRUPTED,
          text: text?.text ?? '',
          reasoningText: text?.reasoning ?? '',
          skillCalls: endedCalls(calls.get(response.responseId) ?? []),
        }
      })
    let seq = lastSeq + SEQ_GAP
    const rows = responses.map((r) => ({
      ...key,
      seq: ++seq,
      type: 'response-error' as const,
      data: String(r.responseId),
    }))
    await this.#store.end({
      turn: { ...loaded.turn, status: 'interrupted' },
      isTurnOver: true,
      responses,
      rows: [...rows, { ...key, seq: ++seq, type: 'turn-end', data: 'null' }],
      endedAt: this.#now().toISOString(),
    })
    this.#log.warn(
      { turnId: key.turnId, responses: responses.length },
      'a turn of a stopped server was ended as interrupted',
    )
  }

  async #stored(key: TurnKey) {
    const calls = new Map<number, LaneSkillCall[]>()
    const texts = new Map<number, { text: string; reasoning: string }>()
    let lastSeq = 0
    for (;;) {
      const rows = await this.#store.readRows(key, lastSeq, 500)
      for (const row of rows) {
        lastSeq = row.seq
        if (row.type === 'skill-call' || row.type === 'skill-result') {
          const [responseId, call] = JSON.parse(row.data) as [number, LaneSkillCall]
          calls.set(responseId, withCall(calls.get(responseId) ?? [], call))
        }
        if (row.type !== 'text-delta' && row.type !== 'reasoning-delta') continue
        const [responseId, offset, text] = JSON.parse(row.data) as [number, number, string]
        const sofar = texts.get(responseId) ?? { text: '', reasoning: '' }
        const kind = row.type === 'text-delta' ? 'text' : 'reasoning'
        texts.set(responseId, { ...sofar, [kind]: sofar[kind].slice(0, offset) + text })
      }
      if (rows.length === 0) return { texts, calls, lastSeq }
    }
  }
}
