import { randomInt } from 'node:crypto'
import type { ModelUsage } from '../../models/language-model.ts'
import type { AgentAnswer, AgentEvent, SkillCall } from '../skillsets/agent/skill-call.ts'
import { frame } from './chat-frames.ts'
import type { ApiResult, FinalAnswerResult } from './final-answer-schema.ts'

/** What a stateless client is told of an answer, all at once. */
export function finalResult({ answer, totalUsage, hadDemonstrations, calls }: AgentAnswer): FinalAnswerResult {
  return {
    finalAnswer: answer,
    tokenCount: tokensOf(totalUsage),
    useTask: hadDemonstrations,
    apiResult: apiResults(calls),
  }
}

/**
 * An answer as server-sent events: `planning`, a `cot` for each step of calls, `token` if wanted, `finalAnswer`.
 *
 * `tokenCount` is that of the model's requests since the event before.
 */
export async function* finalAnswerFrames(
  events: AsyncIterable<AgentEvent>,
  { withTokens }: { withTokens: boolean },
): AsyncGenerator<string> {
  const id = randomInt(1, 2 ** 31)
  let isPlanned = false
  let tokenCount = 0
  const planning = (selectedSkill: string[]) => {
    if (isPlanned) return ''
    isPlanned = true
    const told = frame('planning', { selectedSkill, tokenCount })
    tokenCount = 0
    return told
  }
  const token = (text: string, stop: string | null) =>
    // Both names of one thing: clients of either documentation find theirs. Providers tell no probabilities.
    frame('token', { id, index: 0, text, probs: [], stop_reason: stop, stopReason: stop })
  for await (const event of events) {
    switch (event.type) {
      case 'plan':
        tokenCount += tokensOf(event.usage)
        // A step that asks only for what does not exist selects nothing.
        if (event.skills.length > 0 && !isPlanned) yield planning(event.skills)
        break
      case 'step-end':
        if (event.calls.length === 0) break
        yield frame('cot', { apiResult: apiResults(event.calls), calls: event.calls.map(outcomeOf), tokenCount })
        tokenCount = 0
        break
      case 'text-delta':
        if (withTokens) yield planning([]) + token(event.text, null)
        break
      case 'final': {
        const before = planning([])
        tokenCount += tokensOf(event.usage)
        const end = withTokens ? token('', event.finishReason === 'length' ? 'length' : 'end_token') : ''
        const { finalAnswer, apiResult, useTask } = finalResult(event)
        yield before + end + frame('finalAnswer', { finalAnswer, apiResult, useTask, tokenCount })
      }
    }
  }
}

function apiResults(calls: readonly SkillCall[]): ApiResult[] {
  return calls.flatMap(({ tool: { skill, operation }, state }) => {
    // What was refused, or found wrong before it was sent, is no call.
    if (state.name !== 'ended' || state.result.url === '') return []
    const { url, requestBody, responseBody } = state.result
    return {
      url,
      requestBody: requestBody || queryOf(url),
      responseBody,
      ...(operation.apiOrder !== null && { apiOrder: operation.apiOrder }),
      operationId: operation.operationId,
      nameForHuman: skill.nameForHuman,
    }
  })
}

/** How each call of a step went, those that were never sent too: more than the documented `apiResult` has room for. */
function outcomeOf({ tool: { skill, operation }, arguments: values, state }: SkillCall) {
  const { operationId, summary } = operation
  const asked = { operationId, nameForHuman: skill.nameForHuman, summary, arguments: values }
  const ended = state.name === 'ended' ? state.result : undefined
  return {
    ...asked,
    outcome: ended ? (ended.isOk ? 'complete' : 'failed') : 'refused',
    isSent: ended !== undefined && ended.url !== '',
    method: ended?.method ?? '',
    status: ended?.status ?? null,
    latencyMs: ended?.latencyMs ?? null,
    message: state.name === 'refused' ? state.reason : (ended?.message ?? ''),
  }
}

/** As the documentation shows it: `address=서울`. */
function queryOf(url: string): string {
  const query = url.split('#', 1)[0]?.split('?').slice(1).join('?') ?? ''
  try {
    return decodeURIComponent(query.replaceAll('+', ' '))
  } catch {
    return query
  }
}

function tokensOf({ inputTokens, outputTokens }: ModelUsage): number {
  return inputTokens + outputTokens
}
