import { z } from 'zod'
import { BooleanInQuery, Id, IdInPath, optionalText, SearchText, text } from '../../http/fields.ts'
import { GenerationParamsSchema } from '../practice/generation-params-schema.ts'
import {
  type AgentShare,
  type AgentVersion,
  type AgentVersionSummary,
  MAX_EXAMPLE_CHARACTERS,
  MAX_EXAMPLES,
  MAX_EXAMPLES_CHARACTERS,
  MAX_NAME_CHARACTERS,
  MAX_PROMPT_CHARACTERS,
  MAX_ROLE_CHARACTERS,
  MAX_SKILLSETS,
  type RedactedAgent,
} from './agent.ts'
import type { AgentChange, GivenContent } from './service.ts'

/** Agents on the wire: practice.md §1.9 and 2.4, and versions. */

const Name = text(MAX_NAME_CHARACTERS).transform((name) => name.trim())

const ExampleBody = z
  .strictObject({ input_text: text(MAX_EXAMPLE_CHARACTERS), output_text: text(MAX_EXAMPLE_CHARACTERS) })
  .meta({ id: 'AgentExampleCreate' })

const ExampleSchema = z.object({ input_text: z.string(), output_text: z.string() }).meta({ id: 'AgentExample' })

const Examples = z
  .array(ExampleBody)
  .max(MAX_EXAMPLES)
  .refine(
    (examples) =>
      examples.reduce((sum, one) => sum + one.input_text.length + one.output_text.length, 0) <= MAX_EXAMPLES_CHARACTERS,
    `The examples have more than ${MAX_EXAMPLES_CHARACTERS} characters together`,
  )

const Skillsets = z
  .array(
    z
      .strictObject({
        skillset_id: z.string().regex(/^[a-z0-9]{8}$/, 'has 8 lowercase letters and digits'),
        version: z.int().min(1).nullish().describe('The latest when it is left out; the agent keeps to it'),
      })
      .meta({ id: 'AgentSkillsetCreate' }),
  )
  .max(MAX_SKILLSETS)
  .refine(
    (skillsets) => new Set(skillsets.map(({ skillset_id }) => skillset_id)).size === skillsets.length,
    'A skillset is named twice',
  )

const SkillsetSchema = z
  .object({ skillset_id: z.string(), version: z.int(), name: z.string() })
  .meta({ id: 'AgentSkillset' })

export const AgentBody = z
  .strictObject({
    name: Name,
    role_description: optionalText(MAX_ROLE_CHARACTERS).optional(),
    system_prompt: text(MAX_PROMPT_CHARACTERS),
    examples: Examples.nullish(),
    generation_params: GenerationParamsSchema.nullish(),
    skillsets: Skillsets.nullish().describe('With which its lanes answer'),
    is_prompt_hidden: z
      .boolean()
      .nullish()
      .describe('Whether the prompt and the examples reach models, and nobody but me'),
  })
  .meta({ id: 'AgentCreate' })

export const AgentPatch = z
  .strictObject({
    name: Name.optional(),
    role_description: optionalText(MAX_ROLE_CHARACTERS).optional(),
    system_prompt: text(MAX_PROMPT_CHARACTERS).optional(),
    examples: Examples.nullish().describe('Replaces the whole list; null clears it'),
    generation_params: GenerationParamsSchema.nullish().describe('Replaces all of them; null clears them'),
    skillsets: Skillsets.nullish().describe('Replaces all of them; null clears them'),
    is_prompt_hidden: z.boolean().optional(),
    is_active: z.boolean().optional(),
  })
  .meta({ id: 'AgentUpdate' })

export const ForkBody = z
  .strictObject({ class_id: Id, name: optionalText(MAX_NAME_CHARACTERS).optional() })
  .meta({ id: 'AgentFork' })

export const AgentPath = z.object({ agent_id: IdInPath })
export const VersionPath = z.object({ agent_id: IdInPath, version: IdInPath })
export const ClassQuery = z.object({ class_id: IdInPath })

const paging = {
  limit: z.coerce.number().int().min(1).max(100).default(20),
  offset: z.coerce.number().int().min(0).max(1_000_000).default(0),
}
export const ListQuery = z.object({ ...paging, q: SearchText.optional().describe('Part of a name or a role') })
export const VersionsQuery = z.object(paging)
export const SharedQuery = z.object({
  ...paging,
  class_id: IdInPath,
  active_only: BooleanInQuery.default(true).describe('false also lists inactive ones, to teachers and assistants'),
})

