import { z } from 'zod'
import { Id, IdInPath, text } from '../../http/fields.ts'
import { GenerationParamsSchema } from '../practice/generation-params-schema.ts'
import { ModelResultSchema, StyleParamsSchema, StylePresetSchema, TurnResultSchema } from '../practice/schema.ts'
import { toModelResult } from '../practice/to-wire.ts'
import type { Variant } from '../practice/variant-service.ts'
import type { BlindAnswer, BlindPair } from './blind.ts'
import type { Experiment } from './experiment.ts'
import type { Leaderboard, Rating } from './leaderboard.ts'
import { metricsOf, type Spread } from './metrics.ts'
import type { AnsweredVariant, WholeExperiment } from './service.ts'
import type { ListedExperiment } from './store.ts'
import { variantDifferences } from './variant-differences.ts'
import type { Outcome, RevealedAnswer } from './voting-service.ts'

/** Experiments, blind votes and leaderboards on the wire. */

const MAX_ANSWERS = 64
/** Pairs in one reply; the others follow when these have been judged. */
export const PAIRS_AT_ONCE = 50

const VariantBody = z
  .strictObject({
    label: text(100).nullish().describe('What to call it; the model’s name when left out'),
    model_name: z.string().min(1).max(256),
    style_preset: StylePresetSchema.nullish(),
    style_params: StyleParamsSchema.nullish(),
    generation_params: GenerationParamsSchema.nullish(),
    agent_id: Id.nullish(),
    few_shot_example_ids: z.array(Id).max(64).nullish(),
    use_knowledge: z
      .boolean()
      .nullish()
      .refine((wanted) => !wanted, 'Knowledge bases are not supported by this version; leave it out or say false')
      .describe('Not supported yet: false, null or left out'),
  })
  .meta({ id: 'ExperimentVariantCreate', description: 'Settings over the defaults of the class' })

export const ExperimentBody = z
  .strictObject({
    prompt_text: text(1_000_000),
    variants: z.array(VariantBody).min(1).max(MAX_ANSWERS),
    repeats: z.int().min(1).max(10).default(1).describe('How often each variant is asked'),
  })
  .superRefine(({ variants, repeats }, context) => {
    if (variants.length * repeats > MAX_ANSWERS)
      context.addIssue({
        code: 'custom',
        path: ['repeats'],
        message: `${variants.length} variants ${repeats} times are more than ${MAX_ANSWERS} answers`,
      })
  })
  .meta({ id: 'ExperimentCreate' })

export const ExperimentPatch = z
  .strictObject({ is_shared: z.boolean().describe('Whether the class may vote on its answers') })
  .meta({ id: 'ExperimentUpdate' })

const AnswerId = z.string().regex(/^[0-9a-f]{24}$/, 'must be the answer_id of a blind answer')
const OutcomeSchema = z.enum(['left', 'right', 'tie', 'both_bad'])
export const VoteBody = z
  .strictObject({ left_answer_id: AnswerId, right_answer_id: AnswerId, outcome: OutcomeSchema })
  .meta({ id: 'BlindVoteCreate' })

export const ClassQuery = z.object({ class_id: IdInPath })
export const ClassPath = z.object({ class_id: IdInPath })
export const ExperimentPath = z.object({ experiment_id: IdInPath })
export const VotePath = z.object({ experiment_id: IdInPath, left_answer_id: AnswerId, right_answer_id: AnswerId })
export const ListQuery = z.object({
  page: z.coerce.number().int().min(1).max(1_000_000).default(1),
  size: z.coerce.number().int().min(1).max(200).default(50),
})

const fields = {
  experiment_id: Id,
  class_id: Id,
  repeats: z.int(),
  is_shared: z.boolean(),
  status: TurnResultSchema.shape.status,
  created_at: z.iso.datetime(),
}
const page = { total: z.int(), page: z.int(), size: z.int() }
const SpreadSchema = z.object({ mean: z.number(), min: z.number(), max: z.number() }).nullable()

