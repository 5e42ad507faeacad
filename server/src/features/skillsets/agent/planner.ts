import type {
  ChatMessage,
  FinishReason,
  JsonObject,
  ModelEvent,
  ModelRequest,
  ModelUsage,
} from '../../../models/language-model.ts'
import type { CatalogModel } from '../../catalog/catalog.ts'
import type { Demonstration } from '../skill.ts'
import type { Fence } from './fence.ts'
import type { AgentEvent, SkillCall, SkillTool } from './skill-call.ts'

/** A model as the agent asks it. */
export type AgentModel = {
  model: Pick<CatalogModel, 'name' | 'contextTokens' | 'maxOutputTokens' | 'capabilities' | 'isOffline'>
  /** Tokens kept free for each answer. */
  answerTokens: number
  /** Asks for one more thing; older turns that do not fit leave, and what is asked is recorded where it belongs. */
  ask(request: AgentRequest, signal: AbortSignal): Promise<AsyncIterable<ModelEvent>>
}

export type AgentRequest = Omit<ModelRequest, 'parameters'>

/** What is known when the next step is planned. */
export type PlanState = {
  /** What was said before, the question last. */
  conversation: readonly ChatMessage[]
  question: string
  /** Added to what the model is told, by those who made the skillsets. */
  instructions: readonly string[]
  answerFormats: readonly string[]
  tools: readonly SkillTool[]
  demonstrations: readonly Demonstration[]
  fence: Fence
  steps: readonly PlanStep[]
}

/** A step that was planned, and what came of it. */
export type PlanStep = { text: string; calls: readonly AnsweredCall[] }

/** A call as the model asked for it: perhaps of something that does not exist. */
export type WantedCall = { id: string; name: string; argumentsJson: string }

export type AnsweredCall = WantedCall & { outcome: SkillCall['state'] | { name: 'refused'; reason: string } }

/** What the model wants next: calls, or when there are none, what it has said is the answer. */
export type PlannedStep = {
  calls: WantedCall[]
  text: string
  finishReason: FinishReason
  usage: ModelUsage
}

/** One way of finding out what to do next. */
export interface Planner {
  /**
   * Plans the next step; text that may be the answer is yielded as it comes.
   *
   * @param options.mayCall when false, the answer must be given now.
   */
  plan(
    state: PlanState,
    options: { step: number; mayCall: boolean },
    signal: AbortSignal,
  ): AsyncGenerator<PlanEvent, PlannedStep>
}

export type PlanEvent = Extract<AgentEvent, { type: 'text-delta' | 'reasoning-delta' }>

/** Reads arguments that a model wrote; undefined when they are not an object. */
export function parseArguments(json: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(json.trim() || '{}')
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined
  } catch {
    return undefined
  }
}
