import type { ChatMessage } from '../../../models/language-model.ts'
import { instructionsFor } from './instructions.ts'
import { askWithObservations, type Observations } from './observations.ts'
import type { AgentModel, AgentRequest, PlanEvent, PlannedStep, Planner, PlanState } from './planner.ts'
import { readStep } from './read-step.ts'
import { withSystem } from './with-system.ts'

/** Longer than what models say before they call something. */
const PREAMBLE_CHARACTERS = 160

/** Plans by the tool calls of models that have them. */
export class NativePlanner implements Planner {
  readonly #model: AgentModel

  constructor(model: AgentModel) {
    this.#model = model
  }

  async *plan(
    state: PlanState,
    { step, mayCall }: { step: number; mayCall: boolean },
    signal: AbortSignal,
  ): AsyncGenerator<PlanEvent, PlannedStep> {
    const system = instructionsFor(state, ['Use the tools, which are the operations of the skills.'])
    const tools = state.tools.map(({ definition }) => definition)
    const build = (observations: Observations): AgentRequest => ({
      messages: [...withSystem(state.conversation, system), ...messagesOf(state, observations)],
      tools,
      // Not left out: some providers refuse calls in the conversation when no tool is named.
      toolChoice: mayCall ? 'auto' : 'none',
    })
    const events = await askWithObservations({ model: this.#model, state }, build, signal)
    const planned = yield* readStep(events, step, mayCall ? PREAMBLE_CHARACTERS : 0)
    return mayCall ? planned : { ...planned, calls: [] }
  }
}

function messagesOf({ steps }: PlanState, observations: Observations): ChatMessage[] {
  return steps.flatMap(({ text, calls }): ChatMessage[] => [
    {
      role: 'assistant',
      content: text,
      toolCalls: calls.map(({ id, name, argumentsJson }) => ({ id, name, argumentsJson })),
    },
    ...calls.map((call): ChatMessage => ({ role: 'tool', toolCallId: call.id, content: observations.get(call) ?? '' })),
  ])
}
