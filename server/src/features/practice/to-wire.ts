import { frame } from '../../http/send-events.ts'
import type { NumberedEvent, Response, Trim, Turn, TurnSummary } from '../../runs/turn.ts'
import type { ModelResult, TurnResult } from './schema.ts'
import type { Lane, SessionSummary } from './session.ts'
import { toSkillCall } from './skill-call-schema.ts'
import type { TurnBuilder } from './turn-builder.ts'

export function toTurnResult(turn: Turn, responses: readonly Response[]): TurnResult {
  return {
    session_id: turn.sessionId,
    session_title: turn.sessionTitle,
    turn_id: turn.turnId,
    parent_turn_id: turn.parentTurnId,
    status: turn.status,
    prompt_text: turn.promptText,
    created_at: turn.createdAt,
    results: responses.map((response) => toModelResult(response, turn.promptText)),
  }
}

export function toModelResult(response: Response, promptText: string): ModelResult {
  const { usage, error } = response
  return {
    session_model_id: response.laneId,
    model_name: response.modelName,
    response_id: response.responseId,
    turn_id: response.turnId,
    prompt_text: promptText,
    response_text: response.text,
    reasoning_text: response.reasoningText,
    created_at: response.createdAt,
    token_usage: usage && {
      provider: usage.provider,
      model: usage.model,
      prompt_tokens: usage.promptTokens,
      completion_tokens: usage.completionTokens,
      total_tokens: usage.promptTokens + usage.completionTokens,
      reasoning_tokens: usage.reasoningTokens,
      cached_tokens: usage.cachedTokens,
      source: usage.source,
    },
    latency_ms: response.latencyMs === null ? null : Math.round(response.latencyMs),
    first_token_ms: response.firstTokenMs,
    cost: response.cost,
    is_primary: response.isPrimary,
    attempt: response.attempt,
    revision: response.revision,
    trim: toWireTrim(response.trim),
    call_ref: response.callRef,
    skill_calls: response.skillCalls.map(toSkillCall),
    generation_params: response.generationParams,
    dropped_params: response.droppedParams,
    status: response.status,
    finish_reason: response.finishReason,
    error: error && { code: error.code, message: error.message, provider_message: error.providerMessage },
  }
}

function toWireTrim(trim: Trim | null): ModelResult['trim'] {
  if (!trim) return null
  const { summary, ...counts } = trim
  return { ...counts, summary: summary ? toWireSummary(summary) : null }
}

function toWireSummary(summary: TurnSummary) {
  return {
    model_name: summary.model,
    turns: summary.turns,
    text: summary.text,
    is_new: summary.isNew,
    prompt_tokens: summary.promptTokens,
    completion_tokens: summary.completionTokens,
    cost: summary.cost,
    latency_ms: summary.latencyMs,
    error: summary.error,
  }
}

export function toSessionSummary(session: SessionSummary) {
  return {
    session_id: session.sessionId,
    class_id: session.classId,
    title: session.title,
    preview: session.preview,
    project_id: session.projectId,
    model_names: session.modelNames,
    turn_count: session.turnCount,
    created_at: session.createdAt,
    updated_at: session.updatedAt,
    last_activity_at: session.lastTurnAt,
  }
}

export function toWireLane(sessionId: number, lane: Lane) {
  return {
    session_model_id: lane.laneId,
    session_id: sessionId,
    model_name: lane.modelName,
    is_primary: lane.isPrimary,
    is_active: lane.isActive,
    generation_params: lane.generationParams,
  }
}

export function toWindowLane(preview: LanePreview) {
  const { lane, model, parts, total, answerTokens, fitted, summary } = preview
  const summarised = summary?.turns ?? 0
  return {
    session_model_id: lane.laneId,
    model_name: lane.modelName,
    context: model.contextTokens,
    reserved: answerTokens,
    tokens: { ...parts, total },
    fits: fitted !== undefined && fitted.report.turnsLeftOut + summarised === 0,
    sent: fitted?.report.tokens.total ?? null,
    turns_left_out: (fitted?.report.turnsLeftOut ?? 0) + summarised,
    messages_left_out: (fitted?.report.messagesLeftOut ?? 0) + 2 * summarised,
    summary: summary ? { model_name: summary.model, turns: summary.turns, text: summary.text } : null,
  }
}

type LanePreview = Awaited<ReturnType<TurnBuilder['preview']>>[number]

/** The events of a run as server-sent events, one after another. */
export async function* toFrames(batches: AsyncIterable<NumberedEvent[]>): AsyncGenerator<string> {
  for await (const events of batches) yield events.map(toFrame).join('')
}

function toFrame({ seq, event }: NumberedEvent): string {
  switch (event.type) {
    case 'text-delta':
    case 'reasoning-delta': {
      const { responseId, offset, text } = event
      return frame(event.type, { response_id: responseId, offset, text }, seq)
    }
    case 'skill-plan':
      return frame(event.type, { response_id: event.responseId, step: event.step, skills: event.skills }, seq)
    case 'skill-call':
    case 'skill-result':
      return frame(event.type, { response_id: event.responseId, call: toSkillCall(event.call) }, seq)
    case 'turn-start': {
      const { turn, responses } = event
      const start = {
        session_id: turn.sessionId,
        session_title: turn.sessionTitle,
        turn_id: turn.turnId,
        parent_turn_id: turn.parentTurnId,
        prompt_text: turn.promptText,
        created_at: turn.createdAt,
        lanes: responses.map(toLaneStart),
      }
      return frame(event.type, start, seq)
    }
    case 'response-start': {
      const { response } = event
      const start = {
        generation_params: response.generationParams,
        dropped_params: response.droppedParams,
        trim: toWireTrim(response.trim),
        ...toLaneStart(response),
      }
      return frame(event.type, start, seq)
    }
    case 'response-end': {
      const { turn, response } = event
      const end = { response_id: response.responseId, result: toModelResult(response, turn.promptText) }
      return frame(event.type, end, seq)
    }
    case 'response-error': {
      const { turn, response } = event
      const { code, message, providerMessage } = response.error ?? {
        code: 'internal',
        message: '',
        providerMessage: null,
      }
      const failure = { response_id: response.responseId, code, message, provider_message: providerMessage }
      return frame(event.type, { ...failure, result: toModelResult(response, turn.promptText) }, seq)
    }
    case 'turn-end':
      return frame(event.type, { result: toTurnResult(event.turn, event.responses) }, seq)
  }
}

/** What a reader must know of a response before its text comes. */
function toLaneStart(response: Response) {
  return {
    response_id: response.responseId,
    session_model_id: response.laneId,
    model_name: response.modelName,
    is_primary: response.isPrimary,
    attempt: response.attempt,
    revision: response.revision,
    call_ref: response.callRef,
  }
}
