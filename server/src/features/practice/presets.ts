import type { GenerationParams } from '../../runs/turn.ts'
import type { StylePreset } from './settings.ts'

/** What a style preset means: parameters, and a sentence for the model. `custom` adds nothing. */
export const PRESETS: Record<StylePreset, { params: GenerationParams; instruction: string | null }> = {
  accurate: {
    params: { temperature: 0.2, top_p: 0.9 },
    instruction:
      'Be accurate: state only what you are sure of or what the given material supports, say so when you do not know, and keep to the point.',
  },
  balanced: {
    params: { temperature: 0.7, top_p: 0.95 },
    instruction: 'Be clear and balanced: explain what matters, mention important alternatives, and stay readable.',
  },
  creative: {
    params: { temperature: 1.0, top_p: 1.0 },
    instruction: 'Be creative: look for unusual angles, vivid examples and several different ideas.',
  },
  custom: { params: {}, instruction: null },
}

/** Tokens of an answer for each length preset; `custom` means the explicit cap. */
export const LENGTH_PRESET_TOKENS = { short: 256, normal: 512, long: 2048, custom: undefined } as const
