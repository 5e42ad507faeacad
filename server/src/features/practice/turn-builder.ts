import type { IdAllocator } from '../../db/ids.ts'
import { AppError, InvalidRequestError } from '../../errors.ts'
import type { ChatMessage, LanguageModel } from '../../models/language-model.ts'
import type { LaneTask } from '../../runs/lane-run.ts'
import type { GenerationParams, Response, Trim, Turn } from '../../runs/turn.ts'
import type { CatalogModel, ModelCatalog } from '../catalog/catalog.ts'
import { ESTIMATE } from '../window/estimate.ts'
import type { WindowService } from '../window/window.ts'
import { toGenerationParameters, toWireParams } from './generation-params.ts'
import { fewShotsOf, settingsOf, type TurnSettings } from './lane-settings.ts'
import { resolveParams, valuesOf } from './resolve-settings.ts'
import type { Lane, PracticeSession } from './session.ts'
import { systemPrompt } from './system-prompt.ts'

/** What practice needs of the catalog. */
export type AskableModels = Pick<ModelCatalog, 'list' | 'find' | 'languageModel' | 'acceptParameters' | 'costOf'>

/** What a turn is asked with. */
export type TurnPlan = TurnSettings & {
  session: PracticeSession
  promptText: string
  parentTurnId: number | null
  /** Of this turn only. */
  requestParams: GenerationParams
  /** What each lane remembers. */
  historyOf: (laneId: number) => readonly ChatMessage[]
  now: string
}

/** Turns settings, histories and a prompt into what each model is asked. */
export class TurnBuilder {
  readonly #catalog: AskableModels
  readonly #window: WindowService
  readonly #ids: IdAllocator

  constructor(deps: { catalog: AskableModels; window: WindowService; ids: IdAllocator }) {
    this.#catalog = deps.catalog
    this.#window = deps.window
    this.#ids = deps.ids
  }

