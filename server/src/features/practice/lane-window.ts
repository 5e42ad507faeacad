import { AppError } from '../../errors.ts'
import type { ChatMessage } from '../../models/language-model.ts'
import type { FewShot, Trim, TurnSummary } from '../../runs/turn.ts'
import type { CatalogModel } from '../catalog/catalog.ts'
import type { FittedWindow, WindowReport, WindowService } from '../window/window.ts'
import type { Summary, SummaryWriter } from './summary-writer.ts'

/** All that may be sent to one lane. */
export type LaneMaterial = {
  sessionId: number
  laneId: number
  model: CatalogModel
  /** Kept free for the answer. */
  answerTokens: number
  system: string | undefined
  examples: readonly Pick<FewShot, 'input_text' | 'output_text'>[]
  /** Two messages for each turn. */
  history: readonly ChatMessage[]
  prompt: string
  /** The model that summarises turns that do not fit; null leaves them out. */
  summaryModel: string | null
  /** Asked before a summary is written. @throws {AppError} when the class may not use that model. */
  checkSummaryModel: (name: string) => void
}

type PlannedMessage = { part: 'system' | 'summary' | 'few_shot' | 'history' | 'prompt'; message: ChatMessage }

/** What is sent to a lane, and what is not. */
export type FittedLane = { messages: readonly ChatMessage[]; report: WindowReport; trim: Trim | null }

const MAX_SUMMARY_TOKENS = 512
/** Of the room for the conversation. */
const SUMMARY_PART = 1 / 8
/** How much of that room is made free at once, so that not every turn needs a summary of its own. */
const FREED_PART = 0.35

/** Fits lanes to the windows of their models; where a session wants it, what leaves is summarised. */
export class LaneWindow {
  readonly #window: WindowService
  readonly #summaries: SummaryWriter

  constructor(deps: { window: WindowService; summaries: SummaryWriter }) {
    this.#window = deps.window
    this.#summaries = deps.summaries
  }

  /**
   * Leaves out the oldest turns, or puts the summary in their place that an earlier answer was given.
   *
   * @returns with `summarise` when a new summary is wanted; it takes as long as a model takes to write one, and when
   * that fails it says so and leaves the turns out.
   * @throws {AppError} `context_too_long` when not even the prompt fits.
   */
  async fit(lane: LaneMaterial): Promise<FittedLane & { summarise?: (signal: AbortSignal) => Promise<FittedLane> }> {
    const summary = await this.#findSummary(lane)
    const { messages, report } = await this.#fit(lane, summary)
    const known = summary && given(summary)
    if (lane.summaryModel === null || historyLeftOut(lane, report) === 0)
      return { messages, report, trim: trimOf(report, known) }
    const trim = trimOf(report, { ...(known ?? nothing(lane.summaryModel)), isNew: true })
    return { messages, report, trim, summarise: (signal) => this.#summarise(lane, summary, signal) }
  }

  /** What would be sent, in its parts, and how many tokens each has; nobody is asked. */
  async preview(lane: LaneMaterial) {
    const summary = await this.#findSummary(lane)
    const fitted = await this.#fit(lane, summary).catch((error: unknown) => {
      if (error instanceof AppError && error.code === 'context_too_long') return undefined
      throw error
    })
    const planned = messagesOf(lane, summary)
    const { messages: counts, total } = await this.#window.count(
      planned.map(({ message }) => message),
      { tokenizer: lane.model.tokenizer, model: lane.model.name },
    )
    const parts = { system: 0, summary: 0, few_shot: 0, history: 0, prompt: 0 }
    counts.forEach(({ tokens }, index) => {
      const part = planned[index]?.part
      if (part) parts[part] += tokens
    })
    return { parts, total, fitted, summary }
  }

  async #findSummary({ summaryModel, sessionId, laneId, history }: LaneMaterial): Promise<Summary | undefined> {
    return summaryModel === null || history.length === 0
      ? undefined
      : this.#summaries.findFor(sessionId, laneId, history)
  }

  async #summarise(lane: LaneMaterial, earlier: Summary | undefined, signal: AbortSignal): Promise<FittedLane> {
    const modelName = lane.summaryModel ?? ''
    const startedAt = performance.now()
    try {
      lane.checkSummaryModel(modelName)
      const room = lane.model.contextTokens - lane.answerTokens
      const maxTokens = Math.max(1, Math.min(MAX_SUMMARY_TOKENS, Math.floor(room * SUMMARY_PART)))
      const roomy = await this.#fit(lane, earlier, Math.ceil(room * FREED_PART) + maxTokens)
      const turns = (earlier?.turns ?? 0) + historyLeftOut(lane, roomy.report)
      const { history } = lane
      const written = await this.#summaries.write({ modelName, earlier, history, turns, maxTokens }, signal)
      const { messages, report } = await this.#fit(lane, written)
      const latencyMs = Math.round(performance.now() - startedAt)
      return { messages, report, trim: trimOf(report, { ...given(written), ...written, latencyMs, isNew: true }) }
    } catch (error) {
      if (signal.aborted) throw error
      const { messages, report } = await this.#fit(lane, earlier)
      const latencyMs = Math.round(performance.now() - startedAt)
      const failed = { ...(earlier ? given(earlier) : nothing(modelName)), latencyMs, error: describe(error) }
      return { messages, report, trim: trimOf(report, failed) }
    }
  }

  #fit(lane: LaneMaterial, summary: Summary | undefined, marginTokens?: number): Promise<FittedWindow> {
    const { model, answerTokens } = lane
    return this.#window.fit(sendable(messagesOf(lane, summary)), {
      contextTokens: model.contextTokens,
      answerTokens,
      tokenizer: model.tokenizer,
      model: model.name,
      ...(marginTokens !== undefined && { marginTokens }),
    })
  }
}

