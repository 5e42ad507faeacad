import { latencyMs } from './call-time.ts'

type JsonObject = Record<string, unknown>

/** What Weave says about a call itself, in `summary.weave`; nobody can send it. */
export type DerivedSummary = {
  status: CallStatus
  trace_name: string
  latency_ms?: number
  display_name?: string
  costs?: JsonObject
  feedback?: unknown[]
}

type CallStatus = 'success' | 'error' | 'running' | 'descendant_error'

/**
 * The summary of a call with what follows from the call itself (weave.md §2.3).
 *
 * @param stored as the client sent it; its own `weave` keys stay unless they are derived here.
 */
export function withDerivedSummary(
  stored: JsonObject,
  call: {
    opName: string
    displayName: string | null
    startedAt: string
    endedAt: string | null
    exception: string | null
  },
  extra: Pick<DerivedSummary, 'costs' | 'feedback'>,
): JsonObject {
  const derived: DerivedSummary = {
    status: statusOf(stored, call),
    trace_name: call.displayName || opShortName(call.opName),
    ...(call.endedAt !== null && { latency_ms: latencyMs(call.startedAt, call.endedAt) }),
    ...(call.displayName && { display_name: call.displayName }),
    ...extra,
  }
  const { status, trace_name, latency_ms, display_name, costs, feedback, ...own } = asObject(stored.weave) ?? {}
  return { ...stored, weave: { ...own, ...derived } }
}

/** The name of an op without its address and version; a plain name stays what it is. */
function opShortName(opName: string): string {
  return /^weave:\/\/\/[^/]*\/[^/]*\/op\/([^/:]+):[^/]*$/.exec(opName)?.[1] ?? opName
}

export function asObject(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined
}

function statusOf(summary: JsonObject, call: { endedAt: string | null; exception: string | null }): CallStatus {
  if (call.exception) return 'error'
  if (call.endedAt === null) return 'running'
  return Number(asObject(summary.status_counts)?.error) > 0 ? 'descendant_error' : 'success'
}
