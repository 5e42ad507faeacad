import { type AppError, InvalidRequestError } from '../../../errors.ts'
import type { ChatMessage, FinishReason, ModelUsage } from '../../../models/language-model.ts'
import type { OperationCaller } from '../call/operation-caller.ts'
import type { Overrides } from '../call/operation-result.ts'
import {
  type Credential,
  MAX_CALL_MS,
  MAX_CALLS_PER_QUERY,
  MAX_QUERY_MS,
  type Operation,
  type SkillsetVersion,
} from '../skill.ts'
import { answerFromResults } from './answer-from-results.ts'
import type { Approver } from './approval.ts'
import { CallRunner } from './call-runner.ts'
import { EventQueue } from './event-queue.ts'
import { Fence } from './fence.ts'
import { chooseDemonstrations } from './instructions.ts'
import { NativePlanner } from './native-planner.ts'
import { demonstrationsOf, OfflinePlanner } from './offline-planner.ts'
import type { AgentModel, AnsweredCall, PlannedStep, Planner, PlanState, PlanStep } from './planner.ts'
import { QueryClock, type QueryLimits } from './query-clock.ts'
import { type AgentEvent, addUsage, NO_USAGE, type RunnableSkill, type SkillCall } from './skill-call.ts'
import { skillTools } from './skill-tools.ts'
import { WrittenPlanner } from './written-planner.ts'

/** A question, and all that answering it takes. */
export type AgentQuestion = {
  model: AgentModel
  /** What was said before, and the question: a user's message, the last one. */
  conversation: readonly ChatMessage[]
  skillsets: readonly SkillsetVersion[]
  credentialsOf: (skill: RunnableSkill) => Promise<readonly Credential[]>
  overridesFor: (operation: Operation) => Overrides
  approver: Approver
}

const LIMITS: QueryLimits = {
  queryMs: MAX_QUERY_MS,
  answerMs: 20_000,
  callMs: MAX_CALL_MS,
  calls: MAX_CALLS_PER_QUERY,
}

/** Answers questions by calling operations of skills, step after step, until the model has what it needs. */
export class SkillAgent {
  readonly #caller: Pick<OperationCaller, 'call'>
  readonly #limits: QueryLimits

  /** @param deps.limits only tests give them. */
  constructor(deps: { caller: Pick<OperationCaller, 'call'>; limits?: Partial<QueryLimits> }) {
    this.#caller = deps.caller
    this.#limits = { ...LIMITS, ...deps.limits }
  }

  /**
   * Tells what happens, step by step, and ends with one `final`.
   *
   * When time or calls are used up, the answer is made of what there is by then. Aborting the signal cancels the model
   * and all calls at once; the iteration then throws the signal's reason.
   *
   * @throws {InvalidRequestError} `skill_plan_unreadable`, `skill_never_called`, `skill_unknown`, `skill_calls_failed`,
   * `context_too_long`.
   * @throws {ModelError} as the provider failed.
   */
  async *answer(question: AgentQuestion, signal: AbortSignal): AsyncGenerator<AgentEvent, void> {
    const clock = new QueryClock(this.#limits)
    const leaving = new AbortController()
    const parts = {
      caller: this.#caller,
      limits: this.#limits,
      clock,
      signal: AbortSignal.any([signal, leaving.signal]),
    }
    try {
      yield* new AgentRun(question, parts).events()
    } finally {
      clock.stop()
      // A reader that has had enough leaves no call behind.
      leaving.abort(new Error('no longer wanted'))
    }
  }
}

/** One question being answered. */
class AgentRun {
  readonly #planner: Planner
  readonly #runner: CallRunner
  readonly #state: PlanState & { steps: PlanStep[] }
  readonly #limits: QueryLimits
  readonly #clock: QueryClock
  readonly #signal: AbortSignal
  readonly #calls: SkillCall[] = []
  #askedFor = 0
  #saidInStep = ''
  #total: ModelUsage = NO_USAGE

  constructor(
    question: AgentQuestion,
    parts: { caller: Pick<OperationCaller, 'call'>; limits: QueryLimits; clock: QueryClock; signal: AbortSignal },
  ) {
    const { model, conversation, skillsets } = question
    const asked = textOf(conversation.at(-1))
    const demonstrations = chooseDemonstrations(asked, skillsets, model.model.contextTokens)
    this.#state = {
      conversation,
      question: asked,
      instructions: skillsets.map(({ instructions }) => instructions.trim()).filter(Boolean),
      answerFormats: skillsets.map(({ answerFormat }) => answerFormat.trim()).filter(Boolean),
      tools: skillTools(skillsets),
      demonstrations: model.model.isOffline ? demonstrationsOf(asked, demonstrations) : demonstrations,
      fence: new Fence(),
      steps: [],
    }
    this.#planner = plannerFor(model)
    this.#runner = new CallRunner({ ...question, ...parts })
    this.#limits = parts.limits
    this.#clock = parts.clock
    this.#signal = parts.signal
  }