export const ExperimentSchema = z
  .object({
    ...fields,
    session_id: Id.describe('Its session, in which each lane keeps to the settings of its variant'),
    turn_id: Id,
    prompt_text: z.string(),
    variants: z.array(
      z
        .object({
          variant_id: z.int().describe('From 1; also the revision of the session’s settings that it is asked with'),
          label: z.string(),
          model_name: z.string(),
          style_preset: StylePresetSchema.nullable(),
          style_params: z.record(z.string(), z.unknown()),
          generation_params: z.record(z.string(), z.unknown()),
          agent: z.object({ agent_id: Id, version: z.int(), name: z.string() }).nullable(),
          few_shot_example_ids: z.array(Id),
          use_knowledge: z.boolean(),
          metrics: z
            .object({
              answers: z.int(),
              complete: z.int(),
              failures: z.int(),
              prompt_tokens: SpreadSchema,
              completion_tokens: SpreadSchema,
              first_token_ms: SpreadSchema,
              latency_ms: SpreadSchema,
              cost: SpreadSchema.describe('US dollars an answer; null when the model has no price'),
              total_cost: z.number().nullable().describe('US dollars, with answers that were not completed'),
            })
            .describe('Of completed answers, unless the name says otherwise; of each repeat the latest attempt'),
          responses: z.array(ModelResultSchema),
        })
        .meta({ id: 'ExperimentVariant' }),
    ),
    differences: z
      .array(z.object({ path: z.string(), values: z.array(z.unknown()) }))
      .describe('Each setting in which any two variants differ, with the value of every variant in their order'),
  })
  .meta({ id: 'Experiment' })

const SummarySchema = z.object({ ...fields, session_id: Id, turn_id: Id, preview: z.string() })
export const ExperimentPageSchema = z
  .object({ items: z.array(SummarySchema.meta({ id: 'ExperimentSummary' })), ...page })
  .meta({ id: 'ExperimentPage' })
export const SharedPageSchema = z
  .object({
    items: z.array(
      z
        .object({ ...fields, owner_id: Id, preview: z.string().describe('Begin of the prompt') })
        .meta({ id: 'SharedExperiment' }),
    ),
    ...page,
  })
  .meta({ id: 'SharedExperimentPage' })

const pairFields = { left_answer_id: z.string(), right_answer_id: z.string() }
export const BlindSchema = z
  .object({
    experiment_id: Id,
    prompt_text: z.string(),
    answers: z
      .array(z.object({ answer_id: z.string(), name: z.string(), text: z.string() }))
      .describe('In an order that is random for each person'),
    pairs: z.array(z.object(pairFields)).describe(`What to judge next; at most ${PAIRS_AT_ONCE} at once`),
    pairs_left: z.int(),
    votes: z.array(z.object({ ...pairFields, outcome: OutcomeSchema, voted_at: z.iso.datetime() })).describe('Mine'),
  })
  .meta({ id: 'BlindExperiment' })

const RevealedSchema = z
  .object({
    answer_id: z.string(),
    name: z.string(),
    variant_id: z.int(),
    label: z.string(),
    model_name: z.string(),
    response_id: Id,
  })
  .meta({ id: 'RevealedAnswer' })
export const VoteSchema = z
  .object({ outcome: OutcomeSchema, voted_at: z.iso.datetime(), left: RevealedSchema, right: RevealedSchema })
  .meta({ id: 'BlindVote' })

const ratingFields = {
  rating: z.number().describe('1000 is average; 400 more is ten to one'),
  low: z.number().describe('With high, the 95% interval'),
  high: z.number(),
}
export const LeaderboardSchema = z
  .object({
    class_id: Id,
    votes: z.int(),
    points_for_double_length: z.number().describe('What an answer gains by being twice as long as the other'),
    models: z
      .array(
        z
          .object({
            model_name: z.string(),
            ...ratingFields,
            length_corrected: z.object(ratingFields).describe('As if all answers had been of the same length'),
            votes: z.int(),
            wins: z.int(),
            ties: z.int(),
            losses: z.int(),
            both_bad: z.int(),
          })
          .meta({ id: 'LeaderboardModel' }),
      )
      .describe('The best first; a tie and a vote that both were bad count as half a win for each'),
  })
  .meta({ id: 'Leaderboard' })

export function toVariant(body: z.output<typeof VariantBody>): Variant & { label: string | null } {
  return {
    label: body.label ?? null,
    modelName: body.model_name,
    // Null asks for nothing here, so that the class's defaults stay.
    settings: {
      stylePreset: body.style_preset ?? undefined,
      styleParams: body.style_params ?? undefined,
      generationParams: body.generation_params ?? undefined,
      fewShotExampleIds: body.few_shot_example_ids ?? undefined,
      agentId: body.agent_id ?? undefined,
    },
  }
}

