import { z } from 'zod'
import { JsonObject, orDefault, orNull } from '../weave/fields.ts'
import type { Created, Fields, Typed } from './typed-objects.ts'

/** Objects with endpoints of their own on the wire, as in Weave's OpenAPI document of 2 August 2026. */

const Name = z.string().meta({ description: 'Those with the same name are versions of one' })
const Description = orNull(z.string())
const Source = z.string().meta({ description: 'The whole source code, imports included' })
const Ref = z.string().meta({ description: 'A ref (`weave:///…`)' })
const RefOrNull = Ref.nullable()

export const OpBody = z.object({ name: orNull(Name), source_code: orNull(Source) })
export const DatasetBody = z.object({ name: orNull(Name), description: Description, rows: z.array(JsonObject) })
export const ScorerBody = z.object({ name: Name, description: Description, op_source_code: Source })
export const EvaluationBody = z.object({
  name: Name,
  description: Description,
  dataset: Ref,
  scorers: orNull(z.array(Ref)),
  trials: orDefault(z.int(), 1),
  evaluation_name: orNull(z.string()),
  eval_attributes: orNull(JsonObject),
})
export const ModelBody = z.object({
  name: Name,
  description: Description,
  source_code: Source,
  attributes: orNull(JsonObject),
})

const Place = { digest: z.string(), object_id: z.string(), version_index: z.int() }
export const PlainCreated = z.object(Place)
export const ScorerCreated = z.object({ ...Place, scorer: Ref })
export const EvaluationCreated = z.object({ ...Place, evaluation_ref: Ref })
export const ModelCreated = z.object({ ...Place, model_ref: Ref })

const Read = { ...Place, created_at: z.string().meta({ format: 'date-time' }) }
const Named = { ...Read, name: z.string(), description: z.string().nullable() }
export const OpRead = z.object({ ...Read, code: z.string() })
export const DatasetRead = z.object({ ...Named, rows: Ref })
export const ScorerRead = z.object({ ...Named, score_op: Ref })
export const EvaluationRead = z.object({
  ...Named,
  dataset: Ref,
  scorers: z.array(Ref),
  trials: z.int(),
  evaluation_name: z.string().nullable(),
  evaluate_op: RefOrNull,
  predict_and_score_op: RefOrNull,
  summarize_op: RefOrNull,
})
export const ModelRead = z.object({
  ...Named,
  source_code: z.string(),
  attributes: z.unknown().meta({ type: 'object', additionalProperties: true }),
})
export const Deleted = z.object({ num_deleted: z.int() })

export const ProjectPath = z.object({ entity: z.string(), project: z.string() })
export const TypedPath = ProjectPath.extend({ object_id: z.string() })
export const TypedVersionPath = TypedPath.extend({ digest: z.string() })
export const PageQuery = z.object({
  limit: z.coerce.number().int().optional().meta({ description: 'At most so many' }),
  offset: z.coerce.number().int().optional().meta({ description: 'After so many' }),
})
export const DigestsQuery = z.object({
  digests: z
    .union([z.array(z.string()), z.string().transform((one) => [one])])
    .optional()
    .meta({
      description: 'Which versions; all if it is left out',
    }),
})

export function printPlace({ version }: Pick<Created, 'version'>) {
  return { digest: version.digest, object_id: version.objectId, version_index: version.versionIndex }
}

function printRead(typed: Typed) {
  return { ...printPlace(typed), created_at: typed.version.createdAt }
}

function printNamed(typed: Typed) {
  const { name, description } = typed.fields
  return { ...printRead(typed), name: textOf(name) ?? typed.version.objectId, description: textOf(description) }
}

export const printOp = (typed: Typed) => ({ ...printRead(typed), code: typed.source ?? '' })
export const printDataset = (typed: Typed) => ({ ...printNamed(typed), rows: textOf(typed.fields.rows) ?? '' })
export const printScorer = (typed: Typed) => ({ ...printNamed(typed), score_op: textOf(typed.fields.score) ?? '' })
export const printEvaluation = (typed: Typed) => {
  const { dataset, scorers, trials, evaluation_name, evaluate, predict_and_score, summarize } = typed.fields
  return {
    ...printNamed(typed),
    dataset: textOf(dataset) ?? '',
    scorers: Array.isArray(scorers) ? scorers.filter((ref): ref is string => typeof ref === 'string') : [],
    trials: typeof trials === 'number' ? trials : 1,
    evaluation_name: textOf(evaluation_name),
    evaluate_op: textOf(evaluate),
    predict_and_score_op: textOf(predict_and_score),
    summarize_op: textOf(summarize),
  }
}
export const printModel = (typed: Typed) => ({
  ...printNamed(typed),
  source_code: typed.source ?? '',
  attributes: Object.fromEntries(Object.entries(typed.fields).filter(([key]) => !OWN_FIELDS.includes(key))) as Fields,
})

const OWN_FIELDS = ['_type', '_class_name', '_bases', 'name', 'description', 'files']

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
