import type { ChatMessage } from '../../models/language-model.ts'
import { Calibration } from './calibration.ts'
import { type FixedTokens, imagesIn, MessageCounter, type RequestExtras } from './message-counter.ts'
import { Pacer } from './pacer.ts'
import { type Slide, type SlideReport, slidingSteps } from './slide.ts'
import type { Tokenizer } from './tokenizer.ts'
import type { TokenizerService } from './tokenizer-service.ts'

/** Estimates are right within a tenth; a model whose own counts have come back often enough needs less to spare. */
const MARGIN = 0.1
const CALIBRATED_MARGIN = 0.05
const CALIBRATED_AFTER_REPORTS = 8
/** Between tokenizers that are loaded before they are needed. */
const PRELOAD_PAUSE_MS = 500

export type CountOptions = RequestExtras & {
  /** What the catalog names for the model. */
  tokenizer: string
  /** The model's name in the catalog, to which the calibration of estimates belongs. */
  model: string
}

export type FitOptions = CountOptions & {
  /** The model's whole window. */
  contextTokens: number
  /** The part of it kept free for the answer. */
  answerTokens: number
  /**
   * Kept free of older turns because counts may be wrong. By default nothing for an exact tokenizer, a tenth of the
   * room for an estimate and half of that once it is calibrated.
   */
  marginTokens?: number
}

export type FittedWindow = Omit<Slide, 'report'> & { report: WindowReport }

/** Token counts as the window believes them, and how they came about. */
export type WindowReport = SlideReport & {
  /** The tokenizer that was used: `estimate` where the one named could not be loaded. */
  tokenizer: string
  isEstimate: boolean
  /** What estimates were multiplied with; 1 for an exact tokenizer. */
  factor: number
  /** Images among the messages that stay. */
  images: number
}

export type ConversationCount = FixedTokens & {
  /** For each message that was given. */
  messages: MessageCount[]
  total: number
}

type MessageCount = {
  /** With what the chat template writes around the message, and with its tool calls. */
  tokens: number
  /** Of each part of the content alone, in order; one part for a plain text. */
  parts: number[]
}

/**
 * Makes conversations fit, and counts them.
 *
 * Long work is done in pieces of some milliseconds with pauses between, and texts are counted once: what has been
 * counted for one request is remembered for the next.
 */
export class WindowService {
  readonly #tokenizers: TokenizerService
  readonly #calibration = new Calibration()
  readonly #counters = new WeakMap<Tokenizer, MessageCounter>()

  constructor(deps: { tokenizers: TokenizerService }) {
    this.#tokenizers = deps.tokenizers
  }

  /**
   * Leaves out the oldest turns until the conversation and the answer fit the model; see `slideWindow` for the rules.
   *
   * @throws {AppError} `context_too_long` when the system messages and the last turn do not fit.
   */
  async fit(messages: readonly ChatMessage[], options: FitOptions): Promise<FittedWindow> {
    const counter = await this.#counter(options.tokenizer)
    const { isEstimate, name } = counter.tokenizer
    const factor = isEstimate ? this.#calibration.factor(options.model) : 1
    const pacer = new Pacer()
    const { reply, tools, responseFormat } = await counter.countFixed(options, pacer)
    const fixed = Math.ceil((reply + tools + responseFormat) * factor)
    const { contextTokens: context, answerTokens: answer } = options
    const room = Math.max(0, context - answer - fixed)
    const margin = options.marginTokens ?? (isEstimate ? Math.ceil(room * this.#marginOf(options.model)) : 0)

    const steps = slidingSteps(messages, { context, answer, fixed, margin })
    let step = steps.next()
    while (!step.done) {
      if (pacer.isDue()) await pacer.rest()
      const limit = step.value.limit / factor
      const counted = counter.countPaced(step.value.message, limit, pacer)
      const tokens = typeof counted === 'number' ? counted : await counted
      // Beyond the limit counting has stopped: no rounding may make that number look like the whole count.
      step = steps.next(tokens > limit ? step.value.limit + 1 : Math.ceil(tokens * factor))
    }
    const slide = step.value
    const images = slide.messages.reduce((sum, message) => sum + imagesIn(message), 0)
    return {
      messages: slide.messages,
      get dropped() {
        return slide.dropped
      },
      report: { tokenizer: name, isEstimate, factor, images, ...slide.report },
    }
  }

  /** Counts each message and each part of its content, and what is sent beside the messages. */
  async count(messages: readonly ChatMessage[], options: CountOptions): Promise<ConversationCount> {
    const counter = await this.#counter(options.tokenizer)
    const factor = counter.tokenizer.isEstimate ? this.#calibration.factor(options.model) : 1
    const scaled = (tokens: number) => Math.ceil(tokens * factor)
    const pacer = new Pacer()
    const counts: MessageCount[] = []
    let total = 0
    for (const message of messages) {
      if (pacer.isDue()) await pacer.rest()
      const tokens = scaled(await counter.countPaced(message, Number.POSITIVE_INFINITY, pacer))
      const parts: number[] = []
      for (const part of typeof message.content === 'string' ? [message.content] : message.content) {
        if (typeof part === 'string') parts.push(scaled(await counter.countText(part, pacer)))
        else if (part.type === 'text') parts.push(scaled(await counter.countText(part.text, pacer)))
        else parts.push(scaled(counter.overhead.image))
      }
      counts.push({ tokens, parts })
      total += tokens
    }
    const fixed = await counter.countFixed(options, pacer)
    const [reply, tools, responseFormat] = [scaled(fixed.reply), scaled(fixed.tools), scaled(fixed.responseFormat)]
    return { messages: counts, reply, tools, responseFormat, total: total + reply + tools + responseFormat }
  }

  /**
   * Learns from what the provider has counted for a request that was fitted here.
   *
   * Exact tokenizers have nothing to learn, and a request with images says nothing about texts.
   *
   * @param reported input tokens of the request, as the provider reported them.
   */
  calibrate(model: string, report: WindowReport, reported: number): void {
    if (!report.isEstimate || report.images > 0) return
    this.#calibration.calibrate(model, report.tokens.total / report.factor, reported)
  }

  /** Loads tokenizers before they are needed, one after another. Never throws: one that fails says so when it is used. */
  async preload(names: readonly string[]): Promise<void> {
    for (const name of new Set(names)) {
      await new Promise((resolve) => setTimeout(resolve, PRELOAD_PAUSE_MS).unref())
      await this.#tokenizers.loadOrEstimate(name)
    }
  }

  #marginOf(model: string): number {
    return this.#calibration.reports(model) >= CALIBRATED_AFTER_REPORTS ? CALIBRATED_MARGIN : MARGIN
  }

  async #counter(name: string): Promise<MessageCounter> {
    const tokenizer = await this.#tokenizers.loadOrEstimate(name)
    let counter = this.#counters.get(tokenizer)
    if (!counter) {
      counter = new MessageCounter(tokenizer)
      this.#counters.set(tokenizer, counter)
    }
    return counter
  }
}
