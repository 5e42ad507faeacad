import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { clientGone } from '../../../http/client-gone.ts'
import { Id, jsonObject } from '../../../http/fields.ts'
import type { JsonObject } from '../../../models/language-model.ts'
import type { OperationTrial } from './operation-trial.ts'
import { OperationPath } from './skill-schema.ts'

const ARGUMENTS_LIMITS = { maxBytes: 256 * 1024, maxDepth: 32 }
const MAX_SHOWN_CHARACTERS = 100_000

const TrialBody = z
  .strictObject({
    arguments: jsonObject(ARGUMENTS_LIMITS)
      .default({})
      .describe('By the names of the parameters; the body is `body`. Two of one name: `id_in_path`, `id_in_query`'),
    class_id: Id.optional().describe('Whose secrets count besides my own; without it, those of all my active classes'),
  })
  .meta({ id: 'SkillOperationTrial' })
const TrialResultSchema = z
  .object({
    method: z.string(),
    url: z.string().describe('Masked; empty when nothing was sent'),
    request_body: z.string(),
    status: z.int().nullable().describe('null when no answer came'),
    response_body: z.string(),
    is_truncated: z.boolean().describe('Whether the answer had more than is shown'),
    is_ok: z.boolean(),
    error_code: z.string().nullable(),
    message: z.string(),
    latency_ms: z.int(),
  })
  .meta({ id: 'SkillOperationTrialResult' })

/** Calling one operation by hand. */
export const operationTrialRoutes =
  (trial: OperationTrial): FastifyPluginAsyncZod =>
  async (app) => {
    app.post(
      '/v1/skills/:skill_id/operations/:operation_id/try',
      {
        schema: {
          tags: ['skills'],
          operationId: 'trySkillOperation',
          summary: 'Call one operation of my skill, as a model would, and see what comes back',
          description:
            'Really calls the API, through the same guard, with the same secrets, masking and limits as in answers. A failed call is a result like any other.',
          params: OperationPath,
          body: TrialBody,
          response: { 200: TrialResultSchema },
        },
      },
      async ({ person, params, body }, reply) => {
        const result = await trial.call(
          person,
          { skillId: params.skill_id, operationId: params.operation_id },
          { values: body.arguments as JsonObject, classId: body.class_id },
          clientGone(reply),
        )
        return {
          method: result.method,
          url: result.url,
          request_body: result.requestBody.slice(0, MAX_SHOWN_CHARACTERS).toWellFormed(),
          status: result.status,
          response_body: result.responseBody.slice(0, MAX_SHOWN_CHARACTERS).toWellFormed(),
          is_truncated: result.responseBody.length > MAX_SHOWN_CHARACTERS,
          is_ok: result.isOk,
          error_code: result.errorCode,
          message: result.message,
          latency_ms: result.latencyMs,
        }
      },
    )
  }
