/** What the API sends and takes, in its own words. */

export type Person = { user_id: number; handle: string; name: string; is_admin: boolean }

export type ClassMembership = {
  class_id: number
  slug: string
  name: string
  status: 'planned' | 'active' | 'ended'
  role: 'teacher' | 'assistant' | 'student'
}

export type Me = { person: Person; classes: ClassMembership[] }

export type Model = {
  model_name: string
  display_name: string
  provider: string
  modality: 'chat' | 'embedding'
  is_offline: boolean
  context_tokens: number
  max_output_tokens: number
  tokenizer: string
  /** US dollars. */
  price_per_million_tokens: { input: number; output: number } | null
  unsupported: string[]
  capabilities: { tools: boolean; images: boolean; json: boolean }
}

export type Page<Item> = { items: Item[]; total: number; page: number; size: number }

export type GenerationParams = {
  temperature?: number | null
  top_p?: number | null
  top_k?: number | null
  response_length_preset?: 'short' | 'normal' | 'long' | 'custom' | null
  max_completion_tokens?: number | null
  max_tokens?: number | null
  frequency_penalty?: number | null
  presence_penalty?: number | null
  repetition_penalty?: number | null
  stop?: string[] | null
  seed?: number | null
}

export type TokenUsage = {
  provider?: string
  model?: string
  prompt_tokens: number
  completion_tokens: number
  total_tokens: number
  reasoning_tokens?: number
  cached_tokens?: number
  source: 'provider' | 'estimate'
}

export type ResponseError = { code: string; message: string; provider_message: string | null }
export type DroppedParam = { name: string; reason: string }
export type TurnStatus = 'running' | 'complete' | 'stopped' | 'interrupted'

/** One model's answer to a turn. */
export type ModelResult = {
  session_model_id: number
  model_name: string
  response_id: number
  turn_id: number
  prompt_text: string
  response_text: string
  reasoning_text: string
  created_at: string
  token_usage: TokenUsage | null
  latency_ms: number | null
  first_token_ms: number | null
  /** US dollars; null when the model has no price. */
  cost: number | null
  is_primary: boolean
  generation_params: Record<string, unknown>
  dropped_params: DroppedParam[]
  status: 'running' | 'complete' | 'stopped' | 'failed' | 'interrupted'
  finish_reason: 'stop' | 'length' | 'tool-calls' | 'content-filter' | null
  error: ResponseError | null
}

/** One prompt asked of one or more models; the results are in the order asked. */
export type TurnResult = {
  session_id: number
  session_title: string | null
  turn_id: number
  status: TurnStatus
  prompt_text: string
  created_at: string
  results: ModelResult[]
}

export type SessionSummary = {
  session_id: number
  class_id: number
  title: string
  preview: string
  model_names: string[]
  turn_count: number
  created_at: string
  updated_at: string
  last_activity_at: string
}

export type SessionModel = {
  session_model_id: number
  model_name: string
  is_primary: boolean
  generation_params: Record<string, unknown>
}

export type SessionTurn = { turn_id: number; prompt_text: string; status: TurnStatus; created_at: string }

export type Session = SessionSummary & { models: SessionModel[]; turns: SessionTurn[]; responses: ModelResult[] }

export type ApiKey = {
  api_key_id: number
  name: string
  hint: string
  created_at: string
  expires_at: string | null
  revoked_at: string | null
}

/** The only reply in which a key is ever shown. */
export type NewApiKey = ApiKey & { key: string }
