import type { JsonObject } from '../../../models/language-model.ts'
import type { LaneSkillCall } from '../../../runs/turn.ts'
import type { SkillCall } from './skill-call.ts'

/** Of a request or an answer that is shown and kept. */
const MOST_SHOWN_CHARACTERS = 16_000

/** A call as people are told of it, and as it is kept: its secrets are masked already. */
export type ToldCall = Omit<LaneSkillCall, 'callId' | 'operationKey'>

export function toldCall(call: SkillCall): ToldCall {
  const { skill, operation } = call.tool
  const { state } = call
  const result = state.name === 'ended' ? state.result : undefined
  const http = operation.call.kind === 'http' ? operation.call : undefined
  const address = http?.server ?? (skill.source.kind === 'mcp' ? skill.source.url : '')
  return {
    step: call.step,
    skillName: skill.nameForHuman,
    operationId: operation.operationId,
    summary: operation.summary,
    method: result?.method ?? http?.method ?? 'MCP',
    host: URL.canParse(address) ? new URL(address).host : address,
    arguments: storableJson(call.arguments),
    status: statusOf(state),
    waitsUntil: state.name === 'waiting' ? (state.until?.toISOString() ?? null) : null,
    startedAt: call.startedAt?.toISOString() ?? null,
    url: result?.url ?? '',
    requestBody: shown(result?.requestBody ?? ''),
    responseBody: shown(result?.responseBody ?? ''),
    httpStatus: result?.status ?? null,
    latencyMs: result?.latencyMs ?? null,
    message: shown(state.name === 'refused' ? state.reason : (result?.message ?? '')),
  }
}

function statusOf(state: SkillCall['state']): ToldCall['status'] {
  if (state.name === 'ended') return state.result.isOk ? 'complete' : 'failed'
  return state.name
}

/** PostgreSQL's JSON takes neither NUL nor half surrogate pairs. */
function shown(text: string): string {
  return text.slice(0, MOST_SHOWN_CHARACTERS).toWellFormed().replaceAll('\0', '\uFFFD')
}

function storableJson(value: JsonObject): JsonObject {
  return JSON.parse(JSON.stringify(value), (_, inner: unknown) => (typeof inner === 'string' ? shown(inner) : inner))
}
