import { z } from 'zod'
import { EtudeReportSchema, ReasoningEffort, ToolName } from './chat-schema.ts'

/** The part of the Responses API that needs no stored state. */

const InputPart = z.discriminatedUnion('type', [
  z.object({ type: z.enum(['input_text', 'output_text']), text: z.string() }),
  z.object({ type: z.literal('refusal'), refusal: z.string() }),
  z.object({ type: z.literal('input_image'), image_url: z.string().min(1) }),
])
const OutputPart = z.object({ type: z.enum(['input_text', 'output_text']), text: z.string() })

const InputItem = z.union([
  z.object({
    type: z.literal('message').optional(),
    role: z.enum(['user', 'assistant', 'system', 'developer']),
    content: z.union([z.string(), z.array(InputPart).min(1)]),
  }),
  z.object({
    type: z.literal('function_call'),
    call_id: z.string().min(1),
    name: z.string().min(1),
    arguments: z.string(),
  }),
  z.object({
    type: z.literal('function_call_output'),
    call_id: z.string().min(1),
    output: z.union([z.string(), z.array(OutputPart)]),
  }),
  z.object({ type: z.literal('reasoning') }),
])
export type InputItem = z.output<typeof InputItem>

const JsonSchema = z.record(z.string(), z.unknown())

export const ResponsesBody = z.object({
  model: z.string().min(1).max(256),
  input: z.union([z.string(), z.array(InputItem).min(1)]),
  instructions: z.string().nullish(),
  stream: z.boolean().nullish(),
  max_output_tokens: z.int().min(1).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  tools: z
    .array(
      z.object({
        type: z.literal('function'),
        name: ToolName,
        description: z.string().nullish(),
        parameters: JsonSchema.nullish(),
        strict: z.boolean().nullish(),
      }),
    )
    .max(128)
    .nullish(),
  tool_choice: z
    .union([z.enum(['none', 'auto', 'required']), z.object({ type: z.literal('function'), name: z.string() })])
    .nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  text: z
    .object({
      format: z
        .discriminatedUnion('type', [
          z.object({ type: z.literal('text') }),
          z.object({ type: z.literal('json_object') }),
          z.object({
            type: z.literal('json_schema'),
            name: z.string().min(1).max(64),
            description: z.string().nullish(),
            schema: JsonSchema,
            strict: z.boolean().nullish(),
          }),
        ])
        .nullish(),
    })
    .nullish(),
  truncation: z
    .enum(['auto', 'disabled'])
    .nullish()
    .describe('auto switches the window on, as x-etude-window: slide does'),
  metadata: z.record(z.string(), z.string()).nullish(),
  previous_response_id: z.unknown().optional().describe('Refused: nothing is stored'),
  conversation: z.unknown().optional().describe('Refused: nothing is stored'),
  background: z.boolean().nullish().describe('Only false'),
  reasoning: z.object({ effort: ReasoningEffort.nullish() }).nullish(),
})
export type ResponsesBody = z.output<typeof ResponsesBody>

const OutputItem = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('message'),
    id: z.string(),
    status: z.string(),
    role: z.literal('assistant'),
    content: z.array(z.object({ type: z.literal('output_text'), text: z.string(), annotations: z.array(z.never()) })),
  }),
  z.object({
    type: z.literal('function_call'),
    id: z.string(),
    status: z.string(),
    call_id: z.string(),
    name: z.string(),
    arguments: z.string(),
  }),
  z.object({
    type: z.literal('reasoning'),
    id: z.string(),
    status: z.string(),
    summary: z.array(z.never()),
    content: z.array(z.object({ type: z.literal('reasoning_text'), text: z.string() })),
  }),
])
export type OutputItem = z.output<typeof OutputItem>

export const ResponseSchema = z
  .object({
    id: z.string(),
    object: z.literal('response'),
    created_at: z.int(),
    status: z.enum(['completed', 'incomplete', 'in_progress', 'failed']),
    background: z.literal(false),
    error: z.object({ code: z.string(), message: z.string() }).nullable(),
    incomplete_details: z.object({ reason: z.enum(['max_output_tokens', 'content_filter']) }).nullable(),
    instructions: z.string().nullable(),
    max_output_tokens: z.int().nullable(),
    model: z.string(),
    output: z.array(OutputItem),
    parallel_tool_calls: z.boolean(),
    previous_response_id: z.null(),
    store: z.literal(false),
    temperature: z.number().nullable(),
    top_p: z.number().nullable(),
    text: z.object({ format: z.record(z.string(), z.unknown()) }),
    tool_choice: z.unknown(),
    tools: z.array(z.unknown()),
    truncation: z.enum(['auto', 'disabled']),
    usage: z
      .object({
        input_tokens: z.int(),
        input_tokens_details: z.object({ cached_tokens: z.int() }),
        output_tokens: z.int(),
        output_tokens_details: z.object({ reasoning_tokens: z.int() }),
        total_tokens: z.int(),
      })
      .nullable(),
    metadata: z.record(z.string(), z.string()),
    etude: EtudeReportSchema.optional(),
  })
  .meta({ id: 'Response' })
export type ResponseObject = z.output<typeof ResponseSchema>