  /** @throws {InvalidRequestError} `unknown_model` when a lane's model has left the catalog. */
  async newTurn(plan: TurnPlan, lanes: readonly Lane[]): Promise<{ turn: Turn; tasks: LaneTask[] }> {
    for (const lane of lanes) this.#getModel(lane.modelName)
    const turnId = await this.#ids.take('turn')
    const firstResponseId = await this.#ids.take('response', lanes.length)
    const turn: Turn = {
      sessionId: plan.session.sessionId,
      turnId,
      parentTurnId: plan.parentTurnId,
      sessionTitle: plan.session.title,
      promptText: plan.promptText,
      fewShots: plan.fewShots,
      status: 'running',
      createdAt: plan.now,
    }
    const tasks = await Promise.all(
      lanes.map((lane, index) => this.#task(plan, lane, { turnId, responseId: firstResponseId + index, attempt: 1 })),
    )
    return { turn, tasks }
  }

  /** One lane of a turn that exists, asked once more. */
  async nextAttempt(plan: TurnPlan, lane: Lane, turnId: number, attempt: number): Promise<LaneTask> {
    return this.#task(plan, lane, { turnId, responseId: await this.#ids.take('response'), attempt })
  }

  /** What would be sent to each lane, and whether it fits; nothing is stored and nobody is asked. */
  async preview(plan: TurnPlan, lanes: readonly Lane[]) {
    return Promise.all(
      lanes.map(async (lane) => {
        const model = this.#getModel(lane.modelName)
        const asked = this.#parameters(plan, lane, model)
        const messages = messagesOf(plan, lane)
        const fitted = await this.#fit(model, messages, asked.answerTokens).catch((error: unknown) => {
          if (error instanceof AppError && error.code === 'context_too_long') return undefined
          throw error
        })
        const { messages: counts, total } = await this.#window.count(
          messages.map(({ message }) => message),
          {
            tokenizer: model.tokenizer,
            model: model.name,
          },
        )
        const parts = { system: 0, few_shot: 0, history: 0, prompt: 0 }
        counts.forEach(({ tokens }, index) => {
          const part = messages[index]?.part
          if (part) parts[part] += tokens
        })
        return { lane, model, parts, total, answerTokens: asked.answerTokens, fitted }
      }),
    )
  }

  async #task(
    plan: TurnPlan,
    lane: Lane,
    ids: { turnId: number; responseId: number; attempt: number },
  ): Promise<LaneTask> {
    const model = this.#getModel(lane.modelName)
    const { accepted, dropped, answerTokens } = this.#parameters(plan, lane, model)
    const response: Response = {
      responseId: ids.responseId,
      turnId: ids.turnId,
      laneId: lane.laneId,
      modelName: lane.modelName,
      isPrimary: lane.isPrimary,
      attempt: ids.attempt,
      revision: settingsOf(plan, lane).revision,
      status: 'running',
      text: '',
      reasoningText: '',
      finishReason: null,
      error: null,
      usage: null,
      cost: null,
      latencyMs: null,
      firstTokenMs: null,
      generationParams: toWireParams(accepted),
      droppedParams: dropped,
      trim: null,
      createdAt: plan.now,
    }
    const task = { response, provider: model.provider, costOf: this.#costOf(model), countTokens: ESTIMATE.count }
    try {
      const { messages, report } = await this.#fit(model, messagesOf(plan, lane), answerTokens)
      if (report.turnsLeftOut > 0) response.trim = toTrim(report)
      const calibrate = (inputTokens: number) => this.#window.calibrate(model.name, report, inputTokens)
      const request = { messages, parameters: accepted }
      return { ...task, model: this.#catalog.languageModel(model.name), request, onUsage: calibrate }
    } catch (error) {
      // What does not fit is this lane's own failure: the others go on.
      if (!(error instanceof AppError) || error.code !== 'context_too_long') throw error
      return { ...task, model: refusing(model.name, error), request: { messages: [], parameters: accepted } }
    }
  }

  #parameters(plan: TurnPlan, lane: Lane, model: CatalogModel) {
    const resolved = resolveParams(settingsOf(plan, lane), { request: plan.requestParams, lane: lane.generationParams })
    const { accepted, dropped } = this.#catalog.acceptParameters(model, toGenerationParameters(valuesOf(resolved)))
    // Nobody has said how long the answer may be: half the window is kept for the conversation.
    const answerTokens =
      accepted.maxOutputTokens ?? Math.min(model.maxOutputTokens, Math.floor(model.contextTokens / 2))
    return { accepted, dropped, answerTokens }
  }

  #fit(model: CatalogModel, messages: readonly PlannedMessage[], answerTokens: number) {
    return this.#window.fit(
      messages.map(({ message }) => message),
      {
        contextTokens: model.contextTokens,
        answerTokens,
        tokenizer: model.tokenizer,
        model: model.name,
      },
    )
  }

  #costOf(model: CatalogModel): LaneTask['costOf'] {
    return (usage) => this.#catalog.costOf(model, usage)
  }

  #getModel(name: string): CatalogModel {
    const model = this.#catalog.find(name)
    if (!model)
      throw new InvalidRequestError('unknown_model', `There is no model named ${JSON.stringify(name)} any more.`)
    return model
  }
}

type PlannedMessage = { part: 'system' | 'few_shot' | 'history' | 'prompt'; message: ChatMessage }

/**
 * System prompt, examples of the agent and then of the session, the lane's history, the prompt.
 *
 * Examples are turns like any other to the window: being the oldest, they are the first to leave.
 */
function messagesOf(plan: TurnPlan, lane: Lane): PlannedMessage[] {
  const settings = settingsOf(plan, lane)
  const system = systemPrompt(settings)
  const examples = [...(settings.agentSnapshot?.examples ?? []), ...fewShotsOf(plan, lane)]
  return [
    ...(system ? [{ part: 'system' as const, message: { role: 'system' as const, content: system } }] : []),
    ...examples.flatMap(({ input_text, output_text }): PlannedMessage[] => [
      { part: 'few_shot', message: { role: 'user', content: input_text } },
      { part: 'few_shot', message: { role: 'assistant', content: output_text } },
    ]),
    ...plan.historyOf(lane.laneId).map((message): PlannedMessage => ({ part: 'history', message })),
    { part: 'prompt', message: { role: 'user', content: plan.promptText } },
  ]
}

function toTrim(report: Awaited<ReturnType<WindowService['fit']>>['report']): Trim {
  return {
    context: report.context,
    reserved: report.reserved,
    used: report.tokens.total,
    turns_left_out: report.turnsLeftOut,
    messages_left_out: report.messagesLeftOut,
  }
}

/** A model that is not asked at all. */
function refusing(name: string, error: AppError): LanguageModel {
  return {
    name,
    // biome-ignore lint/correctness/useYield: it ends before there is anything to say
    stream: async function* () {
      throw error
    },
  }
}