export function toWireExperiment({ experiment, turn, variants }: WholeExperiment): z.input<typeof ExperimentSchema> {
  return {
    ...toWireFields({ ...experiment, status: turn.status }),
    session_id: experiment.sessionId,
    turn_id: experiment.turnId,
    prompt_text: turn.promptText,
    variants: variants.map((variant) => ({
      variant_id: variant.revision,
      label: variant.label,
      ...toWireSettings(variant),
      metrics: toWireMetrics(variant),
      responses: variant.responses.map((response) => toModelResult(response, turn.promptText)),
    })),
    differences: variantDifferences(variants.map(toWireSettings)),
  }
}

export function toWireSummary(experiment: ListedExperiment): z.input<typeof SummarySchema> {
  return {
    ...toWireFields(experiment),
    session_id: experiment.sessionId,
    turn_id: experiment.turnId,
    preview: experiment.preview,
  }
}

/** As the class sees it: nothing that leads to the answers' models. */
export function toWireShared(experiment: ListedExperiment) {
  return { ...toWireFields(experiment), owner_id: experiment.personId, preview: experiment.preview }
}

export function toWireBlindAnswer({ answerId, name, response }: BlindAnswer) {
  return { answer_id: answerId, name, text: response.text }
}

export function toWirePair({ left, right }: BlindPair) {
  return { left_answer_id: left.answerId, right_answer_id: right.answerId }
}

export function toWireVote(vote: { left: RevealedAnswer; right: RevealedAnswer; outcome: Outcome; votedAt: string }) {
  return {
    outcome: vote.outcome,
    voted_at: vote.votedAt,
    left: toWireRevealed(vote.left),
    right: toWireRevealed(vote.right),
  }
}

export function toWireLeaderboard(classId: number, board: Leaderboard): z.input<typeof LeaderboardSchema> {
  return {
    class_id: classId,
    votes: board.votes,
    points_for_double_length: tenth(board.pointsForDoubleLength),
    models: board.rows.map((row) => ({
      model_name: row.modelName,
      ...toWireRating(row),
      length_corrected: toWireRating(row.lengthCorrected),
      votes: row.votes,
      wins: row.wins,
      ties: row.ties,
      losses: row.losses,
      both_bad: row.bothBad,
    })),
  }
}

function toWireFields(experiment: Experiment & { status: ListedExperiment['status'] }) {
  return {
    experiment_id: experiment.experimentId,
    class_id: experiment.classId,
    repeats: experiment.repeats,
    is_shared: experiment.isShared,
    status: experiment.status,
    created_at: experiment.createdAt,
  }
}

/** Of an agent only which one it is: its prompt may be hidden from the reader. */
function toWireSettings({ modelName, settings }: AnsweredVariant) {
  const { agentSnapshot: agent } = settings
  return {
    model_name: modelName,
    style_preset: settings.stylePreset,
    style_params: settings.styleParams,
    generation_params: settings.generationParams,
    agent: agent && { agent_id: agent.agent_id, version: agent.version, name: agent.name },
    few_shot_example_ids: settings.fewShotLinks.map(({ exampleId }) => exampleId),
    use_knowledge: false,
  }
}

function toWireMetrics({ responses }: AnsweredVariant) {
  const metrics = metricsOf(responses)
  return {
    answers: metrics.answers,
    complete: metrics.complete,
    failures: metrics.failures,
    prompt_tokens: metrics.promptTokens,
    completion_tokens: metrics.completionTokens,
    first_token_ms: inMilliseconds(metrics.firstTokenMs),
    latency_ms: inMilliseconds(metrics.latencyMs),
    cost: metrics.cost,
    total_cost: metrics.totalCost,
  }
}

function toWireRevealed({ answerId, name, response, variant }: RevealedAnswer) {
  return {
    answer_id: answerId,
    name,
    variant_id: variant.revision,
    label: variant.label,
    model_name: variant.modelName,
    response_id: response.responseId,
  }
}

function toWireRating({ rating, low, high }: Rating) {
  return { rating: tenth(rating), low: tenth(low), high: tenth(high) }
}

function inMilliseconds(spread: Spread | null): Spread | null {
  return spread && { mean: tenth(spread.mean), min: tenth(spread.min), max: tenth(spread.max) }
}

function tenth(value: number): number {
  return Math.round(value * 10) / 10
}
