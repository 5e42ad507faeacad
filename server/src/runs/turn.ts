import type { FinishReason } from '../models/language-model.ts'

/** One prompt asked of one or more lanes. */
export type Turn = {
  sessionId: number
  turnId: number
  sessionTitle: string
  promptText: string
  status: TurnStatus
  createdAt: string
}

export type TurnStatus = 'running' | 'complete' | 'stopped' | 'interrupted'

/** One lane's answer to a turn, finished or under way. */
export type Response = {
  responseId: number
  turnId: number
  laneId: number
  modelName: string
  isPrimary: boolean
  status: ResponseStatus
  text: string
  reasoningText: string
  finishReason: FinishReason | null
  error: ResponseError | null
  usage: TokenUsage | null
  /** US dollars; null when the model has no price. */
  cost: number | null
  /** From the moment the model was asked. */
  latencyMs: number | null
  firstTokenMs: number | null
  /** What was sent to the model, under its wire names. */
  generationParams: GenerationParams
  droppedParams: DroppedParameter[]
  createdAt: string
}

export type ResponseStatus = 'running' | 'complete' | 'stopped' | 'failed' | 'interrupted'

export type ResponseError = { code: string; message: string; providerMessage: string | null }

/** In tokens; `source` says whether the provider counted them or we estimated. */
export type TokenUsage = {
  provider: string
  model: string
  promptTokens: number
  completionTokens: number
  reasoningTokens?: number
  cachedTokens?: number
  source: 'provider' | 'estimate'
}

/** Generation parameters under the Practice API's names, as stored in JSON columns. */
export type GenerationParams = { [name: string]: unknown }

/** A parameter that was asked for and not sent, or sent differently, and why. */
export type DroppedParameter = { name: string; reason: string }

/** Something that happened in a run. Deltas carry the offset at which their text belongs, in UTF-16 code units. */
export type RunEvent =
  | { type: 'turn-start'; turn: Turn; responses: Response[] }
  | {
      type: 'response-start'
      responseId: number
      generationParams: GenerationParams
      droppedParams: DroppedParameter[]
    }
  | TextEvent
  | { type: 'response-end'; turn: Turn; response: Response }
  | { type: 'response-error'; turn: Turn; response: Response }
  | { type: 'turn-end'; turn: Turn; responses: Response[] }

export type TextEvent = { type: 'text-delta' | 'reasoning-delta'; responseId: number; offset: number; text: string }

/** An event and its number in the run: from 1, increasing, not always by 1. */
export type NumberedEvent = { seq: number; event: RunEvent }
