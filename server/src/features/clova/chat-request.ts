import type { z } from 'zod'
import type { GenerationParameters, JsonObject, ModelRequest, ToolDefinition } from '../../models/language-model.ts'
import type { CatalogModel } from '../catalog/catalog.ts'
import { ClovaError } from './clova-error.ts'
import { checkCounts, readConversation } from './messages.ts'
import { responseSchema } from './response-schema.ts'
import type { ChatV1Body, ChatV3Body, TokenizeV3Body } from './schema.ts'

/** Tokens kept for the answer when the request does not say. */
export const DEFAULT_ANSWER_TOKENS = 100
const LEAST_ANSWER_TOKENS_WITH_TOOLS = 1024
const ANSWER_TOKENS_WHEN_THINKING = { none: 512, low: 5120, medium: 10_240, high: 20_480 } as const

type Limits = Pick<CatalogModel, 'maxOutputTokens'>

/**
 * Reads a request of version 1 for any provider.
 *
 * The length of the answer has CLOVA Studio's default, because an unlimited one costs; other parameters that are not
 * given are left to the provider.
 */
export function readChatV1(body: z.output<typeof ChatV1Body>, limits: Limits): ModelRequest {
  const { maxTokens, temperature, topP, topK, repeatPenalty, stopBefore, seed } = body
  return {
    messages: readConversation(body.messages),
    parameters: given({
      maxOutputTokens: maxTokens ?? atMost(DEFAULT_ANSWER_TOKENS, limits),
      temperature,
      topP,
      topK: topK || undefined,
      repetitionPenalty: repeatPenalty == null ? undefined : toRepetitionPenalty(repeatPenalty),
      stop: stopWords(stopBefore),
      seed: seed || undefined,
    }),
  }
}

/** Reads a request of version 3. @throws {ClovaError} for what excludes one another or has no place in version 3. */
export function readChatV3(body: z.output<typeof ChatV3Body>, limits: Limits): ModelRequest {
  const { temperature, topP, topK, repetitionPenalty, stop, seed } = body
  const { tools, toolChoice, responseFormat } = readExtras(body)
  const effort = effortOf(body)
  const thinks = effort !== undefined && effort !== 'none'
  if ([tools !== undefined, responseFormat !== undefined, thinks].filter(Boolean).length > 1)
    throw new ClovaError(40001, 'thinking, tools and responseFormat exclude one another')
  const messages = readConversation(body.messages)
  checkCounts(messages)
  return {
    messages,
    parameters: given({
      maxOutputTokens: answerTokensV3(body, limits),
      temperature,
      topP,
      topK: topK || undefined,
      repetitionPenalty,
      stop: stopWords(stop),
      seed: seed || undefined,
      reasoningEffort: effort,
    }),
    ...(tools && { tools }),
    ...(tools && toolChoice && { toolChoice }),
    ...(responseFormat && { responseFormat }),
  }
}

/** What version 3 sends beside the messages, for its chat and its tokenizer. */
export function readExtras({
  tools,
  toolChoice,
  responseFormat,
}: Pick<z.output<typeof TokenizeV3Body>, 'tools' | 'toolChoice' | 'responseFormat'>): Pick<
  ModelRequest,
  'tools' | 'toolChoice' | 'responseFormat'
> {
  const definitions = tools?.map(({ function: { name, description, parameters } }): ToolDefinition => {
    return { name, ...(description != null && { description }), parameters: parameters ?? NO_PARAMETERS }
  })
  const choice = typeof toolChoice === 'object' && toolChoice !== null ? toolChoice.function : toolChoice
  if (typeof choice === 'object' && choice !== null && !definitions?.some(({ name }) => name === choice.name))
    throw new ClovaError(40001, `toolChoice: there is no tool named ${choice.name}`)
  return {
    ...(definitions?.length && { tools: definitions }),
    ...(choice && { toolChoice: choice }),
    ...(responseFormat && { responseFormat: { type: 'json', schema: responseSchema(responseFormat.schema) } }),
  }
}

const NO_PARAMETERS: JsonObject = Object.freeze({ type: 'object', properties: {} })

function answerTokensV3(body: z.output<typeof ChatV3Body>, limits: Limits): number {
  const { maxTokens, maxCompletionTokens, tools, responseFormat } = body
  if (maxTokens != null && maxCompletionTokens != null)
    throw new ClovaError(40001, 'either maxTokens or maxCompletionTokens, not both')
  const asked = maxTokens ?? maxCompletionTokens ?? undefined
  if (tools?.length) {
    const least = atMost(LEAST_ANSWER_TOKENS_WITH_TOOLS, limits)
    if (asked !== undefined && asked < least)
      throw new ClovaError(40001, `with tools, maxTokens or maxCompletionTokens must be at least ${least}`)
    return asked ?? least
  }
  if (asked !== undefined) return asked
  const effort = effortOf(body)
  if (effort) return atMost(ANSWER_TOKENS_WHEN_THINKING[effort], limits)
  return atMost(responseFormat ? ANSWER_TOKENS_WHEN_THINKING.none : DEFAULT_ANSWER_TOKENS, limits)
}

/** Who asks for thinking without a measure gets the least. */
export function effortOf({ thinking }: Pick<z.output<typeof ChatV3Body>, 'thinking'>) {
  return thinking ? (thinking.effort ?? 'low') : undefined
}

/** A default must not be refused because the model behind the name writes less. */
export function atMost(tokens: number, { maxOutputTokens }: Limits): number {
  return Math.min(tokens, maxOutputTokens)
}

/**
 * Version 1's scale goes to 10, and its usual 5 is a mild penalty; everybody else's begins at 1, where 5 would wreck
 * the answer. So 5 becomes 1.1, the usual value of version 3, and 10 becomes 1.2.
 */
function toRepetitionPenalty(repeatPenalty: number): number {
  return 1 + repeatPenalty / 50
}

/** Providers refuse empty ones. */
function stopWords(words: readonly string[] | null | undefined): string[] | undefined {
  const stop = words?.filter((word) => word !== '')
  return stop?.length ? stop : undefined
}

/** Without the parameters that were not given. */
function given(
  parameters: {
    [Name in keyof GenerationParameters]: GenerationParameters[Name] | null | undefined
  },
): GenerationParameters {
  return Object.fromEntries(Object.entries(parameters).filter(([, value]) => value != null))
}
