import { z } from 'zod'

const Tokens = z.array(z.int().min(0)).min(1)

export const EmbeddingsBody = z.object({
  model: z.string().min(1).max(256),
  input: z
    .union([z.string(), z.array(z.string()).min(1), Tokens, z.array(Tokens).min(1)])
    .describe('One text or several, as text or as token numbers of cl100k_base'),
  encoding_format: z.enum(['float', 'base64']).nullish(),
  dimensions: z.int().min(1).nullish(),
})

export const EmbeddingsSchema = z
  .object({
    object: z.literal('list'),
    data: z.array(
      z.object({
        object: z.literal('embedding'),
        index: z.int(),
        embedding: z.union([z.array(z.number()), z.string()]),
      }),
    ),
    model: z.string(),
    usage: z.object({ prompt_tokens: z.int(), total_tokens: z.int() }),
  })
  .meta({ id: 'EmbeddingList' })

/** A vector as numbers or, as OpenAI's SDKs ask for, as little-endian float32 in base64. */
export function encodeVector(vector: Float32Array, format: 'float' | 'base64'): number[] | string {
  if (format === 'float') return Array.from(vector)
  return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString('base64')
}
