/** One model that can be asked, whoever provides it. Every vendor is an adapter behind this port. */
export interface LanguageModel {
  /** The catalog's logical name. */
  readonly name: string
  /**
   * Asks the model and yields what it says as it says it: deltas, then at most one `usage`, then exactly one `end`.
   *
   * Aborting the signal cancels the provider's request; the iteration then throws the signal's reason.
   *
   * @throws {ModelError} for every failure of the provider, before or during the stream.
   */
  stream(request: ModelRequest, signal: AbortSignal): AsyncIterable<ModelEvent>
}

export type ModelRequest = {
  messages: readonly ChatMessage[]
  parameters: GenerationParameters
  tools?: readonly ToolDefinition[]
  /** False: at most one call in an answer. */
  parallelToolCalls?: false
  toolChoice?: 'auto' | 'none' | 'required' | { name: string }
  /** `strict` asks providers that know it to keep exactly to the schema. */
  responseFormat?: { type: 'json'; schema?: JsonObject; name?: string; description?: string; strict?: boolean }
}

export type ChatMessage =
  | { role: 'system'; content: string }
  | { role: 'user'; content: string | ContentPart[] }
  | { role: 'assistant'; content: string; toolCalls?: ToolCall[] }
  | { role: 'tool'; toolCallId: string; content: string }

export type ContentPart = { type: 'text'; text: string } | { type: 'image'; url: string }

export type ToolDefinition = { name: string; description?: string; parameters: JsonObject; strict?: boolean }
export type ToolCall = { id: string; name: string; argumentsJson: string }

/** What the caller would like; a parameter that a model cannot take is dropped before the call and reported. */
export type GenerationParameters = {
  temperature?: number
  topP?: number
  topK?: number
  /** Tokens; includes reasoning where the provider counts it so. */
  maxOutputTokens?: number
  frequencyPenalty?: number
  presencePenalty?: number
  repetitionPenalty?: number
  stop?: string[]
  seed?: number
  /** How long a model that can think shall do so before it answers. */
  reasoningEffort?: 'none' | 'minimal' | 'low' | 'medium' | 'high'
}

export type ModelEvent =
  | { type: 'text-delta'; text: string }
  | { type: 'reasoning-delta'; text: string }
  /** A piece of a tool call's arguments, in order for each `index`; `id` and `name` come with the first piece. */
  | { type: 'tool-call-delta'; index: number; id?: string; name?: string; argumentsJson: string }
  | { type: 'usage'; usage: ModelUsage }
  | { type: 'end'; finishReason: FinishReason }

/** Tokens, as the provider counted them. */
export type ModelUsage = {
  inputTokens: number
  outputTokens: number
  reasoningTokens?: number
  cachedInputTokens?: number
}

export type FinishReason = 'stop' | 'length' | 'tool-calls' | 'content-filter'

export type JsonObject = { [key: string]: unknown }
