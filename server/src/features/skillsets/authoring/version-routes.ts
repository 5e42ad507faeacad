import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { Id } from '../../../http/fields.ts'
import type { SkillsetVersion } from '../skill.ts'
import type { SkillsetDrafts } from './draft-service.ts'
import { SecuritySchemeSchema, SkillOperationSchema, SkillSourceSchema, toWireContent } from './skill-replies.ts'
import type { VersionSummary } from './skillset.ts'
import { paging, SkillsetPath, SkillsetSchema, toWireDemonstration, toWireSkillset } from './skillset-schema.ts'
import type { SkillsetVersions } from './version-service.ts'
import { IfRevision, limitsOf, withRevision } from './wire.ts'

const Version = z.coerce.number().int().min(1).max(1_000_000_000)
const VersionOrLatest = z.union([z.literal('latest'), Version])
const State = z.union([z.enum(['latest', 'draft']), Version])
const VersionPath = SkillsetPath.extend({ version: VersionOrLatest })
const PinPath = SkillsetPath.extend({ version: Version })
const CompareQuery = z.object({
  from: State.describe('The number of a version, `latest`, or `draft`'),
  to: State.describe('The same'),
})

const summaryFields = {
  skillset_id: z.string(),
  version: z.int(),
  name: z.string(),
  created_at: z.iso.datetime(),
}
const PublishedSchema = z.object({ skillset_id: z.string(), version: z.int() }).meta({ id: 'PublishedSkillsetVersion' })
const VersionPageSchema = z
  .object({
    items: z.array(
      z
        .object({
          ...summaryFields,
          skill_count: z.int(),
          is_in_use: z.boolean().describe('Pinned, or needed by an agent or a session: it is not deleted'),
          is_pinned: z.boolean(),
        })
        .meta({ id: 'SkillsetVersionSummary' }),
    ),
    total: z.int(),
    page: z.int(),
    size: z.int(),
  })
  .meta({ id: 'SkillsetVersionPage' })
const VersionSchema = z
  .object({
    ...summaryFields,
    description: z.string(),
    instructions: z.string(),
    answer_format: z.string(),
    model_name: z.string().nullable(),
    skills: z.array(
      z
        .object({
          skill_id: Id,
          name_for_human: z.string(),
          name_for_model: z.string(),
          description_for_human: z.string(),
          description_for_model: z.string(),
          source: SkillSourceSchema,
          operations: z.array(SkillOperationSchema),
          security_schemes: z.array(SecuritySchemeSchema),
        })
        .meta({ id: 'FrozenSkill' }),
    ),
    demonstrations: SkillsetSchema.shape.demonstrations,
  })
  .meta({ id: 'SkillsetVersion' })
const ComparisonSchema = z
  .object({
    differences: z.array(
      z
        .object({
          path: z.array(z.string()).describe('What it is about, in names'),
          kind: z.enum(['added', 'removed', 'changed']),
          before: z.unknown(),
          after: z.unknown(),
        })
        .meta({ id: 'SkillsetDifference' }),
    ),
    is_truncated: z.boolean(),
  })
  .meta({ id: 'SkillsetComparison' })

