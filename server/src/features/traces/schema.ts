import { z } from 'zod'
import { AnyJson, JsonObject, PrintedObject } from '../weave/fields.ts'
import { toCallTime } from './call-time.ts'

/** The wire of calls: weave.md §2.2 and §2.3, and the schemas of the hosted server's OpenAPI. */

export const ProjectId = z.string().describe('`entity/project`.')

/** Names and ids are parts of index entries, which PostgreSQL limits to 2,700 bytes. */
const Id = z.string().min(1).max(128)
const GroupId = z.string().max(512)

export const CallTime = z
  .union([z.string(), z.number()])
  .transform((value, context) => {
    const time = toCallTime(value)
    if (time !== undefined) return time
    context.issues.push({ code: 'custom', message: 'Input should be a valid datetime', input: value })
    return z.NEVER
  })
  .meta({ description: 'ISO 8601, UTC when it has no offset.', type: 'string', format: 'date-time' })

const StartedCall = z.object({
  project_id: ProjectId,
  id: Id.nullish().describe('A UUID of version 7 when left out.'),
  op_name: z.string().min(1).max(1024).describe('The ref of an op, or its plain name (at most 128 characters).'),
  display_name: z.string().max(1024).nullish(),
  trace_id: Id.nullish().describe('A new one when left out.'),
  parent_id: Id.nullish(),
  thread_id: GroupId.nullish(),
  turn_id: GroupId.nullish(),
  started_at: CallTime,
  attributes: JsonObject,
  inputs: JsonObject,
  otel_dump: z.unknown().optional().describe('The whole span that the call was; kept in its attributes.'),
  wb_user_id: z.string().nullish().describe('Taken from the key, whatever is sent.'),
  wb_run_id: z.string().nullish(),
  wb_run_step: z.int().nullish(),
})

const EndedCall = z.object({
  project_id: ProjectId,
  id: Id,
  ended_at: CallTime,
  exception: z.string().nullish(),
  output: AnyJson,
  summary: JsonObject,
  wb_run_step_end: z.int().nullish(),
})

const CompletedCall = StartedCall.extend({
  id: Id,
  trace_id: Id,
  ...EndedCall.omit({ project_id: true, id: true }).shape,
})

export type StartedCallBody = z.output<typeof StartedCall>
export type EndedCallBody = z.output<typeof EndedCall>
export type CompletedCallBody = z.output<typeof CompletedCall>

export const CallStartRequest = z.object({ start: StartedCall }).meta({ id: 'CallStartReq' })
export const CallEndRequest = z.object({ end: EndedCall }).meta({ id: 'CallEndReq' })
export const CallBatchRequest = z
  .object({
    batch: z.array(
      z.discriminatedUnion('mode', [
        z.object({ mode: z.literal('start'), req: CallStartRequest }),
        z.object({ mode: z.literal('end'), req: CallEndRequest }),
      ]),
    ),
  })
  .meta({ id: 'CallCreateBatchReq' })
export const CallsCompleteRequest = z.object({ batch: z.array(CompletedCall) }).meta({ id: 'CallsUpsertCompleteReq' })
export const ProjectPath = z.object({ entity: z.string(), project: z.string() })

export const CallStartReply = z.object({ id: z.string(), trace_id: z.string() }).meta({ id: 'CallStartRes' })
export const Nothing = z.object({})
export const CallBatchReply = z
  .object({ res: z.array(z.union([CallStartReply, z.object({})])).describe('In the order of the batch.') })
  .meta({ id: 'CallCreateBatchRes' })

export const CallUpdateRequest = z
  .object({
    project_id: ProjectId,
    call_id: z.string(),
    display_name: z.string().max(1024).nullish().describe('Nothing, or an empty text, takes the name away.'),
    wb_user_id: z.string().nullish(),
  })
  .meta({ id: 'CallUpdateReq' })

export const CallsDeleteRequest = z
  .object({
    project_id: ProjectId,
    call_ids: z.array(z.string()).describe('At most 1,000; what they called goes with them.'),
    wb_user_id: z.string().nullish(),
  })
  .meta({ id: 'CallsDeleteReq' })
export const CallsDeleteReply = z.object({ num_deleted: z.int() }).meta({ id: 'CallsDeleteRes' })

const Names = z.array(z.string()).nullish()

export const CallsFilter = z
  .object({
    op_names: Names.describe('Refs or plain names; `…:*` is any version.'),
    input_refs: Names,
    output_refs: Names,
    parent_ids: Names,
    trace_ids: Names,
    call_ids: Names,
    thread_ids: Names,
    turn_ids: Names,
    trace_roots_only: z.boolean().nullish(),
    wb_user_ids: Names,
    wb_run_ids: Names,
  })
  .describe('Each list at most 1,000 long.')
  .meta({ id: 'CallsFilter' })
export type CallsFilterBody = z.output<typeof CallsFilter>

const Flag = z.boolean().nullish()

export const CallReadRequest = z
  .object({
    project_id: ProjectId,
    id: z.string(),
    include_costs: Flag,
    include_storage_size: Flag,
    include_total_storage_size: Flag,
  })
  .meta({ id: 'CallReadReq' })

/** A call as it is sent: every field is there. What was not asked for is null. */
const CallSchema = z
  .object({
    id: z.string(),
    project_id: z.string(),
    op_name: z.string(),
    display_name: z.string().nullable(),
    trace_id: z.string(),
    parent_id: z.string().nullable(),
    thread_id: z.string().nullable(),
    turn_id: z.string().nullable(),
    started_at: z.string(),
    attributes: PrintedObject,
    inputs: PrintedObject,
    ended_at: z.string().nullable(),
    exception: z.string().nullable(),
    output: z.unknown(),
    summary: PrintedObject.describe('What was sent, and `weave`: status, trace_name, latency_ms, costs, feedback.'),
    wb_user_id: z.string(),
    wb_username: z.string().nullable(),
    wb_run_id: z.string().nullable(),
    wb_run_step: z.int().nullable(),
    wb_run_step_end: z.int().nullable(),
    deleted_at: z.string().nullable(),
    expire_at: z.string().nullable(),
    storage_size_bytes: z.int().nullable(),
    total_storage_size_bytes: z.int().nullable(),
  })
  .meta({ id: 'CallSchema' })
export const CallReadReply = z.object({ call: CallSchema.nullable() }).meta({ id: 'CallReadRes' })
