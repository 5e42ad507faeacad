import { OfflineModel } from '../../../models/offline.ts'
import { offlineMessages } from './offline-planner.ts'
import type { PlanState } from './planner.ts'
import type { SkillCall } from './skill-call.ts'

/** What there is to say when no model has said anything: the lines of what APIs returned that fit the question. */
export async function answerFromResults(state: PlanState, calls: readonly SkillCall[]): Promise<string> {
  if (!calls.some((call) => call.state.name === 'ended' && call.state.result.isOk)) return ''
  const offline = new OfflineModel('results', 'prose', { wordDelayMs: 0 })
  let text = ''
  for await (const event of offline.stream(
    { messages: offlineMessages(state), parameters: {} },
    new AbortController().signal,
  ))
    if (event.type === 'text-delta') text += event.text
  return text
}
