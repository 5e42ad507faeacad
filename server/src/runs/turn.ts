import type { FinishReason, JsonObject, ModelEvent } from '../models/language-model.ts'

/** One prompt asked of one or more lanes. */
export type Turn = {
  sessionId: number
  turnId: number
  /** The turn before it; null for the first. Turns with the same one are siblings. */
  parentTurnId: number | null
  sessionTitle: string
  promptText: string
  /** The examples as they were when the turn was asked. */
  fewShots: FewShot[]
  status: TurnStatus
  createdAt: string
}

export type FewShot = { example_id: number; input_text: string; output_text: string }

export type TurnStatus = 'running' | 'complete' | 'stopped' | 'interrupted'

/** One lane's answer to a turn, finished or under way. */
export type Response = {
  responseId: number
  turnId: number
  laneId: number
  modelName: string
  isPrimary: boolean
  /** From 1: a lane that is asked again answers the same turn once more. */
  attempt: number
  /** Of the settings that produced it. */
  revision: number
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
  /** What of the conversation did not fit the model's window; null when everything did. */
  trim: Trim | null
  /** Where its call is in the trace; null for an answer that came from a file. */
  callRef: string | null
  /** In the order asked; empty for lanes without skills. */
  skillCalls: LaneSkillCall[]
  createdAt: string
}

/** A call of a skill's operation for a lane, as it is told and stored: no field holds a secret. */
export type LaneSkillCall = {
  /** Unique in its session. */
  callId: string
  /** From 1; calls of one step run at the same time. */
  step: number
  /** For people. */
  skillName: string
  operationId: string
  summary: string
  method: string
  host: string
  arguments: JsonObject
  status: 'waiting' | 'running' | 'complete' | 'failed' | 'refused' | 'stopped'
  /** When the wait for a person ends by itself; null when nobody is waited for. */
  waitsUntil: string | null
  /** What is allowed when it is allowed for longer. */
  operationKey: string
  /** When it was sent; null when it was not made, or not yet. */
  startedAt: string | null
  url: string
  requestBody: string
  /** Its beginning, where it is long. */
  responseBody: string
  httpStatus: number | null
  latencyMs: number | null
  /** Why it failed or was not made; empty otherwise. */
  message: string
}

/** What a lane's source tells: a model's words, and where it calls skills, those calls. */
export type LaneEvent =
  | ModelEvent
  | { type: 'skill-plan'; step: number; skills: string[] }
  | { type: 'skill-call' | 'skill-result'; call: LaneSkillCall }

/** What was sent and what was left out, in tokens unless the name says otherwise. */
export type Trim = {
  context: number
  reserved: number
  used: number
  turns_left_out: number
  messages_left_out: number
  /** What was sent in place of turns that were left out, where a session wants that. */
  summary?: TurnSummary
}

/** A summary of the first turns of a lane's history, and how it came about. */
export type TurnSummary = {
  model: string
  /** How many turns it stands for. */
  turns: number
  /** Empty while it is being written, and when there is none. */
  text: string
  /** Of the texts that it stands for. */
  digest: string
  /** Whether it was written for this answer; otherwise an earlier one was still enough, and cost nothing. */
  isNew: boolean
  promptTokens: number
  completionTokens: number
  /** US dollars; null when the model has no price. */
  cost: number | null
  latencyMs: number | null
  /** Why none could be written. */
  error: { code: string; message: string } | null
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
type DroppedParameter = { name: string; reason: string }

/** Something that happened in a run. Deltas carry the offset at which their text belongs, in UTF-16 code units. */
export type RunEvent =
  | { type: 'turn-start'; turn: Turn; responses: Response[] }
  | { type: 'response-start'; turn: Turn; response: Response }
  | TextEvent
  | SkillEvent
  | { type: 'response-end'; turn: Turn; response: Response }
  | { type: 'response-error'; turn: Turn; response: Response }
  | { type: 'turn-end'; turn: Turn; responses: Response[] }

export type TextEvent = { type: 'text-delta' | 'reasoning-delta'; responseId: number; offset: number; text: string }

/** A call waits or begins (`skill-call`, perhaps twice), and has ended or was refused (`skill-result`). */
export type SkillEvent =
  | { type: 'skill-plan'; responseId: number; step: number; skills: string[] }
  | { type: 'skill-call' | 'skill-result'; responseId: number; call: LaneSkillCall }

/** An event and its number in the run: from 1, increasing, not always by 1. */
export type NumberedEvent = { seq: number; event: RunEvent }
