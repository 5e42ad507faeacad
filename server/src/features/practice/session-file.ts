import { z } from 'zod'
import { anyText, jsonObject, text } from '../../http/fields.ts'
import type { Response } from '../../runs/turn.ts'
import { GenerationParamsSchema } from './generation-params-schema.ts'
import { StyleParamsSchema, StylePresetSchema } from './schema.ts'
import type { WholeSession } from './session-service.ts'
import type { SettingsRevision } from './settings.ts'

/**
 * A whole session as a file, with all lanes, that another Etude can read.
 *
 * Ids mean something only within the file. An agent's prompt and a library's examples stay at home: what a turn was
 * given of examples is in the turn.
 */
const Time = z.iso.datetime()
const LocalId = z.int().min(1)
const Count = z.int().min(0)

const FileTrim = z.strictObject({
  context: Count,
  reserved: Count,
  used: Count,
  turns_left_out: Count,
  messages_left_out: Count,
  summary: z
    .strictObject({
      model: text(256),
      turns: Count,
      text: z.string().max(100_000).transform(storable),
      digest: z.string().max(64),
      isNew: z.boolean(),
      promptTokens: Count,
      completionTokens: Count,
      cost: z.number().min(0).nullable(),
      latencyMs: z.number().min(0).nullable(),
      error: z.strictObject({ code: text(64), message: anyText(2000) }).nullable(),
    })
    .optional(),
})

export const SessionFile = z
  .strictObject({
    format: z.literal('etude-session'),
    version: z.literal(1),
    session: z.strictObject({
      title: z.string().max(200).transform(storable),
      notes: anyText(20_000).nullable(),
      created_at: Time,
    }),
    settings: z.strictObject({
      style_preset: StylePresetSchema.nullable(),
      style_params: StyleParamsSchema,
      generation_params: GenerationParamsSchema,
      summary_model: text(256).nullish(),
    }),
    models: z
      .array(
        z.strictObject({
          id: LocalId,
          model_name: text(256),
          is_primary: z.boolean(),
          generation_params: GenerationParamsSchema,
        }),
      )
      .min(1)
      .max(16),
    turns: z
      .array(
        z.strictObject({
          id: LocalId,
          parent_id: LocalId.nullable(),
          prompt_text: text(1_000_000),
          few_shots: z
            .array(z.strictObject({ example_id: LocalId, input_text: text(20_000), output_text: text(20_000) }))
            .max(64),
          created_at: Time,
          responses: z
            .array(
              z.strictObject({
                model_id: LocalId,
                attempt: z.int().min(1).max(1000),
                status: z.enum(['complete', 'stopped', 'failed', 'interrupted']),
                response_text: z.string().max(4_000_000).transform(storable),
                reasoning_text: z.string().max(4_000_000).transform(storable),
                finish_reason: z.enum(['stop', 'length', 'tool-calls', 'content-filter']).nullable(),
                error: z
                  .strictObject({ code: text(64), message: anyText(2000), provider_message: anyText(2000).nullable() })
                  .nullable(),
                token_usage: z
                  .strictObject({
                    provider: text(256),
                    model: text(256),
                    promptTokens: Count,
                    completionTokens: Count,
                    reasoningTokens: Count.optional(),
                    cachedTokens: Count.optional(),
                    source: z.enum(['provider', 'estimate']),
                  })
                  .nullable(),
                cost: z.number().min(0).nullable(),
                latency_ms: z.number().min(0).nullable(),
                first_token_ms: z.number().min(0).nullable(),
                generation_params: jsonObject({ maxBytes: 65_536, maxDepth: 4 }),
                trim: FileTrim.nullish(),
                created_at: Time,
              }),
            )
            .max(1000),
        }),
      )
      .max(10_000),
  })
  .meta({ id: 'SessionFile' })
export type SessionFileContent = z.output<typeof SessionFile>

/** @throws never: a session that runs is written as far as it has come, as interrupted. */
export function toSessionFile(whole: WholeSession, settings: SettingsRevision): z.input<typeof SessionFile> {
  const { session, lanes, turns, responses } = whole
  return {
    format: 'etude-session',
    version: 1,
    session: { title: session.title, notes: session.notes, created_at: session.createdAt },
    settings: {
      style_preset: settings.stylePreset,
      style_params: settings.styleParams,
      generation_params: settings.generationParams,
      summary_model: settings.summaryModel,
    },
    models: lanes.map((lane) => ({
      id: lane.laneId,
      model_name: lane.modelName,
      is_primary: lane.isPrimary,
      generation_params: lane.generationParams,
    })),
    turns: turns.map((turn) => ({
      id: turn.turnId,
      parent_id: turn.parentTurnId,
      prompt_text: turn.promptText,
      few_shots: turn.fewShots,
      created_at: turn.createdAt,
      responses: responses.filter((response) => response.turnId === turn.turnId).map(toFileResponse),
    })),
  }
}

function toFileResponse(response: Response): z.input<typeof SessionFile>['turns'][number]['responses'][number] {
  const { error } = response
  return {
    model_id: response.laneId,
    attempt: response.attempt,
    status: response.status === 'running' ? 'interrupted' : response.status,
    response_text: response.text,
    reasoning_text: response.reasoningText,
    finish_reason: response.finishReason,
    error: error && {
      code: error.code,
      message: error.message.slice(0, 2000) || error.code,
      provider_message: error.providerMessage?.slice(0, 2000) || null,
    },
    token_usage: response.usage,
    cost: response.cost,
    latency_ms: response.latencyMs,
    first_token_ms: response.firstTokenMs,
    generation_params: response.generationParams,
    trim: response.trim,
    created_at: response.createdAt,
  }
}

function storable(value: string): string {
  return value.replaceAll('\0', '\uFFFD').toWellFormed()
}
