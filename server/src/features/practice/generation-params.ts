import type { GenerationParameters } from '../../models/language-model.ts'
import type { GenerationParams } from '../../runs/turn.ts'
import type { GenerationParamsInput } from './schema.ts'

/** Tokens of an answer for each length preset; `custom` means the explicit cap. */
const PRESET_TOKENS = { short: 256, normal: 512, long: 2048, custom: undefined } as const

/** Later levels win, key by key; what is null or missing leaves the earlier level's value. */
export function mergeParams(...levels: readonly GenerationParams[]): GenerationParams {
  const given = levels.flatMap((level) =>
    Object.entries(level).filter(([, value]) => value !== null && value !== undefined),
  )
  return Object.fromEntries(given)
}

/**
 * The Practice API's parameters in our own words: an explicit cap wins over the length preset, and
 * `max_completion_tokens` over `max_tokens`.
 */
export function toGenerationParameters(params: GenerationParamsInput): GenerationParameters {
  const preset = params.response_length_preset
  const cap = params.max_completion_tokens ?? params.max_tokens ?? (preset ? PRESET_TOKENS[preset] : undefined)
  return defined({
    temperature: params.temperature,
    topP: params.top_p,
    topK: params.top_k,
    maxOutputTokens: cap,
    frequencyPenalty: params.frequency_penalty,
    presencePenalty: params.presence_penalty,
    repetitionPenalty: params.repetition_penalty,
    stop: params.stop,
    seed: params.seed,
  })
}

/** What is sent to a model, under its wire names. */
export function toWireParams(parameters: GenerationParameters): GenerationParams {
  return defined({
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

type Defined<T> = { [K in keyof T]?: Exclude<T[K], null | undefined> }

function defined<T extends object>(values: T): Defined<T> {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== null && value !== undefined),
  ) as Defined<T>
}
