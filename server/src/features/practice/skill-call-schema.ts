import { z } from 'zod'
import { Id, IdInPath, jsonObject } from '../../http/fields.ts'
import type { LaneSkillCall } from '../../runs/turn.ts'

/** Calls of skills on the wire, and what people say of those that wait. */

export const SkillCallSchema = z
  .object({
    call_id: z.string(),
    step: z.int().describe('From 1; calls of one step run at the same time'),
    skill_name: z.string().describe('For people'),
    operation_id: z.string(),
    summary: z.string(),
    method: z.string().describe('An HTTP method, or MCP'),
    host: z.string(),
    arguments: z
      .record(z.string(), z.unknown())
      .describe('As the model wrote them, or as they were changed when they were allowed'),
    status: z
      .enum(['waiting', 'running', 'complete', 'failed', 'refused', 'stopped'])
      .describe('waiting: for a person’s permission; refused: not made, `message` says why'),
    waits_until: z.iso.datetime().nullable().describe('When the wait for permission ends by itself'),
    url: z.string().describe('Without secrets; empty until it has ended'),
    request_body: z.string(),
    response_body: z.string().describe('Its first 16,000 characters'),
    http_status: z.int().nullable(),
    latency_ms: z.int().nullable(),
    message: z.string().describe('Why it failed or was not made'),
  })
  .meta({ id: 'PracticeSkillCall' })

export const SkillCallPath = z.object({ turn_id: IdInPath, call_id: z.string().max(64) })

export const ApprovalBody = z
  .strictObject({
    decision: z
      .enum(['once', 'session', 'deny'])
      .describe('session: calls of this operation need no permission any more in this session'),
    arguments: jsonObject({ maxBytes: 262_144, maxDepth: 16 })
      .nullish()
      .describe('Instead of those that the model has written; for this call only'),
  })
  .refine((body) => body.decision !== 'deny' || !body.arguments, 'What is denied has no arguments')
  .meta({ id: 'SkillCallApproval' })

export const ApprovedSchema = z.object({
  turn_id: Id,
  call_id: z.string(),
  decision: z.enum(['once', 'session', 'deny']),
})

export function toSkillCall(call: LaneSkillCall): z.input<typeof SkillCallSchema> {
  return {
    call_id: call.callId,
    step: call.step,
    skill_name: call.skillName,
    operation_id: call.operationId,
    summary: call.summary,
    method: call.method,
    host: call.host,
    arguments: call.arguments,
    status: call.status,
    waits_until: call.waitsUntil,
    url: call.url,
    request_body: call.requestBody,
    response_body: call.responseBody,
    http_status: call.httpStatus,
    latency_ms: call.latencyMs,
    message: call.message,
  }
}
