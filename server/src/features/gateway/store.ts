import type { CompiledQuery } from 'kysely'
import { compileOnce } from '../../db/compile-once.ts'
import type { Database } from '../../db/open.ts'
import type { ChatMessage, FinishReason, GenerationParameters, ToolDefinition } from '../../models/language-model.ts'
import type { Dialect } from './call-recorder.ts'
import type { Said } from './gateway-call.ts'

/** One request that a model was asked through a dialect, and how it ended. */
export type RecordedCall = {
  personId: number
  handle: string
  kind: 'chat' | 'embedding'
  dialect: Dialect
  modelName: string
  requestId: string
  status: 'complete' | 'stopped' | 'failed'
  finishReason: FinishReason | null
  errorCode: string | null
  inputTokens: number | null
  outputTokens: number | null
  tokenSource: 'provider' | 'estimate' | null
  /** US dollars. */
  cost: number | null
  firstTokenMs: number | null
  latencyMs: number
  trimmedTurns: number
  /** What the model was sent, and what it said: kept in the trace only. */
  inputs: ChatInputs | { texts: readonly string[] }
  output: Said | null
  /** The call in the trace that made it; null when a client did. */
  partOf: TraceParent | null
  createdAt: string
}

/** The root of a trace. */
export type TraceParent = { projectId: number; callId: string }

type ChatInputs = {
  messages: readonly ChatMessage[]
  tools: readonly ToolDefinition[] | undefined
  parameters: GenerationParameters
}

export type StoredCall = RecordedCall & { callId: number }

/** A client may send its own request id; nobody's is longer. */
const REQUEST_ID_CHARACTERS = 256

export class GatewayStore {
  readonly #database: Pick<Database, 'db' | 'ids' | 'batch'>
  readonly #trace: (calls: readonly StoredCall[]) => Promise<CompiledQuery[]>

  /** @param trace what stores calls in the trace, too; it is committed together with them. */
  constructor(
    database: Pick<Database, 'db' | 'ids' | 'batch'>,
    trace: (calls: readonly StoredCall[]) => Promise<CompiledQuery[]>,
  ) {
    this.#database = database
    this.#trace = trace
  }

  /** Stores calls, all or none. */
  async add(calls: readonly RecordedCall[]): Promise<void> {
    const firstId = await this.#database.ids.take('gateway_call', calls.length)
    const stored = calls.map((call, index) => ({
      callId: firstId + index,
      ...call,
      requestId: call.requestId.replaceAll('\0', '').slice(0, REQUEST_ID_CHARACTERS),
    }))
    await this.#database.batch([...stored.map((call) => this.#insert(call)), ...(await this.#trace(stored))])
  }

  readonly #insert = compileOnce((v: StoredCall) =>
    this.#database.db.insertInto('gateway_calls').values({
      person_id: v.personId,
      call_id: v.callId,
      kind: v.kind,
      dialect: v.dialect,
      model_name: v.modelName,
      request_id: v.requestId,
      status: v.status,
      finish_reason: v.finishReason,
      error_code: v.errorCode,
      input_tokens: v.inputTokens,
      output_tokens: v.outputTokens,
      token_source: v.tokenSource,
      cost: v.cost,
      first_token_ms: v.firstTokenMs,
      latency_ms: v.latencyMs,
      trimmed_turns: v.trimmedTurns,
      created_at: v.createdAt,
    }),
  )
}
