import { z } from 'zod'
import { anyText, Id, IdInPath, optionalText, text } from '../../http/fields.ts'
import type { ListedSession } from '../practice/session-list.ts'
import type { Project } from './project.ts'

/** Projects on the wire: practice.md §1.10 and §2.5. */

const Time = z.iso.datetime().describe('ISO 8601, UTC')
const ProjectName = text(200).transform((value) => value.trim())
const Description = optionalText(10_000)

export const ProjectPath = z.object({ project_id: IdInPath })
export const ProjectListQuery = z.object({
  class_id: IdInPath.optional().describe('Only those in this class'),
  page: z.coerce.number().int().min(1).max(1_000_000).default(1),
  size: z.coerce.number().int().min(1).max(100).default(20),
})
export const ProjectBody = z
  .strictObject({ class_id: Id.max(Number.MAX_SAFE_INTEGER), name: ProjectName, description: Description.optional() })
  .meta({ id: 'ProjectRequest' })
export const ProjectPatch = z
  .strictObject({ name: ProjectName.optional(), description: Description.optional() })
  .meta({ id: 'ProjectPatch' })

export const ProjectSchema = z
  .object({
    project_id: z.int(),
    owner_id: z.int(),
    class_id: z.int(),
    name: z.string(),
    description: z.string().nullable(),
    project_type: z.literal('personal'),
    status: z.literal('active'),
    progress_percent: z.literal(0).describe('Only for clients that expect it'),
    practice_hours: z.literal(0).describe('Only for clients that expect it'),
    conversation_count: z.int(),
    last_activity_at: Time.nullable().describe('Of its sessions; null without any'),
    created_at: Time,
    updated_at: Time,
  })
  .meta({ id: 'Project' })
export const ProjectPageSchema = z
  .object({ items: z.array(ProjectSchema), total: z.int(), page: z.int(), size: z.int() })
  .meta({ id: 'ProjectPage' })

export const ProjectSessionsQuery = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(50),
  cursor: anyText(200).optional().describe('The next_cursor of the page before'),
  offset: z.coerce.number().int().min(0).max(100_000).default(0).describe('For clients without cursors'),
})
export const ProjectSessionListSchema = z
  .object({
    items: z.array(
      z
        .object({
          session_id: z.int(),
          project_id: z.int(),
          class_id: z.int(),
          title: z.string(),
          preview: z.string().describe('Begin of the latest prompt'),
          last_message_preview: z.string().describe('Begin of the latest answer'),
          primary_model_name: z.string().nullable(),
          primary_model_label: z.string().nullable(),
          model_names: z.array(z.string()),
          turn_count: z.int(),
          created_at: Time,
          updated_at: Time,
          last_activity_at: Time,
        })
        .meta({ id: 'ProjectSession' }),
    ),
    total: z.int(),
    next_cursor: z.string().nullable().describe('Null on the last page'),
  })
  .meta({ id: 'ProjectSessionList' })

export function toWireProject(project: Project): z.input<typeof ProjectSchema> {
  return {
    project_id: project.projectId,
    owner_id: project.personId,
    class_id: project.classId,
    name: project.name,
    description: project.description,
    project_type: 'personal',
    status: 'active',
    progress_percent: 0,
    practice_hours: 0,
    conversation_count: project.sessionCount,
    last_activity_at: project.lastActivityAt,
    created_at: project.createdAt,
    updated_at: project.updatedAt,
  }
}

/** @param labelOf what people call a model; undefined when the catalog has it no more. */
export function toWireProjectSession(
  session: ListedSession,
  projectId: number,
  labelOf: (modelName: string) => string | undefined,
) {
  const { primaryModel } = session
  return {
    session_id: session.sessionId,
    project_id: projectId,
    class_id: session.classId,
    title: session.title,
    preview: session.preview,
    last_message_preview: session.answerPreview,
    primary_model_name: primaryModel,
    primary_model_label: primaryModel && (labelOf(primaryModel) ?? primaryModel),
    model_names: session.modelNames,
    turn_count: session.turnCount,
    created_at: session.createdAt,
    updated_at: session.updatedAt,
    last_activity_at: session.lastTurnAt,
  }
}
