import { z } from 'zod'
import { envelope } from './schema.ts'

/** Requests and replies of a skillset's final answer: clova.md §3. Unknown keys are tolerated, as everywhere here. */

/** Some clients write booleans as Python does: `"True"`. */
const LooseBoolean = z.union([
  z.boolean(),
  z
    .string()
    .regex(/^(true|false)$/i, 'must be true or false')
    .transform((text) => text.toLowerCase() === 'true'),
])

const HeaderValues = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]))

const overrideFields = {
  header: HeaderValues.nullish().describe('Added to the headers of the call'),
  query: z.record(z.string(), z.unknown()).nullish().describe('Added to its query'),
  requestBody: z.record(z.string(), z.unknown()).nullish().describe('Merged into its body; not into that of GET'),
}

const OverrideSchema = z.object({
  baseOperation: z.object(overrideFields).nullish().describe('For every call; wins over what the model has chosen'),
  operations: z
    .array(
      z.object({
        operationId: z.string().min(1),
        ...overrideFields,
        isApproved: LooseBoolean.nullish().describe(
          'Permits calls of an operation that needs permission; without it they are refused to the model',
        ),
      }),
    )
    .max(100)
    .nullish()
    .describe('For calls of one operation each; wins over baseOperation'),
})
export type WireOverride = z.output<typeof OverrideSchema>

export const FinalAnswerBody = z.object({
  query: z.string().nullish().describe('What is asked; 61002 when it is missing or empty'),
  tokenStream: LooseBoolean.nullish().describe('Whether a stream tells the answer piece by piece, as `token` events'),
  chatHistory: z
    .array(z.object({ role: z.enum(['user', 'assistant']), content: z.string() }))
    .nullish()
    .describe('What was said before, oldest first; it may end with the query'),
  requestOverride: OverrideSchema.nullish(),
})

export const SkillsetPath = z.object({ skillset_id: z.string() })
export const SkillsetVersionPath = z.object({
  skillset_id: z.string(),
  version: z.union([z.literal('latest'), z.coerce.number().int().min(1).max(1_000_000)]),
})

const ApiResultSchema = z.object({
  url: z.string().describe('Without secrets'),
  requestBody: z.string().describe('What was sent; the query where there is no body'),
  responseBody: z.string(),
  apiOrder: z.number().optional().describe('`x-api-order` of the operation, where it has one'),
  operationId: z.string(),
  nameForHuman: z.string(),
})
export type ApiResult = z.input<typeof ApiResultSchema>

export const FinalAnswerReply = envelope(
  z.object({
    finalAnswer: z.string().describe('Empty when nothing could be said in the time there is'),
    tokenCount: z.int().describe('Of all requests to the model'),
    useTask: z.boolean().describe('Whether saved demonstrations steered the answer'),
    apiResult: z.array(ApiResultSchema).describe('The calls that were made, in their order'),
  }),
)
export type FinalAnswerResult = z.input<typeof FinalAnswerReply>['result']
