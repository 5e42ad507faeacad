import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { anyText, Id, IdInPath } from '../../../http/fields.ts'
import type { ShownCredential, SkillCredentials } from './credential-service.ts'
import { SecuritySchemeSchema, toWireScheme } from './skill-replies.ts'
import { SkillPath } from './skill-schema.ts'

const CredentialPath = z.object({ skill_id: IdInPath, scheme: anyText(256) })
const HolderQuery = z.object({
  class_id: IdInPath.optional().describe('Of this class, for its teachers and assistants; without it, my own'),
})
const CredentialBody = z
  .strictObject({
    secret: z
      .string()
      .min(1)
      .max(8_192)
      .refine((value) => value.isWellFormed(), 'The secret holds half a character')
      .describe('The key or token; for basic, user name and password with a colon between them'),
  })
  .meta({ id: 'SkillCredentialSet' })
const CredentialSchema = z
  .object({
    scheme: z.string(),
    hint: z.string().describe('By which to recognise it; the secret itself is never shown'),
    origins: z.array(z.string()).describe('Where it may be sent: the servers of the skill when it was set'),
    is_usable: z.boolean().describe('false when the skill has other servers now: set it again'),
    set_by_user_id: Id,
    set_at: z.iso.datetime(),
  })
  .meta({ id: 'SkillCredential' })
const CredentialListSchema = z
  .object({ security_schemes: z.array(SecuritySchemeSchema), items: z.array(CredentialSchema) })
  .meta({ id: 'SkillCredentialList' })

/** Secrets for skills, which go in and never come out. */
export const credentialRoutes =
  (credentials: SkillCredentials): FastifyPluginAsyncZod =>
  async (app) => {
    const tags = ['skills']

    app.get(
      '/v1/skills/:skill_id/credentials',
      {
        schema: {
          tags,
          operationId: 'listSkillCredentials',
          summary: 'How a skill signs in, and what is set of it',
          description: 'For my own skills and those of skillsets that are shared with my classes.',
          params: SkillPath,
          querystring: HolderQuery,
          response: { 200: CredentialListSchema },
        },
      },
      async ({ person, params, query }) => {
        const found = await credentials.list(person, params.skill_id, query.class_id)
        return { security_schemes: found.schemes.map(toWireScheme), items: found.credentials.map(toWireCredential) }
      },
    )

    app.put(
      '/v1/skills/:skill_id/credentials/:scheme',
      {
        schema: {
          tags,
          operationId: 'setSkillCredential',
          summary: 'Set or replace a secret',
          description:
            'Kept encrypted, and sent only to the servers that the skill has now. In a call, my own wins over that of a class.',
          params: CredentialPath,
          querystring: HolderQuery,
          body: CredentialBody,
          response: { 200: CredentialSchema },
        },
      },
      async ({ person, params, query, body }) => {
        const given = { scheme: params.scheme, secret: body.secret, classId: query.class_id }
        return toWireCredential(await credentials.set(person, params.skill_id, given))
      },
    )

    app.delete(
      '/v1/skills/:skill_id/credentials/:scheme',
      {
        schema: {
          tags,
          operationId: 'removeSkillCredential',
          summary: 'Remove a secret',
          params: CredentialPath,
          querystring: HolderQuery,
          response: { 204: z.null().describe('Removed') },
        },
      },
      async ({ person, params, query }, reply) => {
        await credentials.remove(person, params.skill_id, params.scheme, query.class_id)
        return reply.code(204).send(null)
      },
    )
  }

function toWireCredential(credential: ShownCredential): z.input<typeof CredentialSchema> {
  return {
    scheme: credential.scheme,
    hint: credential.hint,
    origins: credential.origins,
    is_usable: credential.isUsable,
    set_by_user_id: credential.setBy,
    set_at: credential.setAt,
  }
}
