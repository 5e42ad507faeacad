import type { FinishReason, ModelEvent, ModelUsage } from '../../../models/language-model.ts'
import type { PlanEvent, PlannedStep, WantedCall } from './planner.ts'
import { NO_USAGE } from './skill-call.ts'

/**
 * Reads what a model says: its text is yielded as it comes, its tool calls are collected.
 *
 * @param holdCharacters so much text is held back until it is clear that no call follows: many models say what they are
 *   about to do, which is no part of the answer.
 */
export async function* readStep(
  events: AsyncIterable<ModelEvent>,
  step: number,
  holdCharacters = 0,
): AsyncGenerator<PlanEvent, PlannedStep> {
  let text = ''
  let told = 0
  let usage: ModelUsage = NO_USAGE
  let finishReason: FinishReason = 'stop'
  const calls = new Map<number, WantedCall>()
  for await (const event of events) {
    switch (event.type) {
      case 'text-delta':
        text += event.text
        if (text.length <= holdCharacters) break
        yield { type: 'text-delta', step, text: text.slice(told) }
        told = text.length
        break
      case 'reasoning-delta':
        yield { type: 'reasoning-delta', step, text: event.text }
        break
      case 'tool-call-delta': {
        const { index, id, name, argumentsJson } = event
        const call = calls.get(index) ?? { id: '', name: '', argumentsJson: '' }
        if (id) call.id = id
        if (name) call.name = name
        call.argumentsJson += argumentsJson
        calls.set(index, call)
        break
      }
      case 'usage':
        usage = event.usage
        break
      case 'end':
        finishReason = event.finishReason
    }
  }
  if (calls.size === 0 && told < text.length) yield { type: 'text-delta', step, text: text.slice(told) }
  return { calls: withIds([...calls.values()], step), text, finishReason, usage }
}

/** Some servers give no ids, or the same ones in every step. */
function withIds(calls: WantedCall[], step: number): WantedCall[] {
  return calls.map((call, index) => {
    const isUnique = call.id !== '' && calls.every((other) => other === call || other.id !== call.id)
    return isUnique ? call : { ...call, id: `call_${step}_${index + 1}` }
  })
}
