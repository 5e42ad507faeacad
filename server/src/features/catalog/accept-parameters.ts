import type { ModelConfig } from '../../config.ts'
import type { GenerationParameters } from '../../models/language-model.ts'
import type { CatalogModel } from './catalog.ts'

/** A parameter that a model was not given as wished; the name as it is on the wire. */
type DroppedParameter = { name: string; reason: string }

export type AcceptedParameters = { accepted: GenerationParameters; dropped: DroppedParameter[] }

type WireName = ModelConfig['unsupported'][number]

const WIRE_NAMES: Record<keyof GenerationParameters, WireName> = {
  temperature: 'temperature',
  topP: 'top_p',
  topK: 'top_k',
  maxOutputTokens: 'max_completion_tokens',
  frequencyPenalty: 'frequency_penalty',
  presencePenalty: 'presence_penalty',
  repetitionPenalty: 'repetition_penalty',
  stop: 'stop',
  seed: 'seed',
  reasoningEffort: 'reasoning_effort',
}

/** What a kind of provider has no place for in its protocol, or ignores without a word. */
export function unsupportedBy(kind: CatalogModel['kind']): WireName[] {
  switch (kind) {
    case 'anthropic':
      return ['frequency_penalty', 'presence_penalty', 'repetition_penalty', 'seed', 'reasoning_effort']
    case 'google':
      return ['repetition_penalty', 'reasoning_effort']
    case 'ollama':
      return ['top_k', 'repetition_penalty']
    case 'openai-compatible':
    case 'offline':
      return []
  }
}

/** Parts what was wished into what the model is given and what is reported as dropped or lowered. */
export function acceptParameters(
  model: Pick<CatalogModel, 'kind' | 'unsupported' | 'maxOutputTokens'>,
  wanted: GenerationParameters,
): AcceptedParameters {
  const accepted: GenerationParameters = { ...wanted }
  const dropped: DroppedParameter[] = []
  const byKind = new Set(unsupportedBy(model.kind))
  for (const key of Object.keys(WIRE_NAMES) as (keyof GenerationParameters)[]) {
    const name = WIRE_NAMES[key]
    if (accepted[key] === undefined) delete accepted[key]
    else if (model.unsupported.includes(name)) {
      delete accepted[key]
      dropped.push({
        name,
        reason: byKind.has(name) ? `${model.kind} models have no such parameter` : 'not supported by this model',
      })
    }
  }
  const { maxOutputTokens, temperature, topP } = accepted
  if (maxOutputTokens !== undefined && maxOutputTokens > model.maxOutputTokens) {
    accepted.maxOutputTokens = model.maxOutputTokens
    dropped.push({
      name: 'max_completion_tokens',
      reason: `lowered from ${maxOutputTokens} to ${model.maxOutputTokens}, the most this model writes`,
    })
  }
  if (model.kind !== 'anthropic' || temperature === undefined) return { accepted, dropped }
  if (temperature > 1) {
    accepted.temperature = 1
    dropped.push({ name: 'temperature', reason: `lowered from ${temperature} to 1, the highest that Anthropic takes` })
  }
  if (topP !== undefined) {
    delete accepted.topP
    dropped.push({ name: 'top_p', reason: 'Anthropic takes it or temperature, not both' })
  }
  return { accepted, dropped }
}
