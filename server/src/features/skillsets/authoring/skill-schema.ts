import { z } from 'zod'
import { anyText, Id, IdInPath, SearchText, text } from '../../../http/fields.ts'
import type { DocumentProblem } from '../document/problem.ts'
import type { Operation, SecurityScheme, SkillContent } from '../skill.ts'
import {
  humanNameOf,
  isHumanName,
  isModelName,
  MAX_HUMAN_NAME_CHARACTERS,
  MAX_MODEL_NAME_CHARACTERS,
  modelNameOf,
} from './skill-names.ts'
import type { ReadSkill, SkillText } from './skill-reader.ts'
import type { SkillChange } from './skill-service.ts'
import type { EditedSkill, SkillSummary } from './skillset.ts'
import type { OperationTuning } from './tuning.ts'

/** Skills on the wire. */

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

const Approval = z
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

const ProblemSchema = z
  .object({
    severity: z.enum(['error', 'warning']).describe('What an error is about was left out'),
    pointer: z.string().describe('JSON pointer into the document as it was given'),
    message: z.string(),
    suggestion: z.string(),
  })
  .meta({ id: 'SkillDocumentProblem' })
export const DocumentRefusedSchema = z
  .object({ detail: z.string(), message: z.string(), problems: z.array(ProblemSchema).optional() })
  .meta({ id: 'SkillDocumentRefused' })

export const SecuritySchemeSchema = z
  .object({
    name: z.string(),
    kind: z.enum(['apiKey', 'bearer', 'basic']),
    in: z.enum(['header', 'query', 'cookie']).nullable(),
    parameter: z.string().nullable(),
    description: z.string(),
  })
  .meta({ id: 'SkillSecurityScheme' })

export const SkillOperationSchema = z
  .object({
    operation_id: z.string(),
    summary: z.string(),
    description: z.string(),
    is_enabled: z.boolean(),
    approval: Approval,
    api_order: z.int().nullable(),
    hint: z.object({ fields: z.array(z.string()), max_items: z.int().nullable() }),
    method: z.string().nullable().describe('null for a tool of an MCP server'),
    server: z.string().nullable(),
    path: z.string().nullable(),
    tool: z.string().nullable(),
    parameters: z.array(z.object({ name: z.string(), in: z.string(), is_required: z.boolean() })),
    body_media_type: z.string().nullable(),
    security: z.array(z.array(z.string())).describe('Any one of these is enough; of each, all schemes are needed'),
  })
  .meta({ id: 'SkillOperation' })

export const SkillSourceSchema = z
  .object({
    kind: z.enum(['openapi', 'mcp']),
    title: z.string(),
    version: z.string().nullable(),
    url: z.string().nullable(),
  })
  .meta({ id: 'SkillSource' })

const summaryFields = {
  skill_id: Id,
  revision: z.int().describe('Also its ETag'),
  name_for_human: z.string(),
  name_for_model: z.string(),
  description_for_human: z.string(),
  source: SkillSourceSchema,
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
}
export const SkillSchema = z
  .object({
    ...summaryFields,
    description_for_model: z.string(),
    operations: z.array(SkillOperationSchema),
    security_schemes: z.array(SecuritySchemeSchema),
  })
  .meta({ id: 'Skill' })
export const CreatedSkillSchema = SkillSchema.extend({ problems: z.array(ProblemSchema) }).meta({ id: 'CreatedSkill' })
export const ReplacedSkillSchema = CreatedSkillSchema.extend({
  added_operations: z.array(z.string()).describe('Switched off until somebody switches them on'),
  removed_operations: z.array(z.string()),
}).meta({ id: 'ReplacedSkill' })
export const CheckedDocumentSchema = z
  .object({
    is_usable: z.boolean(),
    source: SkillSourceSchema.nullable(),
    name_for_human: z.string().describe('What the skill would be called'),
    name_for_model: z.string(),
    description: z.string(),
    operations: z.array(SkillOperationSchema),
    security_schemes: z.array(SecuritySchemeSchema),
    problems: z.array(ProblemSchema),
  })
  .meta({ id: 'CheckedSkillDocument' })
