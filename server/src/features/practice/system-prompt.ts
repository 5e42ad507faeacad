import { PRESETS } from './presets.ts'
import type { Settings, StyleParams } from './settings.ts'

/**
 * What the model is told before the conversation: the preset's sentence, the style parameters', then the agent's prompt.
 *
 * @returns undefined when there is nothing to say.
 */
export function systemPrompt({ stylePreset, styleParams, agentSnapshot }: Settings): string | undefined {
  const parts = [
    stylePreset && PRESETS[stylePreset].instruction,
    ...Object.entries(SENTENCES).map(([name, sentence]) => sentence(styleParams[name])),
    agentSnapshot?.system_prompt,
  ]
  const said = parts.filter((part): part is string => typeof part === 'string' && part.trim() !== '')
  return said.length > 0 ? [...new Set(said)].join('\n\n') : undefined
}

type Sentence = (value: unknown) => string | undefined

const text =
  (sentence: (value: string) => string): Sentence =>
  (value) =>
    typeof value === 'string' && value.trim() !== '' ? sentence(value.trim()) : undefined

const onlyIf =
  (sentence: string): Sentence =>
  (value) =>
    value === true ? sentence : undefined

/** The style parameters that mean something, in the order in which they are said; others are kept and ignored. */
const SENTENCES: Record<string, Sentence> = {
  persona: text((persona) => `Answer in this role: ${persona}`),
  language: text((language) => `Answer in this language: ${language}`),
  format: text((format) => `Give the answer in this form: ${format}`),
  hint_mode: onlyIf('Do not give the solution away. Give hints and ask questions that lead to it, one step at a time.'),
  self_check: onlyIf('Before you answer, check your answer for mistakes and correct them.'),
  system_prompt: text((prompt) => prompt),
}

/** The style parameters that mean something, and what they have to be. */
export const STYLE_PARAM_TYPES: Record<keyof typeof SENTENCES, 'string' | 'boolean'> = {
  persona: 'string',
  language: 'string',
  format: 'string',
  hint_mode: 'boolean',
  self_check: 'boolean',
  system_prompt: 'string',
}

/** Merges one level deep: a key set to null goes away. */
export function mergeStyleParams(stored: StyleParams, change: StyleParams): StyleParams {
  return Object.fromEntries(Object.entries({ ...stored, ...change }).filter(([, value]) => value !== null))
}
