import { type Json, printJson } from '../weave/exact-json.ts'
import { restoreJson, restoreJsonText, restoreText } from '../weave/stored-json.ts'
import { asObject, type DerivedSummary, withDerivedSummary } from './call-summary.ts'

/** A call as it is stored, its JSON as text. */
export type StoredCall = {
  call_id: string
  wb_user_id: string
  trace_id: string
  parent_id: string | null
  op_name: string
  display_name: string | null
  thread_id: string | null
  turn_id: string | null
  started_at: string
  ended_at: string | null
  exception: string | null
  attributes: string | null
  inputs: string | null
  output: string | null
  summary: string | null
  wb_run_id: string | null
  wb_run_step: number | null
  wb_run_step_end: number | null
  start_bytes: number
  end_bytes: number
}

/** What a reply says about calls besides what is stored of them. */
export type CallExtras = {
  project: string
  includeStorageSize: boolean
  includeUsernames: boolean
  /** When a project keeps its calls only for some days. */
  expireAt(startedAt: string): string | null
  /** Of whole traces, by trace id; undefined unless they were asked for. */
  traceBytes: ReadonlyMap<string, number> | undefined
  costs(call: StoredCall, summary: Json): DerivedSummary['costs']
  feedback(call: StoredCall): DerivedSummary['feedback']
  /** A value in which refs were replaced; undefined when it is as it was stored. */
  expanded(call: StoredCall, column: 'inputs' | 'output'): Json | undefined
  /** Whether the summary is part of the reply. */
  includeSummary: boolean
}

/**
 * A call as one line of JSON (weave.md §2.3), without its line end.
 *
 * What can stay text is not parsed: a line costs little more than copying it.
 */
export function toCallLine(call: StoredCall, extras: CallExtras): string {
  const text = (value: string | null) => (value === null ? 'null' : JSON.stringify(restoreText(value)))
  const json = (column: 'attributes' | 'inputs' | 'output') => {
    const stored = call[column]
    if (stored === null) return column === 'output' ? 'null' : '{}'
    const expanded = column === 'attributes' ? undefined : extras.expanded(call, column)
    return expanded === undefined ? restoreJsonText(stored).text : printJson(expanded)
  }
  return (
    `{"id":${text(call.call_id)},"project_id":${JSON.stringify(extras.project)},"op_name":${text(call.op_name)}` +
    `,"display_name":${text(call.display_name || null)},"trace_id":${text(call.trace_id)}` +
    `,"parent_id":${text(call.parent_id)},"thread_id":${text(call.thread_id)},"turn_id":${text(call.turn_id)}` +
    `,"started_at":${text(call.started_at)},"attributes":${json('attributes')},"inputs":${json('inputs')}` +
    `,"ended_at":${text(call.ended_at)},"exception":${text(call.exception)},"output":${json('output')}` +
    `,"summary":${extras.includeSummary ? printJson(summaryOf(call, extras)) : 'null'},"wb_user_id":${text(call.wb_user_id)}` +
    `,"wb_username":${extras.includeUsernames ? text(call.wb_user_id) : 'null'},"wb_run_id":${text(call.wb_run_id)}` +
    `,"wb_run_step":${call.wb_run_step},"wb_run_step_end":${call.wb_run_step_end},"deleted_at":null` +
    `,"expire_at":${text(extras.expireAt(call.started_at))}` +
    `,"storage_size_bytes":${extras.includeStorageSize ? call.start_bytes + call.end_bytes : 'null'}` +
    `,"total_storage_size_bytes":${extras.traceBytes?.get(call.trace_id) ?? 'null'}}`
  )
}

function summaryOf(call: StoredCall, extras: CallExtras): Record<string, unknown> {
  const stored = call.summary === null ? {} : restoreJson(call.summary)
  const costs = extras.costs(call, stored)
  const feedback = extras.feedback(call)
  return withDerivedSummary(
    asObject(stored) ?? {},
    {
      opName: restoreText(call.op_name),
      displayName: call.display_name && restoreText(call.display_name),
      startedAt: call.started_at,
      endedAt: call.ended_at,
      exception: call.exception,
    },
    { ...(costs && { costs }), ...(feedback && { feedback }) },
  )
}
