import { setTimeout as sleep } from 'node:timers/promises'
import type { ModelConfig } from '../config.ts'
import type { ChatMessage, FinishReason, LanguageModel, ModelEvent, ModelRequest } from './language-model.ts'
import { chooseTool } from './offline/choose-tool.ts'
import { type Arrangement, composeAnswer, composeNothing, type Finding } from './offline/compose.ts'
import { extract, summarise } from './offline/extract.ts'
import { imitate } from './offline/imitate.ts'
import { jsonAnswer } from './offline/json-answer.ts'
import { asksForSummary, type Reading, readConversation } from './offline/passages.ts'
import { isOfflineAnswer, PHRASES } from './offline/phrases.ts'
import { countTokens, languageOf, piecesOf } from './offline/words.ts'

/** What the catalog says of the two models that need nothing: no key, no network, no configuration. */
export const OFFLINE_MODELS: readonly (ModelConfig & { displayName: string; arrangement: Arrangement })[] = [
  offlineModel('etude-extract', 'Etude Extract (offline)', 'prose'),
  offlineModel('etude-outline', 'Etude Outline (offline)', 'outline'),
]

/** Between two words, so that it looks like streaming and can be stopped. */
const WORD_DELAY_MS = 12
const DEFAULT_TEMPERATURE = 0.5
/** Of what tools returned. */
const WHOLE_RESULT_LINES = 6

/**
 * Answers from what it is given, by choosing the sentences that fit, and says so when nothing does.
 *
 * The same request always gets the same answer. Temperature widens what is chosen; a seed changes the wording of the
 * opening once the temperature is above 0.
 */
export class OfflineModel implements LanguageModel {
  readonly name: string
  readonly #arrangement: Arrangement
  readonly #mostTokens: number
  readonly #wordDelayMs: number

  /** @param options.wordDelayMs milliseconds between words; tests give 0. */
  constructor(
    name: string,
    arrangement: Arrangement,
    options: { maxOutputTokens?: number; wordDelayMs?: number } = {},
  ) {
    this.name = name
    this.#arrangement = arrangement
    this.#mostTokens = options.maxOutputTokens ?? 2048
    this.#wordDelayMs = options.wordDelayMs ?? WORD_DELAY_MS
  }

  async *stream(request: ModelRequest, signal: AbortSignal): AsyncGenerator<ModelEvent> {
    signal.throwIfAborted()
    const reading = readConversation(request.messages, isOfflineAnswer)
    const inputTokens = tokensOf(request.messages)
    const chosen = chooseTool(reading.question, request.tools ?? [], request.toolChoice, reading.calledTools)
    if (chosen) {
      const { tool, argumentsJson } = chosen
      yield {
        type: 'tool-call-delta',
        index: 0,
        id: `call_${reading.calledTools.size + 1}_${tool.name}`,
        name: tool.name,
        argumentsJson,
      }
      yield { type: 'usage', usage: { inputTokens, outputTokens: countTokens(`${tool.name} ${argumentsJson}`) } }
      yield { type: 'end', finishReason: 'tool-calls' }
      return
    }

    const text = beforeStop(this.#answer(request, reading), request.parameters.stop)
    const most = Math.min(request.parameters.maxOutputTokens ?? this.#mostTokens, this.#mostTokens)
    let outputTokens = 0
    let finishReason: FinishReason = 'stop'
    for (const piece of piecesOf(text)) {
      const tokens = countTokens(piece)
      if (outputTokens + tokens > most) {
        finishReason = 'length'
        break
      }
      if (this.#wordDelayMs > 0)
        await sleep(this.#wordDelayMs, undefined, { signal }).catch(() => signal.throwIfAborted())
      else signal.throwIfAborted()
      outputTokens += tokens
      yield { type: 'text-delta', text: piece }
    }
    yield { type: 'usage', usage: { inputTokens, outputTokens } }
    yield { type: 'end', finishReason }
  }

  #answer(request: ModelRequest, reading: Reading): string {
    const language = languageOf(reading.question)
    const breadth = Math.min(2, Math.max(0, request.parameters.temperature ?? DEFAULT_TEMPERATURE))
    if (request.responseFormat) {
      const source = {
        question: reading.question,
        textFor: (words: string) =>
          find({ ...reading, question: `${reading.question} ${words}` }, 0)?.extraction.sentences.join(' ') ?? '',
        noText: PHRASES[language].noText,
      }
      return JSON.stringify(jsonAnswer(request.responseFormat.schema, source), null, 2)
    }
    const imitated =
      reading.toolLines.length === 0 ? imitate(lastPrompt(request.messages), reading.examples) : undefined
    if (imitated !== undefined) return imitated
    const found = find(reading, breadth)
    if (!found) return composeNothing(this.#arrangement, language, reading.question)
    const variant = breadth === 0 ? 0 : Math.abs(Math.trunc(request.parameters.seed ?? 0))
    return composeAnswer(this.#arrangement, language, found, variant)
  }
}

/** The sentences that answer, from the best place that has some. */
function find(reading: Reading, breadth: number): Finding | undefined {
  const { question, sentences, toolLines, inPrompt } = reading
  if (toolLines.length > 0) {
    const fitting = extract(question, toolLines, breadth)
    // So little is told whole: a line that shares no word with the question may still be its answer.
    const isLittle = toolLines.length <= WHOLE_RESULT_LINES
    const extraction =
      fitting.sentences.length > 0 && !isLittle
        ? fitting
        : { sentences: isLittle ? toolLines : toolLines.slice(0, 4 + Math.round(breadth * 4)), shared: [] }
    return { kind: 'toolLeads', extraction }
  }
  if (sentences.length === 0) return undefined
  if (asksForSummary(question))
    return { kind: 'summaries', extraction: summarise(inPrompt > 0 ? sentences.slice(-inPrompt) : sentences, breadth) }
  const extraction = extract(question, sentences, breadth)
  if (extraction.sentences.length > 0) return { kind: 'leads', extraction }
  return inPrompt >= 3 ? { kind: 'summaries', extraction: summarise(sentences.slice(-inPrompt), breadth) } : undefined
}

function beforeStop(text: string, stop: readonly string[] | undefined): string {
  const ends = (stop ?? []).filter((word) => word !== '').map((word) => text.indexOf(word))
  return text.slice(0, Math.min(text.length, ...ends.filter((at) => at >= 0)))
}

function lastPrompt(messages: readonly ChatMessage[]): string {
  return contentOf(messages.findLast((message) => message.role === 'user'))
}

function contentOf(message: ChatMessage | undefined): string {
  if (!message) return ''
  if (typeof message.content === 'string') return message.content
  return message.content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n')
}

function tokensOf(messages: readonly ChatMessage[]): number {
  // Four more for each message, as chat formats have around them.
  return messages.reduce((sum, message) => sum + countTokens(contentOf(message)) + 4, 0)
}

function offlineModel(name: string, displayName: string, arrangement: Arrangement) {
  return {
    name,
    displayName,
    arrangement,
    provider: 'offline',
    model: name,
    modality: 'chat' as const,
    contextTokens: 32_768,
    maxOutputTokens: 2048,
    tokenizer: 'estimate',
    pricePerMillionTokens: { input: 0, output: 0 },
    unsupported: [
      'top_p',
      'top_k',
      'frequency_penalty',
      'presence_penalty',
      'repetition_penalty',
      'reasoning_effort',
    ] satisfies ModelConfig['unsupported'],
    capabilities: { tools: true, images: false, json: true },
  }
}
