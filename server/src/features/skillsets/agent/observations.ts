import { AppError } from '../../../errors.ts'
import type { ModelEvent } from '../../../models/language-model.ts'
import { ESTIMATE } from '../../window/estimate.ts'
import { shortenAnswer } from '../call/shorten.ts'
import type { AgentModel, AgentRequest, AnsweredCall, PlanState } from './planner.ts'

/** Tokens of one API's answer that a model is shown at most. */
const MOST_TOKENS = 4_000
/** Below this an answer says nothing any more. */
const LEAST_ROOM = 64
/** Estimates of tokens may be wrong by this part. */
const MARGIN = 0.15
const TRIES = 5

/** What a model is told about each call that was asked for, in the order asked. */
export type Observations = Map<AnsweredCall, string>

/**
 * Asks a model with all that was observed, shortened until it fits the window.
 *
 * @param build makes the request; it is asked again with shorter observations when the first ones did not fit.
 * @throws {AppError} `context_too_long` when the question alone does not fit.
 */
export async function askWithObservations(
  { model, state }: { model: AgentModel; state: PlanState },
  build: (observations: Observations) => AgentRequest,
  signal: AbortSignal,
): Promise<AsyncIterable<ModelEvent>> {
  const hasObservations = state.steps.some(({ calls }) => calls.length > 0)
  const bare = hasObservations ? build(new Map()) : undefined
  let room = bare ? roomBeside(bare, model) : 0
  for (let tries = 1; ; tries++) {
    const observations = observe(state, room)
    try {
      return await model.ask(build(observations), signal)
    } catch (error) {
      const isTooLong = error instanceof AppError && error.code === 'context_too_long'
      if (!isTooLong || !hasObservations || tries === TRIES || room < LEAST_ROOM) throw error
      room = Math.floor(room / 2)
    }
  }
}

/** Tokens that the newest turn leaves for observations; what was said before it may leave. */
function roomBeside({ messages, tools }: AgentRequest, { model, answerTokens }: AgentModel): number {
  const lastTurn = messages.findLastIndex(({ role }) => role === 'user')
  const staying = messages.filter(({ role }, index) => role === 'system' || index >= lastTurn)
  const text = JSON.stringify([staying, tools])
  const room = model.contextTokens - answerTokens - ESTIMATE.count(text)
  return Math.max(LEAST_ROOM, Math.floor(room * (1 - MARGIN)))
}

function observe({ steps, tools, fence }: PlanState, room: number): Observations {
  const calls = steps.flatMap((step) => step.calls)
  const describe = (call: AnsweredCall, most: number) => {
    const { outcome } = call
    if (outcome.name === 'refused') return `This call was not made: ${outcome.reason}`
    if (outcome.name !== 'ended') return 'This call has no answer.'
    const { result } = outcome
    const hint = tools.find(({ definition }) => definition.name === call.name)?.operation.hint ?? NO_HINT
    const said = fence.around(shortenAnswer(result, hint, { maxTokens: most, count: ESTIMATE.count }))
    return result.isOk ? said : `The call failed. ${said}\n${AFTER_FAILURE}`
  }
  // The shortest first: what they leave of their shares is for the longer ones.
  const shortestFirst = calls.toSorted((one, other) => lengthOf(one) - lengthOf(other))
  const told = new Map<AnsweredCall, string>()
  let left = room
  for (const [index, call] of shortestFirst.entries()) {
    const share = Math.floor(left / (calls.length - index))
    const text = describe(call, Math.max(1, Math.min(MOST_TOKENS, share)))
    told.set(call, text)
    left -= ESTIMATE.count(text)
  }
  return told
}

function lengthOf({ outcome }: AnsweredCall): number {
  return outcome.name === 'ended' ? outcome.result.responseBody.length : 0
}

const AFTER_FAILURE =
  'If its arguments were wrong, correct them and try once more; otherwise go on without it and say so.'
const NO_HINT = { fields: [], maxItems: null }
