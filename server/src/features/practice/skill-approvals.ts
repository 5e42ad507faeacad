import { setTimeout as sleep } from 'node:timers/promises'
import type { Notifier } from '../../db/notifier.ts'
import { AppError, NotFoundError } from '../../errors.ts'
import { Bell } from '../../runs/bell.ts'
import type { RunService } from '../../runs/run-service.ts'
import type { TurnKey } from '../../runs/run-store.ts'
import type { LaneSkillCall } from '../../runs/turn.ts'
import type { Approval, Approver } from '../skillsets/agent/approval.ts'
import type { SkillCall, SkillTool } from '../skillsets/agent/skill-call.ts'
import type { SkillDecision, SkillDecisionStore } from './skill-decision-store.ts'

/** How long a call waits for a person before it counts as denied. */
const APPROVAL_WAIT_MS = 10 * 60_000
/** Those who wait look again after this time even when nobody told them. */
const LOOK_AGAIN_MS = 1_000
/** A call that another server has just told may not be in the event log yet. */
const LOOKS = 5
const LOOK_PAUSE_MS = 60
const TOPIC = 'skill_decision'

/** How calls of one lane are named where people decide about them. */
export type CallNames = { callId: (call: SkillCall) => string; operationKey: (tool: SkillTool) => string }

/**
 * Lets the people of a session decide about calls that need permission, on whichever server they are asked.
 *
 * A decision is a row, written once; whoever waits for it reads it from there.
 */
export class SkillApprovals {
  readonly #store: SkillDecisionStore
  readonly #notifier: Notifier
  readonly #now: () => Date
  readonly #waitMs: number

  /** @param deps.waitMs only tests give it. */
  constructor(deps: { store: SkillDecisionStore; notifier: Notifier; now: () => Date; waitMs?: number }) {
    this.#store = deps.store
    this.#notifier = deps.notifier
    this.#now = deps.now
    this.#waitMs = deps.waitMs ?? APPROVAL_WAIT_MS
  }

  /** Asks the people of a session about the calls of one of its lanes. */
  approverFor(sessionId: number, { callId, operationKey }: CallNames): Approver {
    return {
      known: async (tool) =>
        (await this.#store.isAllowedInSession(sessionId, operationKey(tool))) ? { name: 'allowed' } : undefined,
      until: () => new Date(this.#now().getTime() + this.#waitMs),
      ask: (call, signal) => this.#wait(sessionId, callId(call), signal),
    }
  }

  /**
   * Decides about a call that waits.
   *
   * @throws {NotFoundError} `skill_call_not_found`.
   * @throws {AppError} `skill_call_not_waiting` when it needs no decision, or has one.
   */
  async decide(
    turn: TurnKey,
    callId: string,
    decision: SkillDecision,
    runs: Pick<RunService, 'findSkillCall' | 'find'>,
  ): Promise<void> {
    const call = await this.#getCall(turn, callId, runs)
    const isOver = (await runs.find(turn))?.turn.status !== 'running'
    if (isOver || call.status !== 'waiting') throw notWaiting()
    const { operationKey } = call
    const decidedAt = this.#now().toISOString()
    if (!(await this.#store.add(turn.sessionId, callId, { ...decision, operationKey, decidedAt }))) throw notWaiting()
    // A lost message only means that whoever waits looks a second later.
    await this.#notifier.publish(TOPIC, callId).catch(() => {})
  }

  async #getCall(turn: TurnKey, callId: string, runs: Pick<RunService, 'findSkillCall'>): Promise<LaneSkillCall> {
    for (let look = 1; look <= LOOKS; look++) {
      const call = await runs.findSkillCall(turn, callId)
      if (call) return call
      await sleep(LOOK_PAUSE_MS)
    }
    throw new NotFoundError('skill call', callId)
  }

  async #wait(sessionId: number, callId: string, signal: AbortSignal): Promise<Approval> {
    const endsAt = performance.now() + this.#waitMs
    const bell = new Bell(signal)
    try {
      for (;;) {
        signal.throwIfAborted()
        const left = endsAt - performance.now()
        // Subscribed first: what is decided while the row is looked for must not be missed.
        const rung = bell.untilRung(
          (ring) => this.#onDecision(callId, ring),
          Math.max(0, Math.min(LOOK_AGAIN_MS, left)),
        )
        const decided = await this.#store.find(sessionId, callId)
        if (decided) return toApproval(decided)
        if (left <= 0) return { name: 'denied', reason: `Nobody allowed it within ${this.#waitMs / 60_000} minutes.` }
        await rung
      }
    } finally {
      bell.remove()
    }
  }

  #onDecision(callId: string, ring: () => void): () => void {
    // An empty message says that some may have been missed.
    return this.#notifier.subscribe(TOPIC, (message) => {
      if (message === '' || message === callId) ring()
    })
  }
}

function toApproval({ decision, arguments: changed }: SkillDecision): Approval {
  if (decision === 'deny')
    return { name: 'denied', reason: 'The person who asks has denied it. Do not ask for it again; answer without it.' }
  return changed ? { name: 'allowed', arguments: changed } : { name: 'allowed' }
}

function notWaiting(): AppError {
  return new AppError('conflict', 'skill_call_not_waiting', 'This call does not wait for a decision (any more).')
}
