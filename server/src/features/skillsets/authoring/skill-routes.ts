import fastifyMultipart from '@fastify/multipart'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { clientGone } from '../../../http/client-gone.ts'
import { sendPracticeError } from '../../../http/error-response.ts'
import { DocumentError } from '../document/problem.ts'
import { MAX_DOCUMENT_BYTES } from '../document/read-text.ts'
import { type SkillReader, textOf } from './skill-reader.ts'
import {
  CheckedDocumentSchema,
  CreatedSkillSchema,
  DocumentRefusedSchema,
  ReplacedSkillSchema,
  refusedDocument,
  SkillPageSchema,
  SkillSchema,
  toWireChecked,
  toWireSkill,
  toWireSummary,
} from './skill-replies.ts'
import {
  DocumentBody,
  SkillBody,
  SkillListQuery,
  SkillPatch,
  SkillPath,
  toSkillChange,
  toSkillText,
  UploadBody,
} from './skill-schema.ts'
import type { SkillService } from './skill-service.ts'
import { IfRevision, limitsOf, withRevision } from './wire.ts'

/** A document is a text in JSON here, in which every quotation mark takes two bytes. */
const MAX_BODY_BYTES = 2 * MAX_DOCUMENT_BYTES + 1024 * 1024

/** Skills: reading documents, and what their authors say of them. */
export const skillRoutes =
  (skills: SkillService, reader: SkillReader): FastifyPluginAsyncZod =>
  async (app) => {
    const tags = ['skills']
    app.setErrorHandler(sendSkillError)
    await app.register(fastifyMultipart, {
      attachFieldsToBody: 'keyValues',
      limits: { files: 1, fields: 10, fieldSize: 64 * 1024, fileSize: MAX_DOCUMENT_BYTES },
    })

    app.get(
      '/v1/skills',
      {
        schema: {
          tags,
          operationId: 'listSkills',
          summary: 'My skills, newest first',
          querystring: SkillListQuery,
          response: { 200: SkillPageSchema },
        },
      },
      async ({ person, query }) => {
        const { total, skills: found } = await skills.list(person, { ...limitsOf(query), search: query.q })
        return { items: found.map(toWireSummary), total, page: query.page, size: query.size }
      },
    )

    app.post(
      '/v1/skills',
      {
        bodyLimit: MAX_BODY_BYTES,
        schema: {
          tags,
          operationId: 'createSkill',
          summary: 'Make a skill of an OpenAPI document or an MCP server',
          description:
            'Operations that read are called at once; those that may change something (any method but GET, HEAD, OPTIONS and TRACE) wait for a person unless `approval` says `never`. When nothing is said of operations, all are switched on if there are at most 40, and none otherwise.',
          body: SkillBody,
          response: { 201: CreatedSkillSchema, 400: DocumentRefusedSchema },
        },
      },
      async ({ person, body }, reply) => {
        const made = await skills.create(person, toSkillText(body), toSkillChange(body), clientGone(reply))
        return withRevision(reply.code(201), { ...toWireSkill(made.skill), problems: made.problems })
      },
    )

    app.post(
      '/v1/skills/upload',
      {
        bodyLimit: MAX_BODY_BYTES,
        schema: {
          tags,
          operationId: 'uploadSkill',
          summary: 'Make a skill of a file that holds an OpenAPI document',
          consumes: ['multipart/form-data'],
          body: UploadBody,
          response: { 201: CreatedSkillSchema, 400: DocumentRefusedSchema },
        },
      },
      async ({ person, body }, reply) => {
        const { file, ...words } = body
        const text = { kind: 'document', text: textOf(file as Buffer) } as const
        const made = await skills.create(person, text, toSkillChange(words), clientGone(reply))
        return withRevision(reply.code(201), { ...toWireSkill(made.skill), problems: made.problems })
      },
    )

    app.post(
      '/v1/skills/check',
      {
        bodyLimit: MAX_BODY_BYTES,
        schema: {
          tags,
          operationId: 'checkSkillDocument',
          summary: 'What would become of a document, and everything that is wrong with it; nothing is kept',
          body: DocumentBody,
          response: { 200: CheckedDocumentSchema },
        },
      },
      async ({ body }, reply) => {
        try {
          return toWireChecked(await reader.read(toSkillText(body), clientGone(reply)))
        } catch (error) {
          if (error instanceof DocumentError) return refusedDocument(error.problems)
          throw error
        }
      },
    )

    app.get(
      '/v1/skills/:skill_id',
      {
        schema: {
          tags,
          operationId: 'getSkill',
          summary: 'One of my skills',
          params: SkillPath,
          response: { 200: SkillSchema },
        },
      },
      async ({ person, params }, reply) => withRevision(reply, toWireSkill(await skills.get(person, params.skill_id))),
    )

    app.patch(
      '/v1/skills/:skill_id',
      {
        schema: {
          tags,
          operationId: 'updateSkill',
          summary: 'Change what I say of a skill and of its operations',
          description:
            'Published versions of skillsets keep what they have of it. With If-Match and the number of a revision, 412 when that is no longer the latest.',
          params: SkillPath,
          headers: IfRevision,
          body: SkillPatch,
          response: { 200: SkillSchema },
        },
      },
      async ({ person, params, headers, body }, reply) => {
        const skill = await skills.change(person, params.skill_id, toSkillChange(body), headers['if-match'])
        return withRevision(reply, toWireSkill(skill))
      },
    )

    app.put(
      '/v1/skills/:skill_id/document',
      {
        bodyLimit: MAX_BODY_BYTES,
        schema: {
          tags,
          operationId: 'replaceSkillDocument',
          summary: 'Read the document again, or another state of it, and keep what I have said',
          description:
            'An operation is the same when its id is, or when method and path are. New ones are switched off. When the servers are others than before, secrets have to be set again.',
          params: SkillPath,
          headers: IfRevision,
          body: DocumentBody,
          response: { 200: ReplacedSkillSchema, 400: DocumentRefusedSchema },
        },
      },
      async ({ person, params, body, headers }, reply) => {
        const replaced = await skills.replaceDocument(
          person,
          params.skill_id,
          toSkillText(body),
          headers['if-match'],
          clientGone(reply),
        )
        return withRevision(reply, {
          ...toWireSkill(replaced.skill),
          problems: replaced.problems,
          added_operations: replaced.added,
          removed_operations: replaced.removed,
        })
      },
    )

    app.delete(
      '/v1/skills/:skill_id',
      {
        schema: {
          tags,
          operationId: 'deleteSkill',
          summary: 'Remove a skill and all secrets for it; 409 while a skillset needs it',
          params: SkillPath,
          response: { 204: z.null().describe('Removed') },
        },
      },
      async ({ person, params }, reply) => {
        await skills.delete(person, params.skill_id)
        return reply.code(204).send(null)
      },
    )
  }

/** The Practice API's form, and what is wrong with a document beside it. */
function sendSkillError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (!(error instanceof DocumentError)) return sendPracticeError(error, request, reply)
  return reply
    .code(400)
    .serializer(JSON.stringify)
    .type('application/json; charset=utf-8')
    .send({ detail: error.code, message: error.message, problems: error.problems })
}
