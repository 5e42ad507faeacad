import type { ToldCall } from '../../skillsets/agent/told-call.ts'
import { storeJson, storeText } from '../../weave/stored-json.ts'
import type { CallPart, CallStart } from '../call.ts'
import { later, moment } from './moments.ts'

type Place = Pick<CallPart, 'projectId' | 'wbUserId' | 'callId'> & {
  start: Pick<CallStart, 'traceId' | 'parentId' | 'threadId' | 'turnId' | 'wbRunId' | 'wbRunStep'>
}

/** A call of a skill's operation; undefined when it was not sent. Its secrets are masked already. */
export function skillCallPart(call: ToldCall, { start, ...place }: Place): CallPart | undefined {
  if (call.startedAt === null) return undefined
  const startedAt = moment(call.startedAt)
  return {
    ...place,
    start: {
      ...start,
      opName: 'etude.skill-call',
      displayName: storeText(`${call.skillName}: ${call.operationId}`),
      startedAt,
      attributesJson: storeJson({ etude: { step: call.step, method: call.method, host: call.host } }),
      inputsJson: storeJson({ arguments: call.arguments, url: call.url, request_body: call.requestBody }),
    },
    end: {
      endedAt: later(startedAt, call.latencyMs ?? 0),
      exception: call.status === 'complete' ? null : storeText(call.message || call.status),
      outputJson: storeJson({ status: call.httpStatus, response_body: call.responseBody }),
      summaryJson: '{}',
      wbRunStepEnd: null,
    },
  }
}
