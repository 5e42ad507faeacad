import type { GenerationParams } from '../../runs/turn.ts'
import { answerCap } from './generation-params.ts'
import { PRESETS } from './presets.ts'
import type { Settings } from './settings.ts'

/** Which level a parameter's value comes from, strongest first. */
type Origin = 'request' | 'lane' | 'settings' | 'preset' | 'agent' | 'catalog'

export type Resolved = { [name: string]: { value: unknown; origin: Origin } }

/** Names that only say something about the cap on an answer's length, which is resolved as one thing. */
const LENGTH_NAMES = ['max_completion_tokens', 'max_tokens', 'response_length_preset']

/**
 * Each effective parameter with its value and the level that gave it (DESIGN: request, lane, explicit settings, preset,
 * agent, catalog default). The cap on the answer is resolved level by level, so that a lane's length preset wins over
 * the session's explicit cap.
 */
export function resolveParams(
  settings: Settings,
  given: { request?: GenerationParams; lane?: GenerationParams; catalogCap?: number } = {},
): Resolved {
  const levels: [Origin, GenerationParams][] = [
    ['request', given.request ?? {}],
    ['lane', given.lane ?? {}],
    ['settings', settings.generationParams],
    ['preset', settings.stylePreset ? PRESETS[settings.stylePreset].params : {}],
    ['agent', settings.agentSnapshot?.generation_params ?? {}],
    ['catalog', given.catalogCap === undefined ? {} : { max_completion_tokens: given.catalogCap }],
  ]
  const resolved: Resolved = {}
  for (const [origin, params] of levels) {
    for (const [name, value] of Object.entries(params)) {
      if (value === null || value === undefined || LENGTH_NAMES.includes(name)) continue
      resolved[name] ??= { value, origin }
    }
    const cap = answerCap(params)
    if (cap !== undefined) resolved.max_completion_tokens ??= { value: cap, origin }
  }
  return resolved
}

/** Only the values. */
export function valuesOf(resolved: Resolved): GenerationParams {
  return Object.fromEntries(Object.entries(resolved).map(([name, { value }]) => [name, value]))
}
