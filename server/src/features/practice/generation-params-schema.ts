import { z } from 'zod'
import { anyText } from '../../http/fields.ts'
import { LENGTH_PRESET_TOKENS } from './presets.ts'

/** Generation parameters on the wire, wherever they may be given: for a session, a lane, a request or an agent. */
export const GenerationParamsSchema = z
  .strictObject({
    temperature: z.number().min(0).max(2).nullish(),
    top_p: z.number().min(0).max(1).nullish(),
    top_k: z.int().min(1).max(1000).nullish(),
    response_length_preset: z.enum(['short', 'normal', 'long', 'custom']).nullish(),
    max_completion_tokens: z.int().min(1).nullish().describe('Wins over max_tokens when both are given'),
    max_tokens: z.int().min(1).nullish(),
    frequency_penalty: z.number().min(-2).max(2).nullish(),
    presence_penalty: z.number().min(-2).max(2).nullish(),
    repetition_penalty: z.number().min(0).max(10).nullish(),
    stop: z.array(anyText(256)).max(16).nullish(),
    seed: z.int().min(0).nullish(),
  })
  .superRefine((params, context) => {
    const { response_length_preset: preset } = params
    const cap = params.max_completion_tokens ?? params.max_tokens
    const most = preset ? LENGTH_PRESET_TOKENS[preset] : undefined
    if (cap && most !== undefined && cap > most)
      context.addIssue({
        code: 'custom',
        path: ['max_completion_tokens'],
        message: `A cap of ${cap} contradicts the length preset ${preset}, which means ${most}; use custom for a cap of your own`,
      })
  })
  .meta({ id: 'GenerationParams' })
