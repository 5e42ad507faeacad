import { z } from 'zod'
import { anyText, IdInPath, SearchText, text } from '../../../http/fields.ts'
import { isHumanName, isModelName, MAX_HUMAN_NAME_CHARACTERS, MAX_MODEL_NAME_CHARACTERS } from './skill-names.ts'
import type { SkillText } from './skill-reader.ts'
import type { SkillChange } from './skill-service.ts'
import type { OperationTuning } from './tuning.ts'

/** What is asked about skills. */

const MAX_DESCRIPTION_CHARACTERS = 2_000
const MAX_OPERATION_ID_CHARACTERS = 256
const MAX_TUNINGS = 2_000
const MAX_URL_CHARACTERS = 2_048

const description = z.union([z.literal(''), anyText(MAX_DESCRIPTION_CHARACTERS)])

const NameForHuman = z
  .string()
  .max(200)
  .transform((name) => name.normalize('NFC').trim())
  .refine(
    isHumanName,
    `A name has letters of any script, digits and spaces, at most ${MAX_HUMAN_NAME_CHARACTERS} characters`,
  )
const NameForModel = z
  .string()
  .refine(
    isModelName,
    `A name for models has ASCII letters, digits and underscores, begins with a letter, and has at most ${MAX_MODEL_NAME_CHARACTERS} characters`,
  )

const HintSchema = z
  .strictObject({
    fields: z.array(text(200)).max(100).describe('Paths such as items[].title; empty is everything'),
    max_items: z.int().min(1).max(1_000).nullable().describe('Of every list; null is as many as fit'),
  })
  .meta({ id: 'SkillResponseHint' })

export const Approval = z
  .enum(['never', 'always'])
  .describe('Whether each call waits until a person has allowed it. Unless told, only what reads is called at once')

const TuningSchema = z
  .strictObject({
    operation_id: text(MAX_OPERATION_ID_CHARACTERS),
    is_enabled: z.boolean().optional().describe('Whether models may use it'),
    summary: z.union([z.literal(''), anyText(500)]).optional(),
    description: z.union([z.literal(''), anyText(5_000)]).optional(),
    approval: Approval.optional(),
    api_order: z.int().min(0).max(1_000_000).nullable().optional().describe('Where its results stand; x-api-order'),
    hint: HintSchema.optional(),
  })
  .meta({ id: 'SkillOperationTuning' })

const words = {
  name_for_human: NameForHuman.optional().describe('Taken from the title unless told; unique in a skillset'),
  name_for_model: NameForModel.optional().describe('Taken from the title unless told; unique in a skillset'),
  description_for_human: description.optional(),
  description_for_model: description.optional().describe('What a model chooses the skill by'),
  operations: z
    .array(TuningSchema)
    .max(MAX_TUNINGS)
    .optional()
    .describe('What is said of operations; those that are not listed stay'),
}

const place = {
  document: z
    .union([z.string(), z.record(z.string(), z.unknown())])
    .optional()
    .describe('An OpenAPI document (2.0, 3.0 or 3.1): its text in JSON or YAML, or the JSON object itself'),
  url: z.string().min(1).max(MAX_URL_CHARACTERS).optional().describe('Where a document is'),
  mcp_url: z.string().min(1).max(MAX_URL_CHARACTERS).optional().describe('An MCP server (streamable HTTP)'),
  mcp_token: text(4_096)
    .optional()
    .describe('Signs in to the MCP server to ask for its tools; not kept. Calls use the credential `token`'),
}
const ONE_PLACE = 'Give exactly one of document, url and mcp_url, and mcp_token only with the last'
const isOnePlace = (given: { document?: unknown; url?: unknown; mcp_url?: unknown; mcp_token?: unknown }) =>
  [given.document, given.url, given.mcp_url].filter((one) => one !== undefined).length === 1 &&
  (given.mcp_token === undefined || given.mcp_url !== undefined)

export const DocumentBody = z.strictObject(place).refine(isOnePlace, ONE_PLACE).meta({ id: 'SkillDocument' })
export const SkillBody = z
  .strictObject({ ...place, ...words })
  .refine(isOnePlace, ONE_PLACE)
  .meta({ id: 'SkillCreate' })
export const SkillPatch = z.strictObject(words).meta({ id: 'SkillUpdate' })
/** What `@fastify/multipart` makes of a form: files as buffers, fields as text. */
export const UploadBody = z
  .strictObject({
    file: z
      .any()
      .refine((value) => Buffer.isBuffer(value), 'Send the document as a file')
      .meta({ type: 'string', format: 'binary' }),
    name_for_human: NameForHuman.optional(),
    name_for_model: NameForModel.optional(),
    description_for_human: description.optional(),
    description_for_model: description.optional(),
  })
  .meta({ id: 'SkillUpload' })

export const SkillPath = z.object({ skill_id: IdInPath })
export const OperationPath = z.object({
  skill_id: IdInPath,
  operation_id: anyText(MAX_OPERATION_ID_CHARACTERS),
})
export const SkillListQuery = z.object({
  page: z.coerce.number().int().min(1).max(1_000_000).default(1),
  size: z.coerce.number().int().min(1).max(200).default(50),
  q: SearchText.optional().describe('Part of a name or a description'),
})

export function toSkillText(body: {
  document?: string | Record<string, unknown> | undefined
  url?: string | undefined
  mcp_url?: string | undefined
  mcp_token?: string | undefined
}): SkillText {
  if (body.mcp_url !== undefined) return { kind: 'mcp', url: body.mcp_url, token: body.mcp_token }
  if (body.url !== undefined) return { kind: 'url', url: body.url }
  return { kind: 'document', text: typeof body.document === 'string' ? body.document : JSON.stringify(body.document) }
}

export function toSkillChange(body: z.output<typeof SkillPatch>): SkillChange {
  return {
    ...(body.name_for_human !== undefined && { nameForHuman: body.name_for_human }),
    ...(body.name_for_model !== undefined && { nameForModel: body.name_for_model }),
    ...(body.description_for_human !== undefined && { descriptionForHuman: body.description_for_human }),
    ...(body.description_for_model !== undefined && { descriptionForModel: body.description_for_model }),
    ...(body.operations !== undefined && { operations: body.operations.map(toTuning) }),
  }
}

function toTuning(tuning: z.output<typeof TuningSchema>): OperationTuning {
  return {
    operationId: tuning.operation_id,
    ...(tuning.is_enabled !== undefined && { isEnabled: tuning.is_enabled }),
    ...(tuning.summary !== undefined && { summary: tuning.summary }),
    ...(tuning.description !== undefined && { description: tuning.description }),
    ...(tuning.approval !== undefined && { approval: tuning.approval }),
    ...(tuning.api_order !== undefined && { apiOrder: tuning.api_order }),
    ...(tuning.hint !== undefined && { hint: { fields: tuning.hint.fields, maxItems: tuning.hint.max_items } }),
  }
}
