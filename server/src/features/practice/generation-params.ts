import type { GenerationParameters } from '../../models/language-model.ts'
import type { GenerationParams } from '../../runs/turn.ts'
import { LENGTH_PRESET_TOKENS } from './presets.ts'
import type { GenerationParamsInput } from './schema.ts'

const TOKEN_KEYS = ['max_completion_tokens', 'max_tokens'] as const

/**
 * Merges a change into stored parameters: a key set to null goes away, a missing one stays.
 *
 * The two names of the token cap always agree afterwards, because clients read either: `max_completion_tokens` wins when
 * both are given (practice.md §5).
 */
export function mergeParams(
  stored: GenerationParams,
  change: GenerationParamsInput | GenerationParams,
): GenerationParams {
  const merged: GenerationParams = { ...stored, ...definedOnly(change) }
  const given = TOKEN_KEYS.filter((key) => (change as GenerationParams)[key] !== undefined)
  const cap = given.map((key) => (change as GenerationParams)[key]).find((value) => value !== null)
  if (given.length > 0) for (const key of TOKEN_KEYS) merged[key] = cap ?? null
  return withoutNulls(merged)
}

/** The most tokens an answer may have at one level of settings: an explicit cap wins over the length preset. */
export function answerCap(params: GenerationParams): number | undefined {
  const explicit = params.max_completion_tokens ?? params.max_tokens
  if (typeof explicit === 'number') return explicit
  const preset = params.response_length_preset as keyof typeof LENGTH_PRESET_TOKENS | null | undefined
  return preset ? LENGTH_PRESET_TOKENS[preset] : undefined
}

/** Effective parameters, under their wire names, in our own words. */
export function toGenerationParameters(params: GenerationParams): GenerationParameters {
  return withoutNulls({
    temperature: params.temperature,
    topP: params.top_p,
    topK: params.top_k,
    maxOutputTokens: params.max_completion_tokens,
    frequencyPenalty: params.frequency_penalty,
    presencePenalty: params.presence_penalty,
    repetitionPenalty: params.repetition_penalty,
    stop: params.stop,
    seed: params.seed,
  }) as GenerationParameters
}

/** What is sent to a model, under its wire names. */
export function toWireParams(parameters: GenerationParameters): GenerationParams {
  return withoutNulls({
    temperature: parameters.temperature,
    top_p: parameters.topP,
    top_k: parameters.topK,
    max_completion_tokens: parameters.maxOutputTokens,
    frequency_penalty: parameters.frequencyPenalty,
    presence_penalty: parameters.presencePenalty,
    repetition_penalty: parameters.repetitionPenalty,
    stop: parameters.stop,
    seed: parameters.seed,
  })
}

function definedOnly(values: object): GenerationParams {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}

function withoutNulls(values: object): GenerationParams {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null && value !== undefined))
}
