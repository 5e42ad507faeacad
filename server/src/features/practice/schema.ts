import { z } from 'zod'
import { anyText, Id, IdInPath, jsonObject, SearchText, text } from '../../http/fields.ts'
import { GenerationParamsSchema } from './generation-params-schema.ts'
import { STYLE_PRESETS } from './settings.ts'
import { SkillCallSchema } from './skill-call-schema.ts'
import { STYLE_PARAM_TYPES } from './system-prompt.ts'

/** The Practice API on the wire: seeds 000 and 001, and practice.md §1–2. */

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

export const StylePresetSchema = z.enum(STYLE_PRESETS)

/** Free keys; those that mean something have their type. */
export const StyleParamsSchema = jsonObject({ maxBytes: 65_536, maxDepth: 8 }).superRefine((params, context) => {
  for (const [name, type] of Object.entries(STYLE_PARAM_TYPES)) {
    const value = params[name]
    if (value !== undefined && value !== null && typeof value !== type)
      context.addIssue({ code: 'custom', path: [name], message: `Input should be a ${type}` })
  }
})

export const SummaryModel = z
  .string()
  .min(1)
  .max(256)
  .nullish()
  .describe('A model that summarises the turns that do not fit a lane’s window; null leaves them out')

/** Knowledge bases do not exist yet: accepted only when they ask for nothing. */
const KnowledgeIds = z
  .array(Id)
  .nullish()
  .refine((ids) => !ids?.length, 'Knowledge bases are not supported by this version; leave the field out')
  .describe('Not supported yet: null, empty or left out')

export const RunBody = z
  .strictObject({
    prompt_text: PromptText,
    model_names: ModelNames,
    agent_id: Id.nullish(),
    project_id: Id.nullish(),
    knowledge_ids: KnowledgeIds,
    style_preset: StylePresetSchema.nullish(),
    style_params: StyleParamsSchema.nullish(),
    generation_params: GenerationParamsSchema.nullish(),
    few_shot_example_ids: z.array(Id).max(64).nullish(),
    summary_model: SummaryModel,
  })
  .meta({ id: 'RunRequest' })

const LaneIds = z.array(Id).max(64).nullish().describe('Lanes by their ids, instead of by model_names')

export const ChatBody = z
  .strictObject({
    prompt_text: PromptText,
    model_names: ModelNames,
    session_model_ids: LaneIds,
    generation_params: GenerationParamsSchema.nullish().describe('For this turn only'),
    after_turn_id: Id.nullish().describe('The turn to go on from; the latest one when left out'),
  })
  .meta({ id: 'ChatRequest' })
export const AskAgainBody = z
  .strictObject({
    prompt_text: PromptText.nullish().describe('The edited prompt; the same when left out'),
    model_names: ModelNames,
    session_model_ids: LaneIds,
    generation_params: GenerationParamsSchema.nullish(),
  })
  .meta({ id: 'AskAgainRequest' })
export const WindowBody = z
  .strictObject({ prompt_text: z.string().max(1_000_000).default(''), after_turn_id: Id.nullish() })
  .meta({ id: 'WindowRequest' })
export const AdoptBody = z.strictObject({ session_model_id: Id, response_id: Id }).meta({ id: 'AdoptRequest' })
export const ForkBody = z.strictObject({ turn_id: Id, title: text(200).nullish() }).meta({ id: 'ForkRequest' })
export const LaneBody = z
  .strictObject({
    session_id: z.unknown().optional().describe('Ignored: the address names the session'),
    model_name: z.string().min(1).max(256),
    is_primary: z.boolean().nullish(),
    generation_params: GenerationParamsSchema.nullish(),
  })
  .meta({ id: 'NewSessionModel' })
export const LanePatch = z
  .strictObject({
    is_primary: z.boolean().nullish(),
    is_active: z.boolean().nullish().describe('Whether prompts that name no model are asked of it'),
    generation_params: GenerationParamsSchema.nullish().describe('Merged; a key of null is removed'),
  })
  .meta({ id: 'SessionModelPatch' })
export const LanePath = z.object({ session_model_id: IdInPath })
export const ResponsePath = z.object({ response_id: IdInPath })
export const IdempotencyHeaders = z.object({
  'idempotency-key': z
    .string()
    .min(1)
    .max(256)
    .optional()
    .describe('A retry with the same key returns the first outcome'),
})
export const RunQuery = z.object({ class_id: IdInPath })
export const SessionPath = z.object({ session_id: IdInPath })
export const TurnPath = z.object({ turn_id: IdInPath })
export const NewSessionBody = z
  .strictObject({
    class_id: Id.nullish().describe('Required'),
    project_id: Id.nullish(),
    agent_id: Id.nullish(),
    title: text(200).nullish().describe('Without one, the first prompt gives it'),
    notes: anyText(20_000).nullish(),
    knowledge_ids: KnowledgeIds,
  })
  .meta({ id: 'NewSession' })
