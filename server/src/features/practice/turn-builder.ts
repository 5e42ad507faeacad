import type { IdAllocator } from '../../db/ids.ts'
import { AppError, NotFoundError } from '../../errors.ts'
import type { ChatMessage, LanguageModel } from '../../models/language-model.ts'
import type { LaneTask } from '../../runs/lane-run.ts'
import type { GenerationParams, Response, Turn } from '../../runs/turn.ts'
import type { CatalogModel, ModelCatalog } from '../catalog/catalog.ts'
import { ESTIMATE } from '../window/estimate.ts'
import type { WindowService } from '../window/window.ts'
import { checkModel } from './allowed-model.ts'
import { toGenerationParameters, toWireParams } from './generation-params.ts'
import { fewShotsOf, settingsOf, type TurnSettings } from './lane-settings.ts'
import type { LaneSkills } from './lane-skills.ts'
import { type FittedLane, type LaneMaterial, LaneWindow } from './lane-window.ts'
import { resolveParams, valuesOf } from './resolve-settings.ts'
import type { Lane, PracticeSession } from './session.ts'
import type { SummaryWriter } from './summary-writer.ts'
import { systemPrompt } from './system-prompt.ts'

/** What practice needs of the catalog. */
export type AskableModels = Pick<ModelCatalog, 'list' | 'find' | 'languageModel' | 'acceptParameters' | 'costOf'>

/** What a turn is asked with. */
export type TurnPlan = TurnSettings & {
  session: PracticeSession
  /** Whose trace it is written into: the slug of the session's class. */
  entity: string
  promptText: string
  parentTurnId: number | null
  /** Of this turn only. */
  requestParams: GenerationParams
  /** What each lane remembers. */
  historyOf: (laneId: number) => readonly ChatMessage[]
  /** Of the class; null allows every model of the catalog. */
  allowedModels: readonly string[] | null
  now: string
}

/** Turns settings, histories and a prompt into what each model is asked. */
export class TurnBuilder {
  readonly #catalog: AskableModels
  readonly #window: WindowService
  readonly #windows: LaneWindow
  readonly #skills: LaneSkills
  readonly #ids: IdAllocator
  readonly #answerRef: (entity: string, responseId: number) => string

  /** @param deps.answerRef the address that an answer's call will have. */
  constructor(deps: {
    catalog: AskableModels
    window: WindowService
    summaries: SummaryWriter
    skills: LaneSkills
    ids: IdAllocator
    answerRef: (entity: string, responseId: number) => string
  }) {
    this.#catalog = deps.catalog
    this.#window = deps.window
    this.#windows = new LaneWindow(deps)
    this.#skills = deps.skills
    this.#ids = deps.ids
    this.#answerRef = deps.answerRef
  }

