import { z } from 'zod'
import { Id } from '../../../http/fields.ts'
import type { DocumentProblem } from '../document/problem.ts'
import type { Operation, SecurityScheme, SkillContent } from '../skill.ts'
import { humanNameOf, modelNameOf } from './skill-names.ts'
import type { ReadSkill } from './skill-reader.ts'
import { Approval } from './skill-schema.ts'
import type { EditedSkill, SkillSummary } from './skillset.ts'

/** Skills as they are sent. */

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
