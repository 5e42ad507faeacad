import { z } from 'zod'
import { anyText, Id, IdInPath, jsonObject, SearchText, text } from '../../../http/fields.ts'
import { isSkillsetId } from '../service.ts'
import { type Demonstration, MAX_CALLS_PER_QUERY } from '../skill.ts'
import type { DraftChange } from './draft-store.ts'
import type { DraftFields, SharedSkillset, SkillsetDraft, SkillsetShare, SkillsetSummary } from './skillset.ts'

/** Skillsets on the wire, as their authors see them. */

const MAX_NAME_CHARACTERS = 100
const MAX_DESCRIPTION_CHARACTERS = 2_000
const MAX_INSTRUCTIONS_CHARACTERS = 20_000
const MAX_FORMAT_CHARACTERS = 4_000
const MAX_DEMONSTRATIONS = 50
const MAX_DEMONSTRATION_QUERY_CHARACTERS = 4_000
const MAX_DEMONSTRATION_ANSWER_CHARACTERS = 20_000
const ARGUMENTS_LIMITS = { maxBytes: 16 * 1024, maxDepth: 16 }
/** Beyond the limit, so that the rule itself says what is wrong. */
const MAX_LISTED_SKILLS = 100

const Name = text(MAX_NAME_CHARACTERS).transform((name) => name.trim())
const optional = (maxCharacters: number) => z.union([z.literal(''), anyText(maxCharacters)])

const DemonstrationSchema = z
  .strictObject({
    query: text(MAX_DEMONSTRATION_QUERY_CHARACTERS),
    steps: z
      .array(
        z.strictObject({
          skill: text(100).describe('Its name for models'),
          operation_id: text(256),
          arguments: jsonObject(ARGUMENTS_LIMITS),
        }),
      )
      .max(MAX_CALLS_PER_QUERY),
    answer: text(MAX_DEMONSTRATION_ANSWER_CHARACTERS),
  })
  .meta({ id: 'SkillsetDemonstration' })

const fields = {
  description: optional(MAX_DESCRIPTION_CHARACTERS).optional(),
  instructions: optional(MAX_INSTRUCTIONS_CHARACTERS).optional().describe('Added to what the model is told'),
  answer_format: optional(MAX_FORMAT_CHARACTERS)
    .optional()
    .describe('How answers shall look, in words: a table, JSON, fixed phrases'),
  model_name: text(256).nullable().optional().describe('null is the first that the asking person may use'),
  skill_ids: z.array(Id).max(MAX_LISTED_SKILLS).optional().describe('The whole list in order; at most 10'),
  demonstrations: z
    .array(DemonstrationSchema)
    .max(MAX_DEMONSTRATIONS)
    .optional()
    .describe('The whole list in order: questions that were answered well, which steer the planning'),
}
export const SkillsetBody = z.strictObject({ name: Name, ...fields }).meta({ id: 'SkillsetCreate' })
export const SkillsetPatch = z.strictObject({ name: Name.optional(), ...fields }).meta({ id: 'SkillsetUpdate' })

const SkillsetId = z.string().refine(isSkillsetId, 'The id of a skillset has 8 lowercase letters and digits')
export const SkillsetPath = z.object({ skillset_id: SkillsetId })
export const ClassQuery = z.object({ class_id: IdInPath })

export const paging = {
  page: z.coerce.number().int().min(1).max(1_000_000).default(1),
  size: z.coerce.number().int().min(1).max(200).default(50),
}
export const SkillsetListQuery = z.object({
  ...paging,
  q: SearchText.optional().describe('Part of a name or a description'),
})
export const SharedQuery = z.object({ ...paging, class_id: IdInPath })

const summaryFields = {
  skillset_id: z.string(),
  owner_id: Id,
  latest_version: z.int().nullable().describe('null before the first is published'),
  name: z.string(),
  description: z.string(),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
}
export const SkillsetSchema = z
  .object({
    ...summaryFields,
    revision: z.int().describe('Of the draft; also its ETag'),
    instructions: z.string(),
    answer_format: z.string(),
    model_name: z.string().nullable(),
    skills: z.array(
      z
        .object({
          skill_id: Id,
          name_for_human: z.string(),
          name_for_model: z.string(),
          enabled_count: z.int().describe('Operations that models may use'),
        })
        .meta({ id: 'ChosenSkill' }),
    ),
    demonstrations: z.array(
      z.object({
        query: z.string(),
        steps: z.array(
          z.object({ skill: z.string(), operation_id: z.string(), arguments: z.record(z.string(), z.unknown()) }),
        ),
        answer: z.string(),
      }),
    ),
    class_ids: z.array(Id).describe('The classes that may use what is published'),
  })
  .meta({ id: 'Skillset' })

