import { z } from 'zod'
import { Id, IdInPath } from '../../http/fields.ts'
import type { RedactedSnapshot } from '../agents/agent.ts'
import type { FewShotExample } from '../few-shots/few-shot.ts'
import { FewShotExampleSchema, toWireExample } from '../few-shots/schema.ts'
import { GenerationParamsSchema } from './generation-params-schema.ts'
import type { Resolved } from './resolve-settings.ts'
import { StyleParamsSchema, StylePresetSchema, SummaryModel } from './schema.ts'
import type { PracticeSession } from './session.ts'
import type { SettingsRevision } from './settings.ts'

/** Settings on the wire: seed 000, and DESIGN "Practice API". */

export const SettingsPatch = z
  .strictObject({
    style_preset: StylePresetSchema.nullish(),
    style_params: StyleParamsSchema.nullish(),
    generation_params: GenerationParamsSchema.nullish(),
    few_shot_example_ids: z.array(Id).max(64).nullish().describe('Replaces the whole list, in this order'),
    summary_model: SummaryModel,
  })
  .meta({
    id: 'SettingsPatch',
    description: 'Left out: unchanged; null: cleared; objects merge, a key of null is removed.',
  })

export const RevisionHeaders = z.object({
  'if-match': z
    .string()
    .regex(/^\s*(W\/)?"?\d{1,15}"?\s*$/, 'must be a revision number')
    .optional()
    .describe('The revision that the change was made for'),
})

export const RevisionPath = z.object({
  session_id: IdInPath,
  revision: IdInPath,
})
export const ComparisonQuery = z.object({
  from: z.coerce.number().int().min(1),
  to: z.coerce.number().int().min(1),
})

const Record = z.record(z.string(), z.unknown())
const RevisionFields = {
  revision: z.int(),
  created_at: z.iso.datetime(),
  style_preset: StylePresetSchema.nullable(),
  style_params: Record,
  generation_params: Record,
  agent_snapshot: Record.describe('The agent as it was when it was set; {} without one'),
  summary_model: z.string().nullable().describe('Summarises turns that do not fit; null leaves them out'),
}

export const SettingsSchema = z
  .object({
    setting_id: Id,
    session_id: Id,
    updated_at: z.iso.datetime(),
    ...RevisionFields,
    few_shot_links: z.array(
      z.object({
        id: Id,
        setting_id: Id,
        example_id: Id,
        sort_order: z.int(),
        created_at: z.iso.datetime(),
        example: FewShotExampleSchema.nullable(),
      }),
    ),
    agent_latest_version: z.int().nullable().describe('Larger than the snapshot’s version when the session is behind'),
    resolved: z.record(
      z.string(),
      z.object({ value: z.unknown(), origin: z.enum(['request', 'lane', 'settings', 'preset', 'agent', 'catalog']) }),
    ),
  })
  .meta({ id: 'PracticeSetting' })

export const RevisionPageSchema = z
  .object({
    items: z.array(
      z.object({ ...RevisionFields, user_id: Id, few_shot_example_ids: z.array(Id) }).meta({ id: 'SettingsRevision' }),
    ),
    total: z.int(),
    page: z.int(),
    size: z.int(),
  })
  .meta({ id: 'SettingsRevisionPage' })

export const ComparisonSchema = z
  .object({
    from: z.int(),
    to: z.int(),
    differences: z.array(z.object({ path: z.string(), from: z.unknown(), to: z.unknown() })),
  })
  .meta({ id: 'SettingsComparison' })

/** What both a setting and a revision show; the agent's hidden words are taken out before. */
export function toWireRevision(revision: SettingsRevision, agent: RedactedSnapshot | null) {
  return {
    revision: revision.revision,
    created_at: revision.createdAt,
    style_preset: revision.stylePreset,
    style_params: revision.styleParams,
    generation_params: revision.generationParams,
    agent_snapshot: agent === null ? {} : withoutOwner(agent),
    summary_model: revision.summaryModel,
    user_id: revision.personId,
    few_shot_example_ids: revision.fewShotLinks.map(({ exampleId }) => exampleId),
  }
}

export function toWireSettings(
  session: PracticeSession,
  revision: SettingsRevision,
  given: {
    agent: RedactedSnapshot | null
    agentLatestVersion: number | null
    examples: readonly (FewShotExample | null)[]
    resolved: Resolved
  },
) {
  return {
    ...toWireRevision(revision, given.agent),
    setting_id: session.settingId,
    session_id: session.sessionId,
    created_at: session.createdAt,
    updated_at: revision.createdAt,
    few_shot_links: revision.fewShotLinks.map((link, index) => {
      const example = given.examples[index]
      return {
        id: link.id,
        setting_id: session.settingId,
        example_id: link.exampleId,
        sort_order: index,
        created_at: link.createdAt,
        example: example ? toWireExample(example) : null,
      }
    }),
    agent_latest_version: given.agentLatestVersion,
    resolved: given.resolved,
  }
}

function withoutOwner({ owner_id: _, ...agent }: RedactedSnapshot) {
  return agent
}
