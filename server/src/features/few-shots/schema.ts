import { z } from 'zod'
import { BooleanInQuery, Id, IdInPath, jsonObject, optionalText, SearchText, text } from '../../http/fields.ts'
import { type FewShotDraft, type FewShotExample, MAX_TEXT_CHARACTERS, type Share } from './few-shot.ts'

/** The few-shot library on the wire: practice.md §1.4 and 2.1. */

const MAX_TITLE_CHARACTERS = 200
const META_LIMITS = { maxBytes: 64 * 1024, maxDepth: 32 }

const Title = optionalText(MAX_TITLE_CHARACTERS).optional()

export const FewShotBody = z
  .strictObject({
    title: Title,
    input_text: text(MAX_TEXT_CHARACTERS),
    output_text: text(MAX_TEXT_CHARACTERS),
    meta: jsonObject(META_LIMITS).nullish().describe('Anything; at most 64 KiB of JSON'),
    is_active: z.boolean().nullish().describe('true unless told'),
  })
  .meta({ id: 'FewShotExampleCreate' })

export const FewShotPatch = z
  .strictObject({
    title: Title,
    input_text: text(MAX_TEXT_CHARACTERS).optional(),
    output_text: text(MAX_TEXT_CHARACTERS).optional(),
    meta: jsonObject(META_LIMITS).nullish().describe('Replaces the whole object; null clears it'),
    is_active: z.boolean().optional(),
  })
  .meta({ id: 'FewShotExampleUpdate' })

export const ForkBody = z.strictObject({ class_id: Id, title: Title }).meta({ id: 'FewShotFork' })
export const SaveAnswerBody = z.strictObject({ title: Title }).nullish().meta({ id: 'FewShotFromAnswer' })

export const ExamplePath = z.object({ example_id: IdInPath })
export const ResponsePath = z.object({ response_id: IdInPath })
export const ClassQuery = z.object({ class_id: IdInPath })
export const TokensQuery = z.object({ model_name: z.string().min(1).max(256) })
export const ExportQuery = z.object({ format: z.enum(['csv', 'jsonl']).default('csv') })

const paging = {
  page: z.coerce.number().int().min(1).max(1_000_000).default(1),
  size: z.coerce.number().int().min(1).max(200).default(50),
}
export const ListQuery = z.object({
  ...paging,
  is_active: BooleanInQuery.optional(),
  q: SearchText.optional().describe('Part of a title or a text'),
})
export const SharedQuery = z.object({
  ...paging,
  class_id: IdInPath,
  active_only: BooleanInQuery.default(true).describe('false also lists inactive ones, to teachers and assistants'),
})

export const FewShotExampleSchema = z
  .object({
    example_id: Id,
    user_id: Id.describe('Whose it is'),
    title: z.string().nullable(),
    input_text: z.string(),
    output_text: z.string(),
    meta: z.record(z.string(), z.unknown()),
    is_active: z.boolean(),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
    class_ids: z.array(Id).describe('The classes that may use it; to others than its owner, only the one asked for'),
    fewshot_source: z.enum(['user_fewshot', 'class_shared', 'partner_fewshot']).nullable(),
  })
  .meta({ id: 'FewShotExample' })

export const FewShotPageSchema = z
  .object({ items: z.array(FewShotExampleSchema), total: z.int(), page: z.int(), size: z.int() })
  .meta({ id: 'FewShotExamplePage' })

export const FewShotShareSchema = z
  .object({
    share_id: Id,
    example_id: Id,
    class_id: Id,
    shared_by_user_id: Id,
    is_active: z.boolean(),
    created_at: z.iso.datetime(),
  })
  .meta({ id: 'FewShotShare' })

export const ImportedSchema = z.object({ imported: z.int() }).meta({ id: 'ImportedFewShotExamples' })

export const TokensSchema = z
  .object({
    example_id: Id,
    model_name: z.string(),
    input_tokens: z.int(),
    output_tokens: z.int(),
    total_tokens: z.int().describe('What the example adds to every prompt, with the marks of the chat format'),
    cost: z.number().nullable().describe('US dollars a prompt; null when the model has no price'),
  })
  .meta({ id: 'FewShotTokens' })

export function toDraft(body: z.output<typeof FewShotBody>): FewShotDraft {
  return {
    title: body.title ?? null,
    inputText: body.input_text,
    outputText: body.output_text,
    meta: body.meta ?? {},
    isActive: body.is_active ?? true,
  }
}

/** What is left out stays; null clears. */
export function toChange(body: z.output<typeof FewShotPatch>): Partial<FewShotDraft> {
  return {
    ...(body.title !== undefined && { title: body.title }),
    ...(body.input_text !== undefined && { inputText: body.input_text }),
    ...(body.output_text !== undefined && { outputText: body.output_text }),
    ...(body.meta !== undefined && { meta: body.meta ?? {} }),
    ...(body.is_active !== undefined && { isActive: body.is_active }),
  }
}

export function toWireExample(example: FewShotExample): z.input<typeof FewShotExampleSchema> {
  return {
    example_id: example.exampleId,
    user_id: example.personId,
    title: example.title,
    input_text: example.inputText,
    output_text: example.outputText,
    meta: example.meta,
    is_active: example.isActive,
    created_at: example.createdAt,
    updated_at: example.updatedAt,
    class_ids: example.classIds,
    fewshot_source: example.source,
  }
}

export function toWireShare(exampleId: number, share: Share): z.input<typeof FewShotShareSchema> {
  return {
    share_id: share.shareId,
    example_id: exampleId,
    class_id: share.classId,
    shared_by_user_id: share.personId,
    is_active: share.isActive,
    created_at: share.createdAt,
  }
}
