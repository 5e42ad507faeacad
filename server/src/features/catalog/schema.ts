import { z } from 'zod'
import { PARAMETER_NAMES } from '../../config.ts'
import type { CatalogModel } from './catalog.ts'

/** The catalog on the wire. */

export const ModelListQuery = z.strictObject({
  class_id: z.coerce
    .number()
    .int()
    .min(1)
    .max(Number.MAX_SAFE_INTEGER)
    .optional()
    .describe('Only the models that this class may ask'),
  modality: z.enum(['chat', 'embedding']).default('chat').describe('What the models are for'),
  provider: z.string().max(128).optional(),
  q: z.string().max(128).optional().describe('Part of a name'),
  only_active: z
    .enum(['true', 'false'])
    .optional()
    .describe('Every model of the catalog is active; accepted for older clients'),
  page: z.coerce.number().int().min(1).max(1_000_000).default(1),
  size: z.coerce.number().int().min(1).max(200).default(50),
})

const ModelSchema = z
  .object({
    model_name: z.string().describe('What to give as model_names'),
    display_name: z.string(),
    provider: z.string(),
    modality: z.enum(['chat', 'embedding']),
    is_offline: z.boolean().describe('Runs inside this server, without knowledge of the world'),
    dimensions: z.int().nullable().describe('How long the vectors of an embedding model are'),
    context_tokens: z.int(),
    max_output_tokens: z.int(),
    tokenizer: z.string(),
    price_per_million_tokens: z
      .object({ input: z.number(), output: z.number() })
      .nullable()
      .describe('US dollars; null when it is not known'),
    unsupported: z.array(z.enum(PARAMETER_NAMES)).describe('Parameters that are dropped and reported, not sent'),
    capabilities: z.object({ tools: z.boolean(), images: z.boolean(), json: z.boolean() }),
  })
  .meta({ id: 'Model' })

export const ModelPageSchema = z
  .object({ items: z.array(ModelSchema), total: z.int(), page: z.int(), size: z.int() })
  .meta({ id: 'ModelPage' })

export function toWireModel(model: CatalogModel): z.input<typeof ModelSchema> {
  return {
    model_name: model.name,
    display_name: model.displayName,
    provider: model.provider,
    modality: model.modality,
    is_offline: model.isOffline,
    dimensions: model.dimensions,
    context_tokens: model.contextTokens,
    max_output_tokens: model.maxOutputTokens,
    tokenizer: model.tokenizer,
    price_per_million_tokens: model.pricePerMillionTokens,
    unsupported: model.unsupported,
    capabilities: model.capabilities,
  }
}
