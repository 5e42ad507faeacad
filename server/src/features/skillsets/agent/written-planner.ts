import { InvalidRequestError } from '../../../errors.ts'
import type { ChatMessage, ModelUsage } from '../../../models/language-model.ts'
import { instructionsFor } from './instructions.ts'
import { askWithObservations, type Observations } from './observations.ts'
import { type PlanEntry, parsePlan, planSchema } from './parse-plan.ts'
import type { AgentModel, AgentRequest, PlanEvent, PlannedStep, Planner, PlanState } from './planner.ts'
import { readStep } from './read-step.ts'
import { addUsage, NO_USAGE } from './skill-call.ts'
import { withSystem } from './with-system.ts'

const TRIES = 2

/**
 * Plans with models that know no tools: they write each plan as JSON, are held to its form where they can be, and are
 * asked for the answer when a plan is empty.
 */
export class WrittenPlanner implements Planner {
  readonly #model: AgentModel

  constructor(model: AgentModel) {
    this.#model = model
  }

  async *plan(
    state: PlanState,
    { step, mayCall }: { step: number; mayCall: boolean },
    signal: AbortSignal,
  ): AsyncGenerator<PlanEvent, PlannedStep> {
    let spent = NO_USAGE
    if (mayCall) {
      const { entries, usage, text } = await this.#writePlan(state, step, signal)
      if (entries.length > 0) {
        const calls = entries.map((entry, index) => ({
          id: `call_${step}_${index + 1}`,
          name: entry.name,
          argumentsJson: JSON.stringify(entry.arguments),
        }))
        return { calls, text, finishReason: 'tool-calls', usage }
      }
      spent = usage
    }
    const system = instructionsFor(state, ['The calls are made for you; you are asked for the answer only.'])
    const build = (observations: Observations): AgentRequest => ({
      messages: withReport(withSystem(state.conversation, system), state, observations, 'Answer the question now.'),
    })
    const answer = yield* readStep(await askWithObservations({ model: this.#model, state }, build, signal), step)
    return { ...answer, calls: [], usage: addUsage(spent, answer.usage) }
  }

  /** @throws {InvalidRequestError} `skill_plan_unreadable` when the question could not be planned at all. */
  async #writePlan(
    state: PlanState,
    step: number,
    signal: AbortSignal,
  ): Promise<{ entries: PlanEntry[]; usage: ModelUsage; text: string }> {
    const { json } = this.#model.model.capabilities
    const names = state.tools.map(({ definition }) => definition.name)
    const system = instructionsFor(state, [
      `First only plan: reply with JSON and nothing else, {"calls": [{"operation": "…", "arguments": {…}}]}. {"calls": []} says that nothing needs to be called any more; you are then asked for the answer.`,
      `The operations are:\n${state.tools.map(({ definition }) => JSON.stringify(definition)).join('\n')}`,
    ])
    let usage = NO_USAGE
    for (let tries = 1; tries <= TRIES; tries++) {
      const wish = tries === 1 ? 'Write the plan of the next calls as JSON.' : REMINDER
      const build = (observations: Observations): AgentRequest => ({
        messages: withReport(withSystem(state.conversation, system), state, observations, wish),
        ...(json && { responseFormat: { type: 'json' as const, name: 'plan', schema: planSchema(names) } }),
      })
      const reading = readStep(await askWithObservations({ model: this.#model, state }, build, signal), step)
      let read = await reading.next()
      while (!read.done) read = await reading.next()
      usage = addUsage(usage, read.value.usage)
      const entries = parsePlan(read.value.text)
      if (entries) return { entries, usage, text: '' }
    }
    if (state.steps.length > 0) return { entries: [], usage, text: '' }
    throw new InvalidRequestError(
      'skill_plan_unreadable',
      'The question could not be analysed: the model wrote no plan. Describe more clearly for models what each skill is for.',
    )
  }
}

const REMINDER = 'Write the plan of the next calls as JSON, and nothing but JSON: {"calls": […]}.'

/** The conversation with what was called so far added to the question, so that both stay or leave together. */
function withReport(
  conversation: ChatMessage[],
  { steps }: PlanState,
  observations: Observations,
  wish: string,
): ChatMessage[] {
  const calls = steps.flatMap((step) => step.calls)
  const lines = calls.map(
    (call, index) => `${index + 1}. ${call.name} ${call.argumentsJson}\n${observations.get(call) ?? ''}`,
  )
  const report = [...(lines.length > 0 ? [`Calls that were made for this question:\n${lines.join('\n')}`] : []), wish]
  const question = conversation.at(-1)
  if (question?.role !== 'user') return [...conversation, { role: 'user', content: report.join('\n\n') }]
  const added = `\n\n---\n${report.join('\n\n')}`
  const content =
    typeof question.content === 'string'
      ? question.content + added
      : [...question.content, { type: 'text' as const, text: added }]
  return [...conversation.slice(0, -1), { role: 'user', content }]
}