/** Publishing, and what was published. */
export const versionRoutes =
  (drafts: SkillsetDrafts, versions: SkillsetVersions): FastifyPluginAsyncZod =>
  async (app) => {
    const tags = ['skillsets']

    app.post(
      '/v1/skillsets/:skillset_id/versions',
      {
        schema: {
          tags,
          operationId: 'publishSkillset',
          summary: 'Make the draft the next version, which never changes',
          description:
            'Everything that its skills say is frozen in it; secrets are not. Of more than 50 versions the oldest that nobody needs is deleted; 409 when all are needed.',
          params: SkillsetPath,
          headers: IfRevision,
          response: { 201: PublishedSchema },
        },
      },
      async ({ person, params: { skillset_id }, headers }, reply) => {
        const version = await drafts.publish(person, skillset_id, headers['if-match'])
        return reply.code(201).send({ skillset_id, version })
      },
    )

    app.get(
      '/v1/skillsets/:skillset_id/versions',
      {
        schema: {
          tags,
          operationId: 'listSkillsetVersions',
          summary: 'The versions of one of my skillsets, newest first',
          params: SkillsetPath,
          querystring: z.object(paging),
          response: { 200: VersionPageSchema },
        },
      },
      async ({ person, params: { skillset_id }, query }) => {
        const found = await versions.list(person, skillset_id, limitsOf(query))
        const items = found.versions.map((version) => toWireSummary(skillset_id, version))
        return { items, total: found.total, page: query.page, size: query.size }
      },
    )

    app.get(
      '/v1/skillsets/:skillset_id/versions/compare',
      {
        schema: {
          tags,
          operationId: 'compareSkillsetVersions',
          summary: 'What is not the same in two versions, or in one and the draft',
          params: SkillsetPath,
          querystring: CompareQuery,
          response: { 200: ComparisonSchema },
        },
      },
      async ({ person, params, query }) => {
        const { differences, isTruncated } = await versions.compare(person, params.skillset_id, query)
        return { differences, is_truncated: isTruncated }
      },
    )

    app.get(
      '/v1/skillsets/:skillset_id/versions/:version',
      {
        schema: {
          tags,
          operationId: 'getSkillsetVersion',
          summary: 'One version of one of my skillsets, with all that its skills said then',
          params: VersionPath,
          response: { 200: VersionSchema },
        },
      },
      async ({ person, params }) => toWireVersion(await versions.get(person, params.skillset_id, params.version)),
    )

    app.post(
      '/v1/skillsets/:skillset_id/versions/:version/restore',
      {
        schema: {
          tags,
          operationId: 'restoreSkillsetVersion',
          summary: 'Bring the draft back to a version, its skills included',
          description:
            'A skill that says something else now is set back; one that is gone is made anew; one that other skillsets use too stays as it is for them, and this one gets a copy.',
          params: VersionPath,
          headers: IfRevision,
          response: { 200: SkillsetSchema },
        },
      },
      async ({ person, params, headers }, reply) => {
        const draft = await versions.restore(person, params.skillset_id, params.version, headers['if-match'])
        return withRevision(reply, toWireSkillset(draft))
      },
    )

    app.put(
      '/v1/skillsets/:skillset_id/versions/:version/pin',
      {
        schema: {
          tags,
          operationId: 'pinSkillsetVersion',
          summary: 'Keep a version, however many are published after it',
          params: PinPath,
          response: { 204: z.null().describe('Pinned') },
        },
      },
      async ({ person, params }, reply) => {
        await versions.pin(person, params.skillset_id, params.version)
        return reply.code(204).send(null)
      },
    )

    app.delete(
      '/v1/skillsets/:skillset_id/versions/:version/pin',
      {
        schema: {
          tags,
          operationId: 'unpinSkillsetVersion',
          summary: 'Let a version go when there are too many',
          params: PinPath,
          response: { 204: z.null().describe('No longer pinned') },
        },
      },
      async ({ person, params }, reply) => {
        await versions.unpin(person, params.skillset_id, params.version)
        return reply.code(204).send(null)
      },
    )
  }

function toWireSummary(skillsetId: string, version: VersionSummary) {
  return {
    skillset_id: skillsetId,
    version: version.version,
    name: version.name,
    skill_count: version.skillCount,
    is_in_use: version.isInUse,
    is_pinned: version.isPinned,
    created_at: version.createdAt,
  }
}

function toWireVersion(version: SkillsetVersion): z.input<typeof VersionSchema> {
  return {
    skillset_id: version.skillsetId,
    version: version.version,
    name: version.name,
    created_at: version.createdAt,
    description: version.description,
    instructions: version.instructions,
    answer_format: version.answerFormat,
    model_name: version.modelName,
    skills: version.skills.map((skill) => ({ skill_id: skill.skillId, ...toWireContent(skill) })),
    demonstrations: version.demonstrations.map(toWireDemonstration),
  }
}
