import { performance } from 'node:perf_hooks'
import { AppError } from '../errors.ts'
import type { FinishReason, ModelRequest, ModelUsage } from '../models/language-model.ts'
import { ModelError } from '../models/model-error.ts'
import { TextTrack } from './text-track.ts'
import type { LaneEvent, LaneSkillCall, Response, ResponseError, SkillEvent, TokenUsage } from './turn.ts'

/** What one lane is asked, and of which model. */
export type LaneTask = {
  response: Response
  /** A model, or what answers with its help. The last `usage` that it tells counts. */
  model: { stream(request: ModelRequest, signal: AbortSignal): AsyncIterable<LaneEvent> }
  provider: string
  /** What the model is asked; without `prepare`, at once. */
  request: ModelRequest
  /** What this lane alone waits for before its model is asked; it may change the request and the response. */
  prepare?: (signal: AbortSignal) => Promise<Pick<LaneTask, 'request' | 'onUsage'>>
  /** US dollars for a usage, or null when the model has no price. */
  costOf: (usage: ModelUsage) => number | null
  /** Counts or estimates, for when the provider does not say. */
  countTokens: (text: string) => number
  /** Told how many input tokens the provider counted. */
  onUsage?: (inputTokens: number) => void
}

/** An answer longer than this is a fault of the provider, whatever it was asked. Characters. */
const MAX_ANSWER_LENGTH = 4_000_000

/**
 * One lane being answered: collects the text as it comes and says when there is more of it.
 *
 * It knows nothing of the other lanes, of storage or of readers.
 */
export class LaneRun {
  readonly response: Response
  readonly text = new TextTrack()
  readonly reasoning = new TextTrack()
  /** What went wrong when it was not the provider's fault but a bug of ours, for the log. */
  bug: unknown
  #task: LaneTask
  readonly #stopping = new AbortController()
  #startedAt = 0
  #isAsked = false

  constructor(task: LaneTask) {
    this.#task = task
    this.response = task.response
  }

  /** Ends the lane with what it has; `interrupted` when it is the server that stops, not a person. */
  stop(as: 'stopped' | 'interrupted'): void {
    if (!this.#stopping.signal.aborted) this.#stopping.abort(as)
  }

  /** The response with the text that has been announced, while it is still under way. */
  soFar(): Response {
    if (this.response.status !== 'running') return this.response
    const { skillCalls } = this.response
    return { ...this.response, text: this.text.text, reasoningText: this.reasoning.text, skillCalls: [...skillCalls] }
  }

  /**
   * Asks the model and fills in the response until it has ended, in whichever way. Never throws.
   *
   * @param onText called when there is more text to announce, and once with `last` when there will be no more.
   * @param onSkill called for what happens between pieces of text.
   */
  async run(onText: (which?: 'last') => void, onSkill: (event: SkillEvent) => void): Promise<void> {
    const { signal } = this.#stopping
    const { response } = this
    this.#startedAt = performance.now()
    let usage: ModelUsage | undefined
    try {
      if (this.#task.prepare) {
        this.#task = { ...this.#task, ...(await this.#task.prepare(signal)) }
        this.#startedAt = performance.now()
      }
      this.#isAsked = true
      let finishReason: FinishReason | undefined
      for await (const event of this.#task.model.stream(this.#task.request, signal)) {
        if (signal.aborted) break
        switch (event.type) {
          case 'text-delta':
            response.firstTokenMs ??= this.#elapsedMs()
            this.text.add(storable(event.text))
            onText()
            break
          case 'reasoning-delta':
            response.firstTokenMs ??= this.#elapsedMs()
            this.reasoning.add(storable(event.text))
            onText()
            break
          case 'skill-plan':
            onSkill({ ...event, responseId: response.responseId })
            break
          case 'skill-call':
          case 'skill-result':
            response.skillCalls = withCall(response.skillCalls, event.call)
            onSkill({ ...event, responseId: response.responseId })
            break
          case 'usage':
            usage = event.usage
            break
          case 'end':
            finishReason = event.finishReason
            break
        }
        if (this.text.length + this.reasoning.length > MAX_ANSWER_LENGTH)
          throw new ModelError('protocol_error', 'The model did not stop: its answer grew past every limit.')
      }
      if (signal.aborted) this.#endStopped()
      else if (finishReason) this.#endComplete(finishReason)
      else throw new ModelError('protocol_error', 'The model ended without saying that it had finished.')
    } catch (error) {
      if (signal.aborted) this.#endStopped()
      else this.#endFailed(error)
      // A model must not go on costing money in the background because we have stopped listening to it.
      if (response.status !== 'complete') this.stop('stopped')
    }
    response.skillCalls = endedCalls(response.skillCalls)
    response.latencyMs = this.#elapsedMs()
    onText('last')
    response.text = this.text.text
    response.reasoningText = this.reasoning.text
    this.#settle(usage)
  }

  #endComplete(finishReason: FinishReason): void {
    this.response.status = 'complete'
    this.response.finishReason = finishReason
  }