const page = { total: z.int(), page: z.int(), size: z.int() }
export const SkillsetPageSchema = z
  .object({ items: z.array(z.object(summaryFields).meta({ id: 'SkillsetSummary' })), ...page })
  .meta({ id: 'SkillsetPage' })
export const SharedSkillsetPageSchema = z
  .object({
    items: z.array(
      z
        .object({ ...summaryFields, skills: z.array(z.object({ skill_id: Id, name_for_human: z.string() })) })
        .meta({ id: 'SharedSkillset' }),
    ),
    ...page,
  })
  .meta({ id: 'SharedSkillsetPage' })
export const SkillsetShareSchema = z
  .object({
    share_id: Id,
    skillset_id: z.string(),
    class_id: Id,
    shared_by_user_id: Id,
    is_active: z.boolean(),
    created_at: z.iso.datetime(),
  })
  .meta({ id: 'SkillsetShare' })

export function toDraftFields(body: z.output<typeof SkillsetBody>): DraftFields {
  return {
    name: body.name,
    description: body.description ?? '',
    instructions: body.instructions ?? '',
    answerFormat: body.answer_format ?? '',
    modelName: body.model_name ?? null,
    demonstrations: (body.demonstrations ?? []).map(toDemonstration),
  }
}

/** What is left out stays. */
export function toDraftChange(body: z.output<typeof SkillsetPatch>): DraftChange {
  return {
    ...(body.name !== undefined && { name: body.name }),
    ...(body.description !== undefined && { description: body.description }),
    ...(body.instructions !== undefined && { instructions: body.instructions }),
    ...(body.answer_format !== undefined && { answerFormat: body.answer_format }),
    ...(body.model_name !== undefined && { modelName: body.model_name }),
    ...(body.demonstrations !== undefined && { demonstrations: body.demonstrations.map(toDemonstration) }),
    ...(body.skill_ids !== undefined && { skillIds: body.skill_ids }),
  }
}

export function toWireSkillset(draft: SkillsetDraft): z.input<typeof SkillsetSchema> {
  return {
    ...toWireSummary(draft),
    revision: draft.revision,
    instructions: draft.instructions,
    answer_format: draft.answerFormat,
    model_name: draft.modelName,
    skills: draft.skills.map((skill) => ({
      skill_id: skill.skillId,
      name_for_human: skill.nameForHuman,
      name_for_model: skill.nameForModel,
      enabled_count: skill.enabledCount,
    })),
    demonstrations: draft.demonstrations.map(toWireDemonstration),
    class_ids: draft.classIds,
  }
}

export function toWireSummary(skillset: SkillsetSummary) {
  return {
    skillset_id: skillset.skillsetId,
    owner_id: skillset.personId,
    latest_version: skillset.latestVersion === 0 ? null : skillset.latestVersion,
    name: skillset.name,
    description: skillset.description,
    created_at: skillset.createdAt,
    updated_at: skillset.updatedAt,
  }
}

export function toWireShared({ skills, ...skillset }: SharedSkillset) {
  return {
    ...toWireSummary(skillset),
    skills: skills.map((skill) => ({ skill_id: skill.skillId, name_for_human: skill.nameForHuman })),
  }
}

export function toWireDemonstration({ query, steps, answer }: Demonstration) {
  return {
    query,
    steps: steps.map((step) => ({
      skill: step.skill,
      operation_id: step.operationId,
      arguments: step.arguments as Record<string, unknown>,
    })),
    answer,
  }
}

export function toWireShare(share: SkillsetShare): z.input<typeof SkillsetShareSchema> {
  return {
    share_id: share.shareId,
    skillset_id: share.skillsetId,
    class_id: share.classId,
    shared_by_user_id: share.personId,
    is_active: share.isActive,
    created_at: share.createdAt,
  }
}

function toDemonstration(wire: z.output<typeof DemonstrationSchema>): Demonstration {
  return {
    query: wire.query,
    steps: wire.steps.map((step) => ({
      skill: step.skill,
      operationId: step.operation_id,
      arguments: step.arguments as Demonstration['steps'][number]['arguments'],
    })),
    answer: wire.answer,
  }
}
