import { v7 as uuidv7 } from 'uuid'
import { isJsonObject } from '../weave/fields.ts'
import { storeJson, storeText } from '../weave/stored-json.ts'
import { invalidRequest } from '../weave/weave-error.ts'
import type { CallEnd, CallStart } from './call.ts'
import type { CompletedCallBody, EndedCallBody, StartedCallBody } from './schema.ts'

/** Of a plain name; a ref of an op holds an address besides. */
const MAX_PLAIN_OP_NAME = 128

/** @throws {WeaveError} when a plain op name is too long. */
export function toStart(body: StartedCallBody | CompletedCallBody): CallStart & { callId: string } {
  if (!body.op_name.startsWith('weave:///') && body.op_name.length > MAX_PLAIN_OP_NAME)
    throw invalidRequest(
      `Op name too long: ${body.op_name.length} characters, at most ${MAX_PLAIN_OP_NAME} are allowed`,
    )
  const attributes = isJsonObject(body.otel_dump) ? { ...body.attributes, otel_span: body.otel_dump } : body.attributes
  return {
    callId: storeText(body.id ?? uuidv7()),
    traceId: storeText(body.trace_id ?? uuidv7()),
    parentId: storedOrNull(body.parent_id),
    opName: storeText(body.op_name),
    displayName: body.display_name ? storeText(body.display_name) : null,
    threadId: storedOrNull(body.thread_id),
    turnId: storedOrNull(body.turn_id),
    startedAt: body.started_at,
    attributesJson: storeJson(attributes),
    inputsJson: storeJson(body.inputs),
    wbRunId: storedOrNull(body.wb_run_id),
    wbRunStep: body.wb_run_step ?? null,
  }
}

export function toEnd(body: EndedCallBody | CompletedCallBody): CallEnd {
  return {
    endedAt: body.ended_at,
    exception: storedOrNull(body.exception),
    outputJson: storeJson(body.output),
    summaryJson: storeJson(body.summary),
    wbRunStepEnd: body.wb_run_step_end ?? null,
  }
}

function storedOrNull(text: string | null | undefined): string | null {
  return text === null || text === undefined ? null : storeText(text)
}