/**
 * System prompt, the summary of what is gone, examples of the agent and then of the session, the lane's history, the
 * prompt.
 *
 * Examples are turns like any other to the window: being the oldest, they are the first to leave.
 */
function messagesOf(lane: LaneMaterial, summary: Summary | undefined): PlannedMessage[] {
  const { system, examples, history, prompt } = lane
  return [
    ...(system ? [{ part: 'system' as const, message: { role: 'system' as const, content: system } }] : []),
    ...(summary ? [{ part: 'summary' as const, message: { role: 'system' as const, content: inWords(summary) } }] : []),
    ...examples.flatMap(({ input_text, output_text }): PlannedMessage[] => [
      { part: 'few_shot', message: { role: 'user', content: input_text } },
      { part: 'few_shot', message: { role: 'assistant', content: output_text } },
    ]),
    ...history.slice(2 * (summary?.turns ?? 0)).map((message): PlannedMessage => ({ part: 'history', message })),
    { part: 'prompt', message: { role: 'user', content: prompt } },
  ]
}

/** Some models take only one system message. */
function sendable(planned: readonly PlannedMessage[]): ChatMessage[] {
  const system = planned.flatMap(({ message }) => (message.role === 'system' ? message.content : []))
  const others = planned.flatMap(({ message }) => (message.role === 'system' ? [] : message))
  return system.length > 0 ? [{ role: 'system', content: system.join('\n\n') }, ...others] : others
}

function inWords({ turns, text }: Summary): string {
  return `The first ${turns} turns of this conversation are not shown any more. A summary of them:\n${text}`
}

/** Turns of the history, beside the examples, which leave first. */
function historyLeftOut({ examples }: LaneMaterial, report: WindowReport): number {
  return Math.max(0, report.turnsLeftOut - examples.length)
}

/** A summary that an answer was given without writing it. */
function given({ model, turns, text, digest }: Summary): TurnSummary {
  return { ...nothing(model), turns, text, digest }
}

function nothing(model: string): TurnSummary {
  const figures = { promptTokens: 0, completionTokens: 0, cost: null, latencyMs: null }
  return { model, turns: 0, text: '', digest: '', isNew: false, ...figures, error: null }
}

function trimOf(report: WindowReport, summary: TurnSummary | undefined): Trim | null {
  if (report.turnsLeftOut === 0 && !summary) return null
  const turns = summary?.turns ?? 0
  return {
    context: report.context,
    reserved: report.reserved,
    used: report.tokens.total,
    turns_left_out: report.turnsLeftOut + turns,
    messages_left_out: report.messagesLeftOut + 2 * turns,
    ...(summary && { summary }),
  }
}

function describe(error: unknown): TurnSummary['error'] {
  if (error instanceof AppError) return { code: error.code, message: error.message }
  return { code: 'internal', message: 'Something went wrong on the server while the summary was being written.' }
}
