import { z } from 'zod'
import type { CatalogModel } from '../catalog/catalog.ts'

const ModelSchema = z
  .object({
    id: z.string(),
    object: z.literal('model'),
    created: z.int().describe('Not known: 0'),
    owned_by: z.string().describe('The provider'),
    etude: z.object({
      display_name: z.string(),
      modality: z.enum(['chat', 'embedding']),
      context_tokens: z.int(),
      max_output_tokens: z.int(),
      dimensions: z.int().nullable(),
      capabilities: z.object({ tools: z.boolean(), images: z.boolean(), json: z.boolean() }),
    }),
  })
  .meta({ id: 'OpenAiModel' })

export const ModelReply = ModelSchema
export const ModelListReply = z
  .object({ object: z.literal('list'), data: z.array(ModelSchema) })
  .meta({ id: 'OpenAiModelList' })

export function toOpenAiModel(model: CatalogModel): z.input<typeof ModelSchema> {
  return {
    id: model.name,
    object: 'model',
    created: 0,
    owned_by: model.provider,
    etude: {
      display_name: model.displayName,
      modality: model.modality,
      context_tokens: model.contextTokens,
      max_output_tokens: model.maxOutputTokens,
      dimensions: model.dimensions,
      capabilities: model.capabilities,
    },
  }
}
