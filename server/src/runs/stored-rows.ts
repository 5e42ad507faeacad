import type { Selectable } from 'kysely'
import type { Tables } from '../db/tables.ts'
import type { PendingRow } from './live-run.ts'
import type { LaneSkillCall, NumberedEvent, Response, RunEvent, TokenUsage, Trim, Turn } from './turn.ts'

/** The row of a whole text: its type, and its data. */
export function textRow(type: RunEvent['type'], responseId: number, text: string): [RunEvent['type'], string] {
  return [type, JSON.stringify([responseId, 0, text])]
}

/** What is stored of a response when it has ended. */
export function endOf(response: Response) {
  return {
    responseId: response.responseId,
    status: response.status,
    responseText: response.text,
    reasoningText: response.reasoningText,
    finishReason: response.finishReason,
    errorCode: response.error?.code ?? null,
    errorMessage: response.error?.message ?? null,
    providerMessage: response.error?.providerMessage ?? null,
    tokenUsage: response.usage ? JSON.stringify(response.usage) : null,
    trim: response.trim && JSON.stringify(response.trim),
    cost: response.cost,
    latencyMs: response.latencyMs,
    firstTokenMs: response.firstTokenMs,
    skillCalls: response.skillCalls.length > 0 ? JSON.stringify(response.skillCalls) : null,
  }
}

/** A stored response. */
export function toResponse(row: Selectable<Tables['practice_responses']>): Response {
  return {
    responseId: row.response_id,
    turnId: row.turn_id,
    laneId: row.lane_id,
    modelName: row.model_name,
    isPrimary: row.is_primary === 1,
    attempt: row.attempt,
    revision: row.revision,
    status: row.status,
    text: row.response_text,
    reasoningText: row.reasoning_text,
    finishReason: row.finish_reason as Response['finishReason'],
    error: row.error_code
      ? { code: row.error_code, message: row.error_message ?? '', providerMessage: row.provider_message }
      : null,
    usage: row.token_usage as TokenUsage | null,
    cost: row.cost,
    latencyMs: row.latency_ms,
    firstTokenMs: row.first_token_ms,
    generationParams: row.generation_params,
    droppedParams: row.dropped_params,
    trim: row.trim as Trim | null,
    callRef: row.call_ref,
    skillCalls: (row.skill_calls ?? []) as LaneSkillCall[],
    createdAt: row.created_at,
  }
}

/** Whether an event is told from its row alone. */
export function isWholeInRow(type: RunEvent['type']): boolean {
  return type === 'text-delta' || type === 'reasoning-delta' || type.startsWith('skill-')
}

/** Undefined for an event whose turn or response has been deleted meanwhile. */
export function fromRow(
  row: PendingRow,
  loaded: { turn: Turn; responses: Response[] } | undefined,
): NumberedEvent | undefined {
  const { seq, type } = row
  const data = JSON.parse(row.data)
  switch (type) {
    case 'text-delta':
    case 'reasoning-delta': {
      const [responseId, offset, text] = data as [number, number, string]
      return { seq, event: { type, responseId, offset, text } }
    }
    case 'skill-plan': {
      const [responseId, step, skills] = data as [number, number, string[]]
      return { seq, event: { type, responseId, step, skills } }
    }
    case 'skill-call':
    case 'skill-result': {
      const [responseId, call] = data as [number, LaneSkillCall]
      return { seq, event: { type, responseId, call } }
    }
    case 'response-start':
    case 'response-end':
    case 'response-error': {
      const response = loaded?.responses.find(({ responseId }) => responseId === data)
      return loaded && response && { seq, event: { type, turn: loaded.turn, response } }
    }
    case 'turn-start':
    case 'turn-end':
      return loaded && { seq, event: { type, ...loaded } }
  }
}
