import { z } from 'zod'
import { GenerationParamsSchema } from './generation-params-schema.ts'

/** The Practice API on the wire: seeds 000 and 001, and practice.md §1–2. */

const Id = z.int().min(1)
/** Path and query values arrive as text. */
const IdInPath = z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER)

const PromptText = z
  .string()
  .min(1)
  .max(1_000_000)
  .refine((text) => text.trim() !== '', 'The prompt is blank')
  .refine((text) => !text.includes('\0'), 'The prompt holds a NUL character')
  .transform((text) => text.toWellFormed())

const ModelNames = z
  .array(z.string().min(1).max(256))
  .max(64)
  .nullish()
  .describe('Logical model names, in the order in which results are wanted; omitted, null or [] asks every one')

export type GenerationParamsInput = z.output<typeof GenerationParamsSchema>

/** A field of the API whose feature does not exist yet: accepted only when it asks for nothing. */
const notYet = <Schema extends z.ZodType>(schema: Schema, what: string) =>
  schema
    .nullish()
    .refine(asksForNothing, `${what} are not supported by this version; leave the field out`)
    .describe('Not supported yet: null, empty or left out')

function asksForNothing(value: unknown): boolean {
  return value === null || value === undefined || (typeof value === 'object' && Object.keys(value).length === 0)
}

export const RunBody = z
  .strictObject({
    prompt_text: PromptText,
    model_names: ModelNames,
    agent_id: notYet(Id, 'Agents'),
    project_id: notYet(Id, 'Projects'),
    knowledge_ids: notYet(z.array(Id), 'Knowledge bases'),
    style_preset: notYet(z.enum(['accurate', 'balanced', 'creative', 'custom']), 'Style presets'),
    style_params: notYet(z.record(z.string(), z.unknown()), 'Style parameters'),
    generation_params: GenerationParamsSchema.nullish(),
    few_shot_example_ids: notYet(z.array(Id), 'Few-shot examples'),
  })
  .meta({ id: 'RunRequest' })

export const ChatBody = z.strictObject({ prompt_text: PromptText, model_names: ModelNames }).meta({ id: 'ChatRequest' })
export const RunQuery = z.object({ class_id: IdInPath })
export const SessionPath = z.object({ session_id: IdInPath })
export const TurnPath = z.object({ turn_id: IdInPath })
export const SessionPatch = z.strictObject({ title: z.string().trim().min(1).max(200) }).meta({ id: 'SessionPatch' })
export const SessionListQuery = z.object({
  page: z.coerce.number().int().min(1).max(1_000_000).default(1),
  size: z.coerce.number().int().min(1).max(200).default(50),
  q: z.string().max(200).optional().describe('Part of a title or of the latest prompt'),
})
export const EventsQuery = z.object({
  after: z.coerce.number().int().min(0).optional().describe('Like Last-Event-ID, for clients that cannot set headers'),
})
export const CancelBody = z
  .strictObject({ response_ids: z.array(Id).min(1).max(64).nullish().describe('Only these; otherwise all') })
  .nullish()
  .meta({ id: 'CancelRequest' })

const Params = z.record(z.string(), z.unknown())

const ModelResultSchema = z
  .object({
    session_model_id: Id,
    model_name: z.string(),
    response_id: Id,
    turn_id: Id,
    prompt_text: z.string(),
    response_text: z.string(),
    reasoning_text: z.string(),
    created_at: z.iso.datetime(),
    token_usage: z
      .object({
        provider: z.string(),
        model: z.string(),
        prompt_tokens: z.int(),
        completion_tokens: z.int(),
        total_tokens: z.int(),
        reasoning_tokens: z.int().optional(),
        cached_tokens: z.int().optional(),
        source: z.enum(['provider', 'estimate']),
      })
      .nullable(),
    latency_ms: z.int().nullable().describe('Whole milliseconds from asking the model to its end'),
    first_token_ms: z.number().nullable().describe('Milliseconds from asking the model to its first token'),
    cost: z.number().nullable().describe('US dollars; null when the model has no price'),
    is_primary: z.boolean(),
    generation_params: Params.describe('What was sent to the model'),
    dropped_params: z.array(z.object({ name: z.string(), reason: z.string() })),
    status: z.enum(['running', 'complete', 'stopped', 'failed', 'interrupted']),
    finish_reason: z.enum(['stop', 'length', 'tool-calls', 'content-filter']).nullable(),
    error: z.object({ code: z.string(), message: z.string(), provider_message: z.string().nullable() }).nullable(),
  })
  .meta({ id: 'PracticeTurnModelResult' })
export type ModelResult = z.input<typeof ModelResultSchema>

export const TurnResultSchema = z
  .object({
    session_id: Id,
    session_title: z.string().nullable(),
    turn_id: Id,
    status: z.enum(['running', 'complete', 'stopped', 'interrupted']),
    prompt_text: z.string(),
    created_at: z.iso.datetime(),
    results: z.array(ModelResultSchema),
  })
  .meta({ id: 'PracticeTurnResult' })
export type TurnResult = z.input<typeof TurnResultSchema>

const sessionSummaryFields = {
  session_id: Id,
  class_id: Id,
  title: z.string(),
  preview: z.string(),
  model_names: z.array(z.string()),
  turn_count: z.int(),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
  last_activity_at: z.iso.datetime(),
}

export const SessionPageSchema = z
  .object({
    items: z.array(z.object(sessionSummaryFields).meta({ id: 'PracticeSessionSummary' })),
    total: z.int(),
    page: z.int(),
    size: z.int(),
  })
  .meta({ id: 'PracticeSessionPage' })

export const SessionSchema = z
  .object({
    ...sessionSummaryFields,
    models: z.array(
      z.object({ session_model_id: Id, model_name: z.string(), is_primary: z.boolean(), generation_params: Params }),
    ),
    turns: z.array(
      z.object({
        turn_id: Id,
        prompt_text: z.string(),
        status: TurnResultSchema.shape.status,
        created_at: z.iso.datetime(),
      }),
    ),
    responses: z.array(ModelResultSchema).describe('Oldest first; each names its turn'),
  })
  .meta({ id: 'PracticeSession' })

export const CancelledSchema = z
  .object({ turn_id: Id, status: TurnResultSchema.shape.status })
  .meta({ id: 'CancelledTurn' })
