import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Person } from '../accounts/person.ts'
import type { ModelCatalog } from './catalog.ts'
import { ModelListQuery, ModelPageSchema, toWireModel } from './schema.ts'

/** What the catalog needs to know of classes: which models one may ask; null allows every model. */
type ClassModels = {
  getRunnable(person: Person, classId: number): Promise<{ allowedModels: readonly string[] | null }>
}

/** The models that can be asked. */
export const catalogRoutes =
  (catalog: ModelCatalog, classes: ClassModels): FastifyPluginAsyncZod =>
  async (app) => {
    app.get(
      '/models',
      {
        schema: {
          tags: ['models'],
          operationId: 'listModels',
          summary: 'List the models that can be asked',
          querystring: ModelListQuery,
          response: { 200: ModelPageSchema },
        },
      },
      async (request) => {
        const { class_id, modality, provider, q, page, size } = request.query
        const allowed =
          class_id === undefined ? null : (await classes.getRunnable(request.person, class_id)).allowedModels
        const all = modality === 'chat' ? catalog.list() : catalog.listEmbeddings()
        const models = all.filter(
          (model) =>
            (allowed === null || allowed.includes(model.name)) &&
            (provider === undefined || model.provider === provider) &&
            (q === undefined || `${model.name} ${model.displayName}`.toLowerCase().includes(q.toLowerCase())),
        )
        const items = models.slice((page - 1) * size, page * size).map(toWireModel)
        return { items, total: models.length, page, size }
      },
    )
  }