export const SessionPatch = z
  .strictObject({
    title: text(200).optional(),
    notes: anyText(20_000).nullish(),
    project_id: Id.nullish(),
    agent_id: Id.nullish().describe('Takes the agent at its latest version; null removes it'),
    knowledge_ids: KnowledgeIds,
  })
  .meta({ id: 'SessionPatch' })
export const SessionListQuery = z.object({
  page: z.coerce.number().int().min(1).max(1_000_000).default(1),
  size: z.coerce.number().int().min(1).max(200).default(50),
  q: SearchText.optional().describe('Part of a title or of the latest prompt'),
})
export const EventsQuery = z.object({
  after: z.coerce.number().int().min(0).optional().describe('Like Last-Event-ID, for clients that cannot set headers'),
})
export const CancelBody = z
  .strictObject({ response_ids: z.array(Id).min(1).max(64).nullish().describe('Only these; otherwise all') })
  .nullish()
  .meta({ id: 'CancelRequest' })

const Params = z.record(z.string(), z.unknown())

const SummarySchema = z
  .object({
    model_name: z.string(),
    turns: z.int().describe('How many of the turns that were left out it stands for'),
    text: z.string().describe('Empty while it is being written, and when there is none'),
    is_new: z.boolean().describe('Whether it was written for this answer; otherwise an earlier one was still enough'),
    prompt_tokens: z.int(),
    completion_tokens: z.int(),
    cost: z.number().nullable().describe('US dollars of writing it; part of the answer’s cost'),
    latency_ms: z.number().nullable(),
    error: z
      .object({ code: z.string(), message: z.string() })
      .nullable()
      .describe('Why no summary could be written; the turns were then only left out'),
  })
  .meta({ id: 'TurnSummary' })

export const ModelResultSchema = z
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
    attempt: z.int().describe('From 1; a lane that is asked again answers the same turn once more'),
    revision: z.int().describe('Of the settings that produced it'),
    trim: z
      .object({
        context: z.int(),
        reserved: z.int(),
        used: z.int(),
        turns_left_out: z.int(),
        messages_left_out: z.int(),
        summary: SummarySchema.nullable().describe('What was sent in place of turns that were left out'),
      })
      .nullable()
      .describe('What did not fit the model’s window, in tokens and counts; null when everything was sent'),
    call_ref: z
      .string()
      .nullable()
      .describe('Where its call is in the trace, for feedback and queues; null for an answer that came from a file'),
    skill_calls: z.array(SkillCallSchema).describe('Calls of the skills that its agent carries, in the order asked'),
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
    parent_turn_id: Id.nullable(),
    status: z.enum(['running', 'complete', 'stopped', 'interrupted']),
    prompt_text: z.string(),
    created_at: z.iso.datetime(),
    results: z.array(ModelResultSchema),
  })
  .meta({ id: 'PracticeTurnResult' })
export type TurnResult = z.input<typeof TurnResultSchema>

export const LaneSchema = z
  .object({
    session_model_id: Id,
    session_id: Id,
    model_name: z.string(),
    is_primary: z.boolean(),
    is_active: z.boolean(),
    generation_params: Params,
  })
  .meta({ id: 'SessionModel' })

export const WindowSchema = z
  .object({
    lanes: z.array(
      z.object({
        session_model_id: Id,
        model_name: z.string(),
        context: z.int().describe('The model’s whole window, in tokens'),
        reserved: z.int().describe('Kept free for the answer'),
        tokens: z.object({
          system: z.int(),
          summary: z.int(),
          few_shot: z.int(),
          history: z.int(),
          prompt: z.int(),
          total: z.int(),
        }),
        fits: z.boolean(),
        sent: z.int().nullable().describe('Tokens that would be sent; null when even the prompt does not fit'),
        turns_left_out: z.int(),
        messages_left_out: z.int(),
        summary: z
          .object({ model_name: z.string(), turns: z.int(), text: z.string() })
          .nullable()
          .describe('What would be sent in place of turns that were left out earlier'),
      }),
    ),
  })
  .meta({ id: 'WindowPreview' })

export const CancelledSchema = z
  .object({ turn_id: Id, status: TurnResultSchema.shape.status })
  .meta({ id: 'CancelledTurn' })