  #endStopped(): void {
    if (this.#stopping.signal.reason === 'interrupted') {
      this.response.status = 'interrupted'
      this.response.error = INTERRUPTED
    } else {
      this.response.status = 'stopped'
    }
  }

  #endFailed(error: unknown): void {
    if (!(error instanceof AppError)) this.bug = error
    this.response.status = 'failed'
    this.response.error = describe(error)
  }

  /** The provider's count wins; without one, what was sent and received is estimated. */
  #settle(usage: ModelUsage | undefined): void {
    const { response } = this
    if (!this.#isAsked) return
    if (!usage && response.status === 'failed' && this.text.length + this.reasoning.length === 0) return
    const counted: ModelUsage = usage ?? {
      inputTokens: this.#task.request.messages.reduce(
        (sum, message) => sum + this.#task.countTokens(textOf(message.content)),
        0,
      ),
      outputTokens: this.#task.countTokens(this.text.text) + this.#task.countTokens(this.reasoning.text),
    }
    const tokens: TokenUsage = {
      provider: this.#task.provider,
      model: response.modelName,
      promptTokens: counted.inputTokens,
      completionTokens: counted.outputTokens,
      source: usage ? 'provider' : 'estimate',
    }
    if (counted.reasoningTokens !== undefined) tokens.reasoningTokens = counted.reasoningTokens
    if (counted.cachedInputTokens !== undefined) tokens.cachedTokens = counted.cachedInputTokens
    response.usage = tokens
    if (usage) this.#task.onUsage?.(usage.inputTokens)
    response.cost = this.#task.costOf(counted)
  }

  #elapsedMs(): number {
    return Math.round((performance.now() - this.#startedAt) * 10) / 10
  }
}

export const INTERRUPTED: ResponseError = {
  code: 'interrupted',
  message: 'The server stopped while this answer was being written. What had come is kept.',
  providerMessage: null,
}

function describe(error: unknown): ResponseError {
  if (error instanceof ModelError)
    return { code: error.code, message: error.message, providerMessage: error.providerMessage ?? null }
  if (error instanceof AppError) return { code: error.code, message: error.message, providerMessage: null }
  return {
    code: 'internal',
    message: 'Something went wrong on the server while asking this model.',
    providerMessage: null,
  }
}

/** The calls with one that is new or has gone on. */
export function withCall(calls: readonly LaneSkillCall[], call: LaneSkillCall): LaneSkillCall[] {
  const at = calls.findIndex(({ callId }) => callId === call.callId)
  return at < 0 ? [...calls, call] : calls.with(at, call)
}

/** The calls of a lane that has ended: none is waited for any more. */
export function endedCalls(calls: readonly LaneSkillCall[]): LaneSkillCall[] {
  return calls.map((call) =>
    call.status === 'waiting' || call.status === 'running' ? { ...call, status: 'stopped', waitsUntil: null } : call,
  )
}

/** PostgreSQL cannot hold NUL in text, and no reader wants one. */
function storable(text: string): string {
  return text.includes('\0') ? text.replaceAll('\0', '\uFFFD') : text
}

function textOf(content: ModelRequest['messages'][number]['content']): string {
  if (typeof content === 'string') return content
  return content.map((part) => (part.type === 'text' ? part.text : '')).join('')
}