  /**
   * A lane whose model has left the catalog, or may not be asked in the class any more, fails alone.
   *
   * @throws {InvalidRequestError} `unknown_model`, `model_not_allowed_for_class` when that is so of every lane.
   */
  async newTurn(plan: TurnPlan, lanes: readonly Lane[]): Promise<{ turn: Turn; tasks: LaneTask[] }> {
    const models = lanes.map((lane) => this.#modelOf(plan, lane))
    const [first] = models
    if (first instanceof AppError && models.every((model) => model instanceof AppError)) throw first
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

  /**
   * One lane of a turn that exists, asked once more.
   *
   * @throws {InvalidRequestError} `unknown_model`, `model_not_allowed_for_class`.
   */
  async nextAttempt(plan: TurnPlan, lane: Lane, turnId: number, attempt: number): Promise<LaneTask> {
    checkModel(this.#catalog, plan.allowedModels, lane.modelName)
    return this.#task(plan, lane, { turnId, responseId: await this.#ids.take('response'), attempt })
  }

  /** What would be sent to each lane, and whether it fits; nothing is stored and nobody is asked. */
  async preview(plan: TurnPlan, lanes: readonly Lane[]) {
    const previews = await Promise.all(
      lanes.map(async (lane) => {
        const model = this.#modelOf(plan, lane)
        if (model instanceof AppError) return []
        const { answerTokens } = this.#parameters(plan, lane, model)
        const preview = await this.#windows.preview(this.#materialOf(plan, lane, model, answerTokens))
        return [{ lane, model, answerTokens, ...preview }]
      }),
    )
    return previews.flat()
  }

  async #task(
    plan: TurnPlan,
    lane: Lane,
    ids: { turnId: number; responseId: number; attempt: number },
  ): Promise<LaneTask> {
    const model = this.#modelOf(plan, lane)
    const { accepted, dropped, answerTokens } =
      model instanceof AppError ? NOTHING_SENT : this.#parameters(plan, lane, model)
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
      callRef: this.#answerRef(plan.entity, ids.responseId),
      skillCalls: [],
      createdAt: plan.now,
    }
    if (model instanceof AppError) return refusedTask(response, model)
    const task = {
      response,
      provider: model.provider,
      costOf: this.#costOf(model, response),
      countTokens: ESTIMATE.count,
    }
    const snapshot = settingsOf(plan, lane).agentSnapshot
    const skilled = snapshot?.skillsets?.length
      ? this.#skills.sourceFor({ session: plan.session, responseId: ids.responseId, snapshot, model, answerTokens })
      : undefined
    const asked = ({ messages, report }: FittedLane) => ({
      request: { messages, parameters: accepted },
      // Skills ask the model several times, and learn from each.
      ...(!skilled && { onUsage: (inputTokens: number) => this.#window.calibrate(model.name, report, inputTokens) }),
    })
    try {
      const fitted = await this.#windows.fit(this.#materialOf(plan, lane, model, answerTokens))
      response.trim = fitted.trim
      const ready = { model: skilled ?? this.#catalog.languageModel(model.name), ...asked(fitted), ...task }
      const { summarise } = fitted
      if (!summarise) return ready
      const prepare = async (signal: AbortSignal) => {
        const summarised = await summarise(signal)
        response.trim = summarised.trim
        response.cost = costOfSummary(response)
        return asked(summarised)
      }
      return { prepare, ...ready }
    } catch (error) {
      // What does not fit is this lane's own failure: the others go on.
      if (!(error instanceof AppError) || error.code !== 'context_too_long') throw error
      return refusedTask(response, error)
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

  /** Of the answer, and of the summary that was written for it. */
  #costOf(model: CatalogModel, response: Response): LaneTask['costOf'] {
    return (usage) => {
      const cost = this.#catalog.costOf(model, usage)
      const summaryCost = costOfSummary(response)
      return cost === null || summaryCost === null ? (cost ?? summaryCost) : cost + summaryCost
    }
  }

  /** The model of a lane, or why it may not be asked. */
  #modelOf({ allowedModels }: TurnPlan, { modelName }: Lane): CatalogModel | AppError {
    try {
      checkModel(this.#catalog, allowedModels, modelName)
    } catch (error) {
      if (error instanceof AppError) return error
      throw error
    }
    return this.#catalog.find(modelName) ?? new NotFoundError('model', modelName)
  }

  #materialOf(plan: TurnPlan, lane: Lane, model: CatalogModel, answerTokens: number): LaneMaterial {
    const settings = settingsOf(plan, lane)
    return {
      sessionId: plan.session.sessionId,
      laneId: lane.laneId,
      model,
      answerTokens,
      system: systemPrompt(settings),
      examples: [...(settings.agentSnapshot?.examples ?? []), ...fewShotsOf(plan, lane)],
      history: plan.historyOf(lane.laneId),
      prompt: plan.promptText,
      summaryModel: settings.summaryModel,
      checkSummaryModel: (name) => checkModel(this.#catalog, plan.allowedModels, name),
    }
  }
}

const NOTHING_SENT = { accepted: {}, dropped: [], answerTokens: 0 }

function costOfSummary({ trim }: Response): number | null {
  return trim?.summary?.isNew ? trim.summary.cost : null
}

/** A lane that fails without anybody being asked. */
function refusedTask(response: Response, error: AppError): LaneTask {
  const model: LanguageModel = {
    name: response.modelName,
    // biome-ignore lint/correctness/useYield: it ends before there is anything to say
    stream: async function* () {
      throw error
    },
  }
  const request = { messages: [], parameters: {} }
  return { response, model, provider: '', request, costOf: () => null, countTokens: ESTIMATE.count }
}
