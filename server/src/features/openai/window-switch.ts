import type { FastifyRequest } from 'fastify'
import type { GatewayAnswer } from '../gateway/service.ts'
import { ParameterError } from './errors.ts'

const SUFFIX = ':slide'

/**
 * Whether the window is switched on, by the header `x-etude-window: slide` or by `:slide` after the model's name, for
 * clients that cannot send headers. A model that is really called so wins.
 *
 * @throws {ParameterError} when the header says something else.
 */
export function readWindowSwitch(
  headers: FastifyRequest['headers'],
  model: string,
  isModel: (name: string) => boolean,
): { modelName: string; window: 'slide' | 'refuse' } {
  const header = headers['x-etude-window']
  const wanted = (Array.isArray(header) ? header[0] : header)?.trim().toLowerCase()
  if (wanted !== undefined && wanted !== 'slide' && wanted !== 'refuse')
    throw new ParameterError('x-etude-window', 'invalid_value', 'The header x-etude-window can be: slide, refuse.')
  const hasSuffix = model.endsWith(SUFFIX) && !isModel(model)
  return {
    modelName: hasSuffix ? model.slice(0, -SUFFIX.length) : model,
    window: wanted ?? (hasSuffix ? 'slide' : 'refuse'),
  }
}

/** What OpenAI's API has no words for: what was left out, and which parameters were not passed on. */
export type EtudeReport = {
  window: {
    context_tokens: number
    reserved_tokens: number
    input_tokens: number
    trimmed_turns: number
    trimmed_messages: number
  } | null
  dropped_params: { name: string; reason: string }[]
}

/** The report, or undefined when there is nothing to tell. */
export function etudeReport(
  { trim, dropped }: Pick<GatewayAnswer, 'trim' | 'dropped'>,
  window: 'slide' | 'refuse',
  ignored: EtudeReport['dropped_params'],
): EtudeReport | undefined {
  const dropped_params = [...dropped, ...ignored]
  if (window === 'refuse' && dropped_params.length === 0) return undefined
  return {
    window:
      window === 'refuse'
        ? null
        : {
            context_tokens: trim.context,
            reserved_tokens: trim.reserved,
            input_tokens: trim.tokens.total,
            trimmed_turns: trim.turnsLeftOut,
            trimmed_messages: trim.messagesLeftOut,
          },
    dropped_params,
  }
}
