import { z } from 'zod'
import { Id } from '../../http/fields.ts'
import { LaneSchema, ModelResultSchema, TurnResultSchema } from './schema.ts'
import { SettingsSchema } from './settings-schema.ts'

const sessionSummaryFields = {
  session_id: Id,
  class_id: Id,
  title: z.string(),
  preview: z.string(),
  project_id: Id.nullable(),
  model_names: z.array(z.string()),
  turn_count: z.int(),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
  last_activity_at: z.iso.datetime(),
}

export const SessionPageSchema = z
  .object({
    items: z.array(z.object(sessionSummaryFields).meta({ id: 'PracticeSessionSummary' })),
    total: z.int(),
    page: z.int(),
    size: z.int(),
  })
  .meta({ id: 'PracticeSessionPage' })

export const SessionSchema = z
  .object({
    ...sessionSummaryFields,
    user_id: Id,
    notes: z.string().nullable(),
    knowledge_ids: z.array(Id),
    agent_id: Id.nullable(),
    settings: SettingsSchema.nullable(),
    models: z.array(LaneSchema),
    turns: z.array(
      z.object({
        turn_id: Id,
        parent_turn_id: Id.nullable().describe('The turn before it; turns with the same one are siblings'),
        prompt_text: z.string(),
        status: TurnResultSchema.shape.status,
        created_at: z.iso.datetime(),
      }),
    ),
    responses: z.array(ModelResultSchema).describe('Oldest first; each names its turn'),
  })
  .meta({ id: 'PracticeSession' })
