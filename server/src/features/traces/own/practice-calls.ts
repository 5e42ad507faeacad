import type { Ending } from '../../../runs/run-store.ts'
import type { Response, TokenUsage, Turn } from '../../../runs/turn.ts'
import { storeJson, storeText } from '../../weave/stored-json.ts'
import type { CallPart } from '../call.ts'
import type { OwnCallIds } from './call-ids.ts'
import { later, moment } from './moments.ts'
import { skillCallPart } from './skill-calls.ts'

/** Where the calls of a turn go. */
export type TracePlace = { projectId: number; wbUserId: string }

/**
 * A turn as a call, with one call for each of its answers below it, and below these one for each summary that was
 * written for them and for each operation of a skill that they called.
 *
 * What an agent says to the model is not in it: a prompt that is hidden from people must not be found here. A turn that
 * was stopped or whose lanes failed has ended like any other; its answers say how each of them did.
 *
 * @returns the calls of the answers that have ended and, when the turn is over, its own.
 */
export function practiceCalls(ending: Ending, place: TracePlace, ids: OwnCallIds): CallPart[] {
  const { turn } = ending
  const answers = ending.responses.flatMap((response) => [
    answerCall(turn, response, ending.endedAt, place, ids),
    ...summaryCall(turn, response, place, ids),
    ...skillCalls(turn, response, place, ids),
  ])
  return ending.isTurnOver ? [...answers, turnCall(ending, place, ids)] : answers
}

function turnCall({ turn, endedAt }: Ending, place: TracePlace, ids: OwnCallIds): CallPart {
  const callId = ids.of('turn', turn.turnId)
  return {
    callId,
    start: {
      parentId: null,
      opName: 'etude.turn',
      displayName: null,
      startedAt: moment(turn.createdAt),
      attributesJson: storeJson({ etude: { session_id: turn.sessionId, turn_id: turn.turnId } }),
      inputsJson: storeJson({ prompt: turn.promptText, few_shot_examples: turn.fewShots.length }),
      ...sharedStart(turn, ids),
    },
    end: {
      endedAt: moment(endedAt),
      exception: null,
      outputJson: storeJson({ status: turn.status }),
      summaryJson: '{}',
      wbRunStepEnd: null,
    },
    ...place,
  }
}

function answerCall(turn: Turn, response: Response, endedAt: string, place: TracePlace, ids: OwnCallIds): CallPart {
  const { responseId, error, usage } = response
  const startedAt = moment(response.createdAt)
  return {
    callId: ids.of('answer', responseId),
    start: {
      parentId: ids.of('turn', turn.turnId),
      opName: 'etude.answer',
      displayName: storeText(response.modelName),
      startedAt,
      attributesJson: storeJson({
        etude: {
          session_id: turn.sessionId,
          turn_id: turn.turnId,
          response_id: responseId,
          session_model_id: response.laneId,
          attempt: response.attempt,
          revision: response.revision,
        },
      }),
      inputsJson: storeJson({
        model: response.modelName,
        prompt: turn.promptText,
        generation_params: response.generationParams,
      }),
      ...sharedStart(turn, ids),
    },
    end: {
      endedAt: response.latencyMs === null ? moment(endedAt) : later(startedAt, response.latencyMs),
      exception: error && storeText(`${error.code}: ${error.providerMessage ?? error.message}`),
      outputJson: storeJson({
        text: response.text,
        ...(response.reasoningText && { reasoning: response.reasoningText }),
        status: response.status,
        finish_reason: response.finishReason,
        trim: response.trim && withoutDigest(response.trim),
      }),
      summaryJson: storeJson({
        ...(usage && { usage: usageOf(response.modelName, usage) }),
        etude: { cost: response.cost, first_token_ms: response.firstTokenMs },
      }),
      wbRunStepEnd: null,
    },
    ...place,
  }
}

/** The request for a summary of what left the window, when one was made for this answer. */
function summaryCall(turn: Turn, response: Response, place: TracePlace, ids: OwnCallIds): CallPart[] {
  const { summary } = response.trim ?? {}
  if (!summary || (!summary.error && !(summary.isNew && summary.text))) return []
  const startedAt = moment(response.createdAt)
  const { model, text, turns, error, cost } = summary
  return [
    {
      ...place,
      callId: ids.of('summary', response.responseId),
      start: {
        ...sharedStart(turn, ids),
        parentId: ids.of('answer', response.responseId),
        opName: 'etude.summary',
        displayName: storeText(model),
        startedAt,
        attributesJson: storeJson({ etude: { session_id: turn.sessionId, response_id: response.responseId } }),
        inputsJson: storeJson({ model, ...(!error && { turns }) }),
      },
      end: {
        endedAt: later(startedAt, summary.latencyMs ?? 0),
        exception: error && storeText(`${error.code}: ${error.message}`),
        outputJson: storeJson(error ? null : { text }),
        summaryJson: storeJson(error ? {} : { usage: usageOf(model, summary), etude: { cost } }),
        wbRunStepEnd: null,
      },
    },
  ]
}

/** The calls of skills that an answer took, as far as they were sent. */
function skillCalls(turn: Turn, response: Response, place: TracePlace, ids: OwnCallIds): CallPart[] {
  return response.skillCalls.flatMap((call, index) => {
    const { responseId } = response
    const callId = ids.of('skillCall', responseId, index)
    const start = { ...sharedStart(turn, ids), parentId: ids.of('answer', responseId) }
    return skillCallPart(call, { ...place, callId, start }) ?? []
  })
}

function withoutDigest({ summary, ...trim }: NonNullable<Response['trim']>) {
  if (!summary) return trim
  const { digest: _, ...shown } = summary
  return { ...trim, summary: shown }
}

function sharedStart(turn: Turn, ids: OwnCallIds) {
  return {
    traceId: ids.of('turn', turn.turnId),
    threadId: `session-${turn.sessionId}`,
    turnId: ids.of('turn', turn.turnId),
    wbRunId: null,
    wbRunStep: null,
  }
}

/** Tokens by model, as Weave's SDKs write them. */
export function usageOf(
  modelName: string,
  { promptTokens, completionTokens }: Pick<TokenUsage, 'promptTokens' | 'completionTokens'>,
) {
  return {
    [modelName]: {
      requests: 1,
      prompt_tokens: promptTokens,
      completion_tokens: completionTokens,
      total_tokens: promptTokens + completionTokens,
    },
  }
}
