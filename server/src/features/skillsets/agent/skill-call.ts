import type { FinishReason, JsonObject, ModelUsage, ToolDefinition } from '../../../models/language-model.ts'
import type { OperationResult } from '../call/operation-result.ts'
import type { Operation, SkillsetVersion } from '../skill.ts'

export type RunnableSkill = SkillsetVersion['skills'][number]

/** An operation as a model is offered it. */
export type SkillTool = {
  definition: ToolDefinition
  skillset: Pick<SkillsetVersion, 'skillsetId' | 'version'>
  skill: RunnableSkill
  operation: Operation
}

/** One call of an operation, from the moment that the model has asked for it. */
export type SkillCall = {
  /** Unique in its run, e.g. `2.1`: the first of the second step. */
  callId: string
  /** From 1. Calls of one step run at the same time. */
  step: number
  tool: SkillTool
  arguments: JsonObject
  /** When it was sent; undefined before, and when it was not made. */
  startedAt?: Date
  state:
    | { name: 'waiting'; until: Date | null }
    | { name: 'running' }
    | { name: 'ended'; result: OperationResult }
    /** It was not made; the reason is told to the model. */
    | { name: 'refused'; reason: string }
}

/** What happens while a question is answered with skills. */
export type AgentEvent =
  /** The model has asked for calls. `skills` are names for models, each once; `usage` is that of the request. */
  | { type: 'plan'; step: number; skills: string[]; usage: ModelUsage }
  /** A call waits for a person, begins, or has ended; of each call these come in this order. */
  | { type: 'call'; call: SkillCall }
  /** All calls of a step have ended. */
  | { type: 'step-end'; step: number; calls: SkillCall[] }
  /** A piece of what the model says; what it says before it calls something belongs to an earlier step than the answer. */
  | { type: 'text-delta' | 'reasoning-delta'; step: number; text: string }
  | ({ type: 'final' } & AgentAnswer)

export type AgentAnswer = {
  /** Empty only when nothing could be said. */
  answer: string
  /** Whether it was put together from what APIs returned because the model said nothing; no text was told then. */
  isComposed: boolean
  /** Every call that was made or refused, in the order asked. */
  calls: SkillCall[]
  /** Whether saved demonstrations steered the planning. */
  hadDemonstrations: boolean
  finishReason: FinishReason
  /** Of the request that gave the answer. */
  usage: ModelUsage
  /** Of all requests. */
  totalUsage: ModelUsage
}

export const NO_USAGE: ModelUsage = Object.freeze({ inputTokens: 0, outputTokens: 0 })

export function addUsage(one: ModelUsage, other: ModelUsage): ModelUsage {
  const sum: ModelUsage = {
    inputTokens: one.inputTokens + other.inputTokens,
    outputTokens: one.outputTokens + other.outputTokens,
  }
  if (one.reasoningTokens !== undefined || other.reasoningTokens !== undefined)
    sum.reasoningTokens = (one.reasoningTokens ?? 0) + (other.reasoningTokens ?? 0)
  if (one.cachedInputTokens !== undefined || other.cachedInputTokens !== undefined)
    sum.cachedInputTokens = (one.cachedInputTokens ?? 0) + (other.cachedInputTokens ?? 0)
  return sum
}
