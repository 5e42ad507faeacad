import type { Id } from './columns.ts'

/* What servers need among themselves, and the requests that they pass on. */

export type GatewayCallsTable = {
  person_id: Id
  call_id: Id
  kind: 'chat' | 'embedding'
  dialect: 'openai' | 'clova'
  model_name: string
  /** As the client saw it. */
  request_id: string
  status: 'complete' | 'stopped' | 'failed'
  finish_reason: string | null
  error_code: string | null
  /** Null when the model failed without a word. */
  input_tokens: number | null
  output_tokens: number | null
  token_source: 'provider' | 'estimate' | null
  /** US dollars. */
  cost: number | null
  first_token_ms: number | null
  latency_ms: number
  /** Turns that were left out so that the rest fitted the window. */
  trimmed_turns: number
  created_at: string
}

export type ServersTable = {
  server_id: string
  started_at: string
  heartbeat_at: string
}

export type IdBlocksTable = {
  /** What the ids are for, e.g. `session`. */
  name: string
  next_id: Id
}
