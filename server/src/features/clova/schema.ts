import { z } from 'zod'
import { takePlain } from '../../http/validate.ts'
import { isPlainConversation } from './plain-conversation.ts'

/**
 * CLOVA Studio's requests and replies.
 *
 * Unknown keys are tolerated everywhere: clients send `stream`, `model` and the parameters of the other version.
 * What is empty is found later, because it has a code of its own.
 */

const MOST_SEED = 4_294_967_295

const answerTokens = z.int().min(1)

const ToolCallSchema = z.object({
  id: z.string().min(1),
  type: z.literal('function').default('function'),
  function: z.object({
    name: z.string().min(1),
    arguments: z.union([z.record(z.string(), z.unknown()), z.string()]).nullish(),
  }),
})

const ContentPartSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text'), text: z.string() }),
  z.object({
    type: z.literal('image_url'),
    imageUrl: z.object({ url: z.string() }).nullish(),
    dataUri: z.object({ data: z.string() }).nullish(),
  }),
])

const MessageV1Schema = z.object({
  role: z.enum(['system', 'user', 'assistant']),
  content: z.string().nullable(),
})

const MessageV3Schema = z.object({
  role: z.enum(['system', 'user', 'assistant', 'tool']),
  content: z.union([z.string(), z.array(ContentPartSchema)]).nullish(),
  toolCalls: z.array(ToolCallSchema).nullish(),
  toolCallId: z.string().min(1).nullish(),
})
/** A message of version 3; one of version 1 is one too. */
export type WireMessage = z.output<typeof MessageV3Schema>
export type WirePart = z.output<typeof ContentPartSchema>

const ToolSchema = z.object({
  type: z.literal('function').default('function'),
  function: z.object({
    name: z
      .string()
      .min(1)
      .max(256)
      .regex(/^[\w.-]+$/, 'may hold letters, digits, _, - and .'),
    description: z.string().nullish(),
    parameters: z.record(z.string(), z.unknown()).nullish(),
  }),
})

const ToolChoiceSchema = z.union([
  z.enum(['auto', 'none', 'required']),
  z.object({ type: z.literal('function').optional(), function: z.object({ name: z.string().min(1) }) }),
])

/** The schema itself is checked later, because it has a code of its own. */
const ResponseFormatSchema = z.object({ type: z.literal('json'), schema: z.unknown().optional() })

const sampling = {
  topK: z.int().min(0).max(128).nullish().describe('0 is off'),
  topP: z.number().gt(0).max(1).nullish(),
  seed: z.int().min(0).max(MOST_SEED).nullish().describe('0 leaves it to chance'),
  includeAiFilters: z.unknown().optional().describe('Accepted; there is no filter, and `aiFilter` is empty'),
}

export const ChatV1Body = z.object({
  messages: z.array(MessageV1Schema).min(1),
  temperature: z.number().gt(0).max(1).nullish(),
  repeatPenalty: z.number().gt(0).max(10).nullish(),
  stopBefore: z.array(z.string()).nullish(),
  maxTokens: answerTokens.nullish(),
  ...sampling,
})

export const ChatV3Body = z.object({
  messages: z.array(MessageV3Schema).min(1),
  temperature: z.number().min(0).max(1).nullish(),
  repetitionPenalty: z.number().gt(0).max(2).nullish(),
  stop: z.array(z.string()).nullish(),
  maxTokens: answerTokens.nullish(),
  maxCompletionTokens: answerTokens.nullish(),
  thinking: z.object({ effort: z.enum(['none', 'low', 'medium', 'high']).nullish() }).nullish(),
  tools: z.array(ToolSchema).nullish(),
  toolChoice: ToolChoiceSchema.nullish(),
  responseFormat: ResponseFormatSchema.nullish(),
  ...sampling,
})

export const TokenizeV1Body = z.object({ messages: z.array(MessageV1Schema).min(1) })

export const TokenizeV3Body = z.object({
  messages: z.array(MessageV3Schema).min(1),
  tools: z.array(ToolSchema).nullish(),
  toolChoice: ToolChoiceSchema.nullish(),
  responseFormat: ResponseFormatSchema.nullish(),
})

/** Conversations of thousands of messages come here, nearly all of them plain texts. */
export const SlidingBody = takePlain(
  z.object({
    messages: z.array(MessageV3Schema).min(1).describe('In the form of version 1 or 3'),
    maxTokens: answerTokens.nullish().describe('Kept free for the answer; 100 when missing'),
  }),
  isPlainConversation,
)

export const EmbeddingBody = z.object({ text: z.string() })

export const ModelPath = z.object({ model: z.string(), appId: z.string().optional() })
export const AppPath = z.object({ appId: z.string().optional() })

const StatusSchema = z.object({ code: z.string(), message: z.string() })

/** `{"status": {"code": "20000", "message": "OK"}, "result": …}` */
export function envelope<Result extends z.ZodType>(result: Result) {
  return z.object({ status: StatusSchema, result })
}

const aiFilter = z.array(z.object({ groupName: z.string(), name: z.string(), score: z.string(), result: z.string() }))

export const ChatV1Reply = envelope(
  z.object({
    message: z.object({ role: z.literal('assistant'), content: z.string() }),
    stopReason: z.enum(['length', 'end_token', 'stop_before']),
    inputLength: z.int(),
    outputLength: z.int(),
    seed: z.int(),
    aiFilter,
  }),
)
export type ChatV1Result = z.input<typeof ChatV1Reply>['result']

export const ChatV3Reply = envelope(
  z.object({
    message: z.object({
      role: z.literal('assistant'),
      content: z.string(),
      thinkingContent: z.string().optional(),
      toolCalls: z
        .array(
          z.object({
            id: z.string(),
            type: z.literal('function'),
            function: z.object({
              name: z.string(),
              arguments: z
                .union([z.record(z.string(), z.unknown()), z.string()])
                .describe('An object; the text as it came where that is not one'),
            }),
          }),
        )
        .optional(),
    }),
    finishReason: z.enum(['length', 'stop', 'tool_calls']),
    created: z.int().describe('Seconds since 1970'),
    seed: z.int(),
    usage: z.object({
      promptTokens: z.int(),
      completionTokens: z.int(),
      totalTokens: z.int(),
      completionTokensDetails: z.object({ thinkingTokens: z.int() }).optional(),
    }),
    aiFilter,
  }),
)
export type ChatV3Result = z.input<typeof ChatV3Reply>['result']

const CountedPartSchema = z.union([
  z.object({ type: z.literal('text'), text: z.string(), count: z.int() }),
  z.object({
    type: z.literal('image_url'),
    imageUrl: z.object({ url: z.string() }).optional(),
    dataUri: z.object({ data: z.string() }).optional(),
    count: z.int(),
  }),
])
export type CountedPart = z.input<typeof CountedPartSchema>

export const TokenizeV1Reply = envelope(
  z.object({ messages: z.array(z.object({ role: z.string(), content: z.string(), count: z.int() })) }),
)

export const TokenizeV3Reply = envelope(
  z.object({
    messages: z.array(
      z.object({
        role: z.string(),
        content: z.array(CountedPartSchema),
        toolCalls: z.object({ count: z.int() }).optional(),
      }),
    ),
    tools: z.object({ count: z.int() }).optional(),
    responseFormat: z.object({ count: z.int() }).optional(),
  }),
)

export const SlidingReply = envelope(z.object({ messages: z.array(MessageV3Schema) }))
export const EmbeddingReply = envelope(z.object({ embedding: z.array(z.number()), inputTokens: z.int() }))
export const EmbeddingTokensReply = envelope(z.object({ numTokens: z.int() }))
