import type { TraceParent } from '../../gateway/store.ts'
import type { ToldCall } from '../../skillsets/agent/told-call.ts'
import { storeJson, storeText } from '../../weave/stored-json.ts'
import type { CompletedCall } from '../call-recorder.ts'
import { later, moment } from './moments.ts'
import { skillCallPart } from './skill-calls.ts'

/** A question that was answered with a skillset, or was to be. */
export type SkillAnswer = {
  handle: string
  skillsetId: string
  version: number
  modelName: string
  query: string
  calls: readonly ToldCall[]
  /** Null when it did not come to an end. */
  answer: string | null
  /** What went wrong, safe to show; null when nothing did. */
  error: string | null
  startedAt: string
  latencyMs: number
}

/** A skillset's answer as a call, with one call for each operation below it; its requests to the model go there, too. */
export function skillAnswerCalls(
  told: SkillAnswer,
  root: TraceParent,
  callIdOf: (index: number) => string,
): CompletedCall[] {
  const wbUserId = told.handle
  const shared = { traceId: root.callId, threadId: null, turnId: null, wbRunId: null, wbRunStep: null }
  const startedAt = moment(told.startedAt)
  const below = told.calls.flatMap((call, index) => {
    const start = { ...shared, parentId: root.callId }
    return skillCallPart(call, { projectId: root.projectId, wbUserId, callId: callIdOf(index), start }) ?? []
  })
  const top: CompletedCall = {
    projectId: root.projectId,
    wbUserId,
    callId: root.callId,
    start: {
      ...shared,
      parentId: null,
      opName: 'etude.skill-answer',
      displayName: null,
      startedAt,
      attributesJson: storeJson({ etude: { skillset_id: told.skillsetId, version: told.version } }),
      inputsJson: storeJson({ model: told.modelName, query: told.query }),
    },
    end: {
      endedAt: later(startedAt, told.latencyMs),
      exception: told.error && storeText(told.error),
      outputJson: storeJson(told.answer === null ? null : { text: told.answer }),
      // Tokens are with the requests below, from where they are added up.
      summaryJson: '{}',
      wbRunStepEnd: null,
    },
  }
  return [top, ...below.flatMap(({ start, end, ...call }) => (start && end ? [{ ...call, start, end }] : []))]
}