  async *events(): AsyncGenerator<AgentEvent, void> {
    for (let step = 1; ; step++) {
      const planned = yield* this.#plan(step)
      if (planned === 'no time') return yield await this.#final('length', NO_USAGE)
      this.#total = addUsage(this.#total, planned.usage)
      if (planned.calls.length === 0) return yield await this.#final(planned.finishReason, planned.usage)
      yield* this.#call(step, planned)
    }
  }

  async *#plan(step: number): AsyncGenerator<AgentEvent, PlannedStep | 'no time'> {
    const mayCall =
      this.#state.tools.length > 0 && this.#askedFor < this.#limits.calls && !this.#clock.callsOver.aborted
    this.#saidInStep = ''
    try {
      const planning = this.#planner.plan(this.#state, { step, mayCall }, this.#until(this.#clock.over))
      for (;;) {
        const { value, done } = await planning.next()
        if (done) return value
        if (value.type === 'text-delta') this.#saidInStep += value.text
        yield value
      }
    } catch (error) {
      if (!this.#signal.aborted && this.#clock.over.aborted) return 'no time'
      throw error
    }
  }

  /** Makes the calls of a step, those that need no permission at the same time as others wait for theirs. */
  async *#call(step: number, { calls, text, usage }: PlannedStep): AsyncGenerator<AgentEvent, void> {
    const room = this.#limits.calls - this.#askedFor
    this.#askedFor += calls.length
    const prepared = calls.map((wanted, index) =>
      this.#runner.prepare(wanted, { callId: `${step}.${index + 1}`, step, isBeyondLimit: index >= room }, this.#state),
    )
    const made = prepared.flatMap(({ call }) => call ?? [])
    this.#calls.push(...made)
    const skills = [...new Set(made.map(({ tool }) => tool.skill.nameForModel))]
    yield { type: 'plan', step, skills, usage }

    const queue = new EventQueue<AgentEvent>()
    const tell = (call: SkillCall) => queue.push({ type: 'call', call: { ...call } })
    const until = this.#until(this.#clock.callsOver)
    queue.endWith(made.map((call) => this.#runner.run(call, { until, signal: this.#signal, clock: this.#clock, tell })))
    yield* queue
    this.#signal.throwIfAborted()
    yield { type: 'step-end', step, calls: made.map((call) => ({ ...call })) }
    const answered = prepared.map(({ wanted, call, refusal }): AnsweredCall => {
      return { ...wanted, outcome: call?.state ?? { name: 'refused', reason: refusal ?? '' } }
    })
    this.#state.steps.push({ text, calls: answered })
  }

  async #final(finishReason: FinishReason, usage: ModelUsage): Promise<AgentEvent> {
    const said = this.#saidInStep.trim()
    const answer = said || (await answerFromResults(this.#state, this.#calls))
    if (answer === '' && !this.#clock.over.aborted) throw this.#nothingToSay()
    return {
      type: 'final',
      answer,
      isComposed: said === '',
      calls: this.#calls,
      hadDemonstrations: this.#state.demonstrations.length > 0,
      finishReason,
      usage,
      totalUsage: this.#total,
    }
  }

  /** Why a run that has come to its end has nothing to say. */
  #nothingToSay(): AppError {
    const { steps } = this.#state
    if (steps.length === 0)
      return new InvalidRequestError('skill_never_called', 'The model called nothing and said nothing.')
    if (this.#calls.length === 0)
      return new InvalidRequestError('skill_unknown', 'The model asked only for operations that do not exist.')
    const failures = this.#calls.flatMap(({ tool, state }) => {
      const { operationId } = tool.operation
      if (state.name === 'refused') return `${operationId}: ${state.reason}`
      if (state.name !== 'ended') return []
      return `${operationId}: ${state.result.message || `status ${state.result.status}`}`
    })
    return new InvalidRequestError('skill_calls_failed', `No call succeeded. ${failures.join('; ')}`)
  }

  #until(clock: AbortSignal): AbortSignal {
    return AbortSignal.any([this.#signal, clock])
  }
}

function plannerFor(model: AgentModel): Planner {
  if (model.model.isOffline) return new OfflinePlanner(model)
  return model.model.capabilities.tools ? new NativePlanner(model) : new WrittenPlanner(model)
}

function textOf(message: ChatMessage | undefined): string {
  if (!message) return ''
  if (typeof message.content === 'string') return message.content
  return message.content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n')
}
