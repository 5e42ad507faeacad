import type { JsonObject } from '../../../models/language-model.ts'
import type { OperationCaller } from '../call/operation-caller.ts'
import type { OperationResult, Overrides } from '../call/operation-result.ts'
import type { Credential, Operation } from '../skill.ts'
import type { Approver } from './approval.ts'
import { type PlanState, parseArguments, type WantedCall } from './planner.ts'
import type { QueryClock, QueryLimits } from './query-clock.ts'
import type { RunnableSkill, SkillCall } from './skill-call.ts'

/** How often an operation may fail: the second time is the correction. */
const MOST_FAILURES = 2

/** A call that a model wants, ready to be made, or why it will not be. */
export type PreparedCall = { wanted: WantedCall } & (
  | { call: SkillCall; refusal?: undefined }
  | { call?: undefined; refusal: string }
)

/** Makes the calls that a model asks for, within the limits and with permission where it is needed. */
export class CallRunner {
  readonly #caller: Pick<OperationCaller, 'call'>
  readonly #limits: QueryLimits
  readonly #approver: Approver
  readonly #overridesFor: (operation: Operation) => Overrides
  readonly #credentialsOf: (skill: RunnableSkill) => Promise<readonly Credential[]>
  readonly #credentials = new Map<RunnableSkill, Promise<readonly Credential[]>>()

  constructor(deps: {
    caller: Pick<OperationCaller, 'call'>
    limits: QueryLimits
    approver: Approver
    overridesFor: (operation: Operation) => Overrides
    credentialsOf: (skill: RunnableSkill) => Promise<readonly Credential[]>
  }) {
    this.#caller = deps.caller
    this.#limits = deps.limits
    this.#approver = deps.approver
    this.#overridesFor = deps.overridesFor
    this.#credentialsOf = deps.credentialsOf
  }

  /** Looks at what a model wants before anything is sent. A wrong call is refused to the model, which may correct it. */
  prepare(
    wanted: WantedCall,
    place: { callId: string; step: number; isBeyondLimit: boolean },
    { tools, steps }: PlanState,
  ): PreparedCall {
    const tool = tools.find(({ definition }) => definition.name === wanted.name)
    if (!tool) {
      const names = tools.map(({ definition }) => definition.name).join(', ')
      return {
        wanted: readable(wanted),
        refusal: `There is no operation ${JSON.stringify(wanted.name)}; there are ${names}.`,
      }
    }
    const given = parseArguments(wanted.argumentsJson)
    if (!given) return { wanted: readable(wanted), refusal: 'Its arguments are not a JSON object.' }
    const call: SkillCall = { ...place, tool, arguments: given, state: { name: 'running' } }
    const refuse = (reason: string): PreparedCall => ({ wanted, call: { ...call, state: { name: 'refused', reason } } })
    if (place.isBeyondLimit)
      return refuse(`At most ${this.#limits.calls} calls are made for a question. Answer with what there is.`)
    const before = steps.flatMap(({ calls }) => calls).filter(({ name }) => name === wanted.name)
    const failures = before.filter(({ outcome }) => outcome.name === 'ended' && !outcome.result.isOk)
    if (failures.length >= MOST_FAILURES) return refuse('It has failed twice and is not tried again.')
    const isRepeated = before.some(
      (other) => other.outcome.name === 'ended' && sameArguments(other.argumentsJson, wanted.argumentsJson),
    )
    if (isRepeated) return refuse('It was made before with the same arguments; the answer is above.')
    return { wanted, call }
  }

  /** Makes one call and tells how it goes. Throws only when the signal aborts. */
  async run(
    call: SkillCall,
    {
      until,
      signal,
      clock,
      tell,
    }: { until: AbortSignal; signal: AbortSignal; clock: QueryClock; tell: (call: SkillCall) => void },
  ): Promise<void> {
    if (call.state.name === 'running') await this.#permit(call, { signal, clock, tell })
    if (call.state.name === 'running') {
      call.startedAt = new Date()
      tell(call)
      call.state = { name: 'ended', result: await this.#make(call, until) }
      signal.throwIfAborted()
    }
    tell(call)
  }

  /** Changes the call's state to refused when a person is needed and does not allow it. */
  async #permit(
    call: SkillCall,
    { signal, clock, tell }: { signal: AbortSignal; clock: QueryClock; tell: (call: SkillCall) => void },
  ): Promise<void> {
    if (call.tool.operation.approval === 'never') return
    let approval = await this.#approver.known(call.tool)
    if (!approval) {
      call.state = { name: 'waiting', until: this.#approver.until() }
      tell(call)
      const goOn = clock.pause()
      try {
        approval = await this.#approver.ask(call, signal)
      } finally {
        goOn()
      }
    }
    if (approval.name === 'denied') {
      call.state = { name: 'refused', reason: approval.reason }
      return
    }
    if (approval.arguments) call.arguments = approval.arguments
    call.state = { name: 'running' }
  }

  async #make({ tool, arguments: given }: SkillCall, until: AbortSignal): Promise<OperationResult> {
    const { skill, operation } = tool
    const { callMs } = this.#limits
    const stopping = new AbortController()
    const stop = (message: string) => stopping.abort(new Error(message))
    const onNoTime = () => stop('The time for this question was over.')
    const timer = setTimeout(() => stop(`The API did not answer within ${callMs / 1000} s.`), callMs)
    if (until.aborted) onNoTime()
    else until.addEventListener('abort', onNoTime, { once: true })
    const startedAt = performance.now()
    const asked = this.#credentialsFor(skill).then((credentials) => {
      const overrides = this.#overridesFor(operation)
      return this.#caller.call({ skill, operation, arguments: given, credentials, overrides }, stopping.signal)
    })
    try {
      return await Promise.race([asked, whenAborted(stopping.signal)])
    } catch (error) {
      if (!stopping.signal.aborted) throw error
      const { message } = stopping.signal.reason as Error
      return unanswered(operation, message, performance.now() - startedAt)
    } finally {
      clearTimeout(timer)
      until.removeEventListener('abort', onNoTime)
    }
  }

  #credentialsFor(skill: RunnableSkill): Promise<readonly Credential[]> {
    let credentials = this.#credentials.get(skill)
    if (!credentials) {
      credentials = this.#credentialsOf(skill)
      this.#credentials.set(skill, credentials)
    }
    return credentials
  }
}

/** The arguments as providers take them back: some refuse a conversation with broken JSON in it. */
function readable(wanted: WantedCall): WantedCall {
  return parseArguments(wanted.argumentsJson) ? wanted : { ...wanted, argumentsJson: '{}' }
}

function sameArguments(one: string, other: string): boolean {
  const [first, second] = [parseArguments(one), parseArguments(other)]
  return first !== undefined && second !== undefined && sorted(first) === sorted(second)
}

function sorted(value: JsonObject): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}

function unanswered({ call }: Operation, message: string, latencyMs: number): OperationResult {
  const { url, method } = call.kind === 'http' ? { url: call.server + call.path, method: call.method } : MCP
  return {
    url,
    method,
    requestBody: '',
    responseBody: '',
    content: { kind: 'none' },
    status: null,
    isOk: false,
    errorCode: 'api_timed_out',
    message,
    latencyMs: Math.round(latencyMs),
  }
}

const MCP = { url: '', method: 'POST' }

function whenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason)
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}
