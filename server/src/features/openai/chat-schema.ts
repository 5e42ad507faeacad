import { z } from 'zod'

/**
 * Chat completions on the wire. Unknown keys are tolerated, as OpenAI's clients send new ones every month; what is known
 * and cannot be honoured is refused in `chat-request.ts`, or reported.
 */

const TextPart = z.object({ type: z.literal('text'), text: z.string() })
const Text = z.union([z.string(), z.array(TextPart).min(1)])
const UserPart = z.discriminatedUnion('type', [
  TextPart,
  z.object({ type: z.literal('image_url'), image_url: z.object({ url: z.string().min(1) }) }),
])
const ToolCall = z.object({
  id: z.string().min(1),
  type: z.literal('function').default('function'),
  function: z.object({ name: z.string().min(1), arguments: z.string() }),
})

const Message = z.discriminatedUnion('role', [
  z.object({ role: z.enum(['system', 'developer']), content: Text }),
  z.object({ role: z.literal('user'), content: z.union([z.string(), z.array(UserPart).min(1)]) }),
  z.object({
    role: z.literal('assistant'),
    content: z
      .union([
        z.string(),
        z.array(
          z.discriminatedUnion('type', [TextPart, z.object({ type: z.literal('refusal'), refusal: z.string() })]),
        ),
      ])
      .nullish(),
    tool_calls: z.array(ToolCall).nullish(),
    refusal: z.string().nullish(),
  }),
  z.object({ role: z.literal('tool'), tool_call_id: z.string().min(1), content: Text }),
])

export const ReasoningEffort = z.enum(['none', 'minimal', 'low', 'medium', 'high'])
export const ToolName = z.string().regex(/^[\w-]{1,64}$/, 'Use 1 to 64 letters, digits, _ and -')
const JsonSchema = z.record(z.string(), z.unknown())

export const ChatBody = z.object({
  model: z.string().min(1).max(256),
  messages: z.array(Message).min(1),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  max_tokens: z.int().min(1).nullish().describe('Older name of max_completion_tokens, which wins'),
  max_completion_tokens: z.int().min(1).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  top_k: z.int().min(0).nullish().describe('Not OpenAI’s; passed on where a model takes it'),
  repetition_penalty: z.number().gt(0).max(10).nullish().describe('Not OpenAI’s; passed on where a model takes it'),
  repeat_penalty: z.number().gt(0).max(10).nullish().describe('Another name of repetition_penalty'),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  seed: z.int().nullish(),
  reasoning_effort: ReasoningEffort.nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(16)]).nullish(),
  tools: z
    .array(
      z.object({
        type: z.literal('function'),
        function: z.object({
          name: ToolName,
          description: z.string().nullish(),
          parameters: JsonSchema.nullish(),
          strict: z.boolean().nullish(),
        }),
      }),
    )
    .max(128)
    .nullish(),
  tool_choice: z
    .union([
      z.enum(['none', 'auto', 'required']),
      z.object({ type: z.literal('function'), function: z.object({ name: z.string() }) }),
    ])
    .nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  response_format: z
    .discriminatedUnion('type', [
      z.object({ type: z.literal('text') }),
      z.object({ type: z.literal('json_object') }),
      z.object({
        type: z.literal('json_schema'),
        json_schema: z.object({
          name: z.string().min(1).max(64),
          description: z.string().nullish(),
          schema: JsonSchema.nullish(),
          strict: z.boolean().nullish(),
        }),
      }),
    ])
    .nullish(),
  n: z.int().min(1).nullish().describe('Only 1'),
  logprobs: z.boolean().nullish().describe('Only false'),
  top_logprobs: z.int().min(0).nullish().describe('Only 0'),
  functions: z.unknown().optional().describe('Refused: use tools'),
  function_call: z.unknown().optional().describe('Refused: use tool_choice'),
  modalities: z.array(z.string()).nullish().describe('Only text'),
  logit_bias: z.unknown().optional().describe('Reported as dropped'),
  verbosity: z.unknown().optional().describe('Reported as dropped'),
})
export type ChatBody = z.output<typeof ChatBody>

export const EtudeReportSchema = z
  .object({
    window: z
      .object({
        context_tokens: z.int(),
        reserved_tokens: z.int(),
        input_tokens: z.int(),
        trimmed_turns: z.int(),
        trimmed_messages: z.int(),
      })
      .nullable(),
    dropped_params: z.array(z.object({ name: z.string(), reason: z.string() })),
  })
  .describe('What was left out of the window, and parameters that were not passed on; only when there is something')

const UsageSchema = z.object({
  prompt_tokens: z.int(),
  completion_tokens: z.int(),
  total_tokens: z.int(),
  prompt_tokens_details: z.object({ cached_tokens: z.int() }),
  completion_tokens_details: z.object({ reasoning_tokens: z.int() }),
})

export const ChatCompletionSchema = z
  .object({
    id: z.string(),
    object: z.literal('chat.completion'),
    created: z.int(),
    model: z.string(),
    choices: z.array(
      z.object({
        index: z.literal(0),
        message: z.object({
          role: z.literal('assistant'),
          content: z.string().nullable(),
          refusal: z.null(),
          reasoning_content: z.string().optional(),
          tool_calls: z
            .array(
              z.object({
                id: z.string(),
                type: z.literal('function'),
                function: z.object({ name: z.string(), arguments: z.string() }),
              }),
            )
            .optional(),
        }),
        logprobs: z.null(),
        finish_reason: z.enum(['stop', 'length', 'tool_calls', 'content_filter']),
      }),
    ),
    usage: UsageSchema,
    etude: EtudeReportSchema.optional(),
  })
  .meta({ id: 'ChatCompletion' })