export const SkillPageSchema = z
  .object({
    items: z.array(
      z.object({ ...summaryFields, operation_count: z.int(), enabled_count: z.int() }).meta({ id: 'SkillSummary' }),
    ),
    total: z.int(),
    page: z.int(),
    size: z.int(),
  })
  .meta({ id: 'SkillPage' })

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

export function toWireSkill(skill: EditedSkill): z.input<typeof SkillSchema> {
  return {
    ...toWireContent(skill),
    skill_id: skill.skillId,
    revision: skill.revision,
    created_at: skill.createdAt,
    updated_at: skill.updatedAt,
  }
}

export function toWireContent(skill: SkillContent) {
  return {
    name_for_human: skill.nameForHuman,
    name_for_model: skill.nameForModel,
    description_for_human: skill.descriptionForHuman,
    description_for_model: skill.descriptionForModel,
    source: toWireSource(skill.source),
    operations: skill.operations.map(toWireOperation),
    security_schemes: skill.securitySchemes.map(toWireScheme),
  }
}

export function toWireSummary(skill: SkillSummary) {
  return {
    skill_id: skill.skillId,
    revision: skill.revision,
    name_for_human: skill.nameForHuman,
    name_for_model: skill.nameForModel,
    description_for_human: skill.descriptionForHuman,
    source: toWireSource(skill.source),
    operation_count: skill.operationCount,
    enabled_count: skill.enabledCount,
    created_at: skill.createdAt,
    updated_at: skill.updatedAt,
  }
}

export function toWireChecked(read: ReadSkill): z.input<typeof CheckedDocumentSchema> {
  return {
    is_usable: true,
    source: toWireSource(read.source),
    name_for_human: humanNameOf(read.source.title),
    name_for_model: modelNameOf(read.source.title),
    description: read.description,
    operations: read.operations.map(toWireOperation),
    security_schemes: read.securitySchemes.map(toWireScheme),
    problems: read.problems,
  }
}

export function refusedDocument(problems: DocumentProblem[]): z.input<typeof CheckedDocumentSchema> {
  return {
    is_usable: false,
    source: null,
    name_for_human: '',
    name_for_model: '',
    description: '',
    operations: [],
    security_schemes: [],
    problems,
  }
}

function toWireSource(source: SkillSummary['source']): z.input<typeof SkillSourceSchema> {
  return {
    kind: source.kind,
    title: source.title,
    version: source.kind === 'openapi' ? source.version : null,
    url: source.url ?? null,
  }
}

function toWireOperation(operation: Operation): z.input<typeof SkillOperationSchema> {
  const { call } = operation
  const http = call.kind === 'http' ? call : undefined
  return {
    operation_id: operation.operationId,
    summary: operation.summary,
    description: operation.description,
    is_enabled: operation.isEnabled,
    approval: operation.approval,
    api_order: operation.apiOrder,
    hint: { fields: operation.hint.fields, max_items: operation.hint.maxItems },
    method: http?.method ?? null,
    server: http?.server ?? null,
    path: http?.path ?? null,
    tool: call.kind === 'mcp' ? call.tool : null,
    parameters: (http?.parameters ?? []).map((one) => ({ name: one.name, in: one.in, is_required: one.isRequired })),
    body_media_type: http?.body?.mediaType ?? null,
    security: http?.security ?? [],
  }
}

export function toWireScheme(scheme: SecurityScheme): z.input<typeof SecuritySchemeSchema> {
  const isKey = scheme.kind === 'apiKey'
  return {
    name: scheme.name,
    kind: scheme.kind,
    in: isKey ? scheme.in : null,
    parameter: isKey ? scheme.parameter : null,
    description: scheme.description,
  }
}