/** `"3"` as our own ETag has it, or a bare 3; `*` is any version. */
export const IfVersion = z.object({
  'if-match': z
    .string()
    .regex(/^("?)\d{1,9}\1$|^\*$/, 'If-Match takes the number of a version')
    .transform((value) => (value === '*' ? undefined : Number(value.replaceAll('"', ''))))
    .optional(),
})

export const AgentSchema = z
  .object({
    agent_id: Id,
    owner_id: Id,
    version: z.int().describe('The latest; also its ETag'),
    name: z.string(),
    role_description: z.string().nullable(),
    system_prompt: z.string().nullable().describe('null when it is hidden from you'),
    examples: z.array(ExampleSchema).describe('Empty when they are hidden from you'),
    generation_params: z.record(z.string(), z.unknown()),
    skillsets: z.array(SkillsetSchema).describe('Empty when they are hidden from you'),
    is_prompt_hidden: z.boolean(),
    is_active: z.boolean(),
    template_source: z.string().nullable().describe('class_shared when it was forked from a class'),
    class_ids: z.array(Id).describe('The classes that may use it; to others than its owner, only the one asked for'),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .meta({ id: 'Agent' })

const page = { total: z.int(), page: z.int(), size: z.int() }
export const AgentPageSchema = z.object({ items: z.array(AgentSchema), ...page }).meta({ id: 'AgentPage' })

const versionFields = {
  agent_id: Id,
  version: z.int(),
  name: z.string(),
  restored_from: z.int().nullable().describe('The version that this one was made equal to'),
  created_at: z.iso.datetime(),
}
export const AgentVersionSchema = z
  .object({
    ...versionFields,
    role_description: z.string().nullable(),
    system_prompt: z.string(),
    examples: z.array(ExampleSchema),
    generation_params: z.record(z.string(), z.unknown()),
    skillsets: z.array(SkillsetSchema),
  })
  .meta({ id: 'AgentVersion' })
export const AgentVersionPageSchema = z
  .object({ items: z.array(z.object(versionFields).meta({ id: 'AgentVersionSummary' })), ...page })
  .meta({ id: 'AgentVersionPage' })

export const AgentShareSchema = z
  .object({
    share_id: Id,
    agent_id: Id,
    class_id: Id,
    shared_by_user_id: Id,
    is_active: z.boolean(),
    created_at: z.iso.datetime(),
  })
  .meta({ id: 'AgentShare' })

export function toContent(body: z.output<typeof AgentBody>): GivenContent {
  return {
    name: body.name,
    roleDescription: body.role_description ?? null,
    systemPrompt: body.system_prompt,
    examples: body.examples ?? [],
    generationParams: given(body.generation_params),
    skillsets: body.skillsets?.map(toGivenSkillset) ?? [],
  }
}

/** What is left out stays; null clears. */
export function toChange(body: z.output<typeof AgentPatch>): AgentChange {
  return {
    ...(body.name !== undefined && { name: body.name }),
    ...(body.role_description !== undefined && { roleDescription: body.role_description }),
    ...(body.system_prompt !== undefined && { systemPrompt: body.system_prompt }),
    ...(body.examples !== undefined && { examples: body.examples ?? [] }),
    ...(body.generation_params !== undefined && { generationParams: given(body.generation_params) }),
    ...(body.skillsets !== undefined && { skillsets: body.skillsets?.map(toGivenSkillset) ?? [] }),
    ...(body.is_prompt_hidden !== undefined && { isPromptHidden: body.is_prompt_hidden }),
    ...(body.is_active !== undefined && { isActive: body.is_active }),
  }
}

export function toWireAgent(agent: RedactedAgent): z.input<typeof AgentSchema> {
  return {
    agent_id: agent.agentId,
    owner_id: agent.personId,
    version: agent.version,
    name: agent.name,
    role_description: agent.roleDescription,
    system_prompt: agent.systemPrompt,
    examples: agent.examples,
    generation_params: agent.generationParams,
    skillsets: agent.skillsets,
    is_prompt_hidden: agent.isPromptHidden,
    is_active: agent.isActive,
    template_source: agent.source,
    class_ids: agent.classIds,
    created_at: agent.createdAt,
    updated_at: agent.updatedAt,
  }
}

export function toWireVersionSummary(agentId: number, version: AgentVersionSummary) {
  return {
    agent_id: agentId,
    version: version.version,
    name: version.name,
    restored_from: version.restoredFrom,
    created_at: version.createdAt,
  }
}

export function toWireVersion(agentId: number, version: AgentVersion): z.input<typeof AgentVersionSchema> {
  return {
    ...toWireVersionSummary(agentId, version),
    role_description: version.roleDescription,
    system_prompt: version.systemPrompt,
    examples: version.examples,
    generation_params: version.generationParams,
    skillsets: version.skillsets,
  }
}

export function toWireShare(share: AgentShare): z.input<typeof AgentShareSchema> {
  return {
    share_id: share.shareId,
    agent_id: share.agentId,
    class_id: share.classId,
    shared_by_user_id: share.personId,
    is_active: share.isActive,
    created_at: share.createdAt,
  }
}

/** Pages of lists that are asked for with `limit` and `offset`: the number of the page on which the first row lies. */
export function toPage<Item>(items: Item[], total: number, { limit, offset }: { limit: number; offset: number }) {
  return { items, total, page: Math.floor(offset / limit) + 1, size: limit }
}

function toGivenSkillset({ skillset_id, version }: z.output<typeof Skillsets>[number]) {
  return { skillsetId: skillset_id, version: version ?? undefined }
}

function given(params: z.output<typeof GenerationParamsSchema> | null | undefined): GivenContent['generationParams'] {
  return Object.fromEntries(Object.entries(params ?? {}).filter(([, value]) => value !== null && value !== undefined))
}
