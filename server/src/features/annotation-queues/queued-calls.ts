import type { CallQueries } from '../traces/call-queries.ts'
import type { FindCalls } from './queue-service.ts'

/** Finds calls as every other reader of calls does: those that the person may see. */
export const queuedCalls =
  (queries: Pick<CallQueries, 'stream'>): FindCalls =>
  async (person, projectName, callIds) => {
    const body = { project_id: projectName, filter: { call_ids: [...callIds] }, columns: ['id'] }
    const calls = []
    for await (const lines of await queries.stream(person, body))
      for (const line of lines) {
        const call = JSON.parse(line)
        calls.push({
          callId: call.id as string,
          userId: (call.wb_user_id ?? '') as string,
          startedAt: call.started_at as string,
          endedAt: (call.ended_at ?? null) as string | null,
          opName: (call.op_name ?? '') as string,
          traceId: (call.trace_id ?? '') as string,
        })
      }
    return calls
  }
