import type { ChatMessage } from '../../../models/language-model.ts'
import { planCalls } from '../../../models/offline/plan-calls.ts'
import { countTokens, featuresOf, likeness } from '../../../models/offline/words.ts'
import { shortenAnswer } from '../call/shorten.ts'
import type { Demonstration } from '../skill.ts'
import type { AgentModel, PlanEvent, PlannedStep, Planner, PlanState, WantedCall } from './planner.ts'
import { readStep } from './read-step.ts'

/** How alike a question and a demonstration must be for its calls to be made again. */
const SAME_QUESTION = 0.9
const MOST_RESULT_TOKENS = 4_000

/**
 * Plans for the offline models, which have no judgement: by matching words, filling arguments from the question and
 * from what earlier calls returned, and by the calls of a demonstration of the same question.
 */
export class OfflinePlanner implements Planner {
  readonly #model: AgentModel

  constructor(model: AgentModel) {
    this.#model = model
  }

  async *plan(
    state: PlanState,
    { step, mayCall }: { step: number; mayCall: boolean },
    signal: AbortSignal,
  ): AsyncGenerator<PlanEvent, PlannedStep> {
    const calls = mayCall ? this.#calls(state, step) : []
    if (calls.length > 0) {
      const outputTokens = calls.reduce((sum, call) => sum + countTokens(`${call.name} ${call.argumentsJson}`), 0)
      const usage = { inputTokens: countTokens(state.question), outputTokens }
      return { calls, text: '', finishReason: 'tool-calls', usage }
    }
    const messages = offlineMessages(state)
    const answer = yield* readStep(await this.#model.ask({ messages }, signal), step)
    return { ...answer, calls: [] }
  }

  #calls({ question, tools, demonstrations, steps }: PlanState, step: number): WantedCall[] {
    const definitions = tools.map(({ definition }) => definition)
    const wanted = (name: string, given: object, index: number): WantedCall => {
      return { id: `call_${step}_${index + 1}`, name, argumentsJson: JSON.stringify(given) }
    }
    const [demonstration] = demonstrations
    if (demonstration && step === 1) {
      return demonstration.steps.flatMap(({ operationId, arguments: given }, index) => {
        const tool = tools.find(({ operation }) => operation.operationId === operationId)
        return tool ? [wanted(tool.definition.name, given, index)] : []
      })
    }
    if (demonstration) return []
    const made = steps.flatMap(({ calls }) => calls)
    const results = made.flatMap(({ outcome }) =>
      outcome.name === 'ended' && outcome.result.isOk ? [outcome.result.responseBody] : [],
    )
    const called = new Set(made.map(({ name }) => name))
    return planCalls(question, definitions, { called, results }).map(({ tool, values }, index) =>
      wanted(tool.name, values, index),
    )
  }
}

/** The demonstrations of a question: only these steer a planner that has no judgement. */
export function demonstrationsOf(question: string, demonstrations: readonly Demonstration[]): Demonstration[] {
  const asked = featuresOf(question)
  return demonstrations.filter(({ query }) => likeness(asked, featuresOf(query)) >= SAME_QUESTION)
}

/** As the offline models read it: JSON without marks around it. They follow no instructions that could stand in it. */
export function offlineMessages({ conversation, steps, tools }: PlanState): ChatMessage[] {
  const results = steps.flatMap(({ text, calls }): ChatMessage[] => [
    {
      role: 'assistant',
      content: text,
      toolCalls: calls.map(({ id, name, argumentsJson }) => ({ id, name, argumentsJson })),
    },
    ...calls.map(({ id, name, outcome }): ChatMessage => {
      if (outcome.name === 'refused') return { role: 'tool', toolCallId: id, content: outcome.reason }
      if (outcome.name !== 'ended') return { role: 'tool', toolCallId: id, content: '' }
      const { result } = outcome
      const hint = tools.find(({ definition }) => definition.name === name)?.operation.hint
      const content = result.isOk
        ? shortenAnswer(result, hint ?? NO_HINT, { maxTokens: MOST_RESULT_TOKENS, count: countTokens })
        : `${name}: ${result.message}`
      return { role: 'tool', toolCallId: id, content }
    }),
  ])
  return [...conversation.filter(({ role }) => role !== 'system'), ...results]
}

const NO_HINT = { fields: [], maxItems: null }
