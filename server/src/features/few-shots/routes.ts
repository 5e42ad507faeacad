import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { exampleFileRoutes } from './example-file-routes.ts'
import {
  ClassQuery,
  ExamplePath,
  FewShotBody,
  FewShotExampleSchema,
  FewShotPageSchema,
  FewShotPatch,
  FewShotShareSchema,
  ForkBody,
  ListQuery,
  ResponsePath,
  SaveAnswerBody,
  SharedQuery,
  TokensQuery,
  TokensSchema,
  toChange,
  toDraft,
  toWireExample,
  toWireShare,
} from './schema.ts'
import type { FewShotService } from './service.ts'

const EXAMPLES = '/user/practice/few-shot-examples'
const EXAMPLE = `${EXAMPLES}/:example_id`

/** The library of few-shot examples. */
export const fewShotRoutes =
  (fewShots: FewShotService): FastifyPluginAsyncZod =>
  async (app) => {
    const tags = ['few-shots']
    await app.register(exampleFileRoutes(fewShots))

    app.get(
      EXAMPLES,
      {
        schema: {
          tags,
          operationId: 'listFewShotExamples',
          summary: 'My examples, newest first',
          querystring: ListQuery,
          response: { 200: FewShotPageSchema },
        },
      },
      async ({ person, query: { page, size, is_active, q } }) => {
        const { total, examples } = await fewShots.list(person, { isActive: is_active, search: q, page, size })
        return { items: examples.map(toWireExample), total, page, size }
      },
    )

    app.post(
      EXAMPLES,
      {
        schema: {
          tags,
          operationId: 'createFewShotExample',
          summary: 'Write an example',
          body: FewShotBody,
          response: { 201: FewShotExampleSchema },
        },
      },
      async ({ person, body }, reply) =>
        reply.code(201).send(toWireExample(await fewShots.create(person, toDraft(body)))),
    )

    app.get(
      `${EXAMPLES}/shared`,
      {
        schema: {
          tags,
          operationId: 'listSharedFewShotExamples',
          summary: 'The examples that a class may use, newest first',
          querystring: SharedQuery,
          response: { 200: FewShotPageSchema },
        },
      },
      async ({ person, query: { class_id, active_only, page, size } }) => {
        const { total, examples } = await fewShots.listShared(person, class_id, { activeOnly: active_only, page, size })
        return { items: examples.map(toWireExample), total, page, size }
      },
    )

    app.get(
      EXAMPLE,
      {
        schema: {
          tags,
          operationId: 'getFewShotExample',
          summary: 'One of my examples',
          params: ExamplePath,
          response: { 200: FewShotExampleSchema },
        },
      },
      async ({ person, params }) => toWireExample(await fewShots.get(person, params.example_id)),
    )

    app.patch(
      EXAMPLE,
      {
        schema: {
          tags,
          operationId: 'updateFewShotExample',
          summary: 'Change an example; turns that were asked with it keep what they had',
          params: ExamplePath,
          body: FewShotPatch,
          response: { 200: FewShotExampleSchema },
        },
      },
      async ({ person, params, body }) =>
        toWireExample(await fewShots.change(person, params.example_id, toChange(body))),
    )

    app.delete(
      EXAMPLE,
      {
        schema: {
          tags,
          operationId: 'deleteFewShotExample',
          summary: 'Remove an example; sessions skip their links to it',
          params: ExamplePath,
          response: { 204: z.null().describe('Removed') },
        },
      },
      async ({ person, params }, reply) => {
        await fewShots.delete(person, params.example_id)
        return reply.code(204).send(null)
      },
    )

    app.get(
      `${EXAMPLE}/tokens`,
      {
        schema: {
          tags,
          operationId: 'priceFewShotExample',
          summary: 'What an example adds to every prompt of a model, in tokens and money',
          params: ExamplePath,
          querystring: TokensQuery,
          response: { 200: TokensSchema },
        },
      },
      async ({ person, params: { example_id }, query: { model_name } }) => {
        const price = await fewShots.price(person, example_id, model_name)
        return {
          example_id,
          model_name,
          input_tokens: price.inputTokens,
          output_tokens: price.outputTokens,
          total_tokens: price.totalTokens,
          cost: price.cost,
        }
      },
    )

    app.post(
      `${EXAMPLE}/fork`,
      {
        schema: {
          tags,
          operationId: 'forkFewShotExample',
          summary: 'Copy an example that is shared with a class into my library',
          params: ExamplePath,
          body: ForkBody,
          response: { 201: FewShotExampleSchema },
        },
      },
      async ({ person, params, body: { class_id, title = null } }, reply) => {
        const copy = await fewShots.fork(person, params.example_id, { classId: class_id, title })
        return reply.code(201).send(toWireExample(copy))
      },
    )

    app.post(
      `${EXAMPLE}/share`,
      {
        schema: {
          tags,
          operationId: 'shareFewShotExample',
          summary: 'Let a class that I teach or assist use an example',
          params: ExamplePath,
          querystring: ClassQuery,
          response: { 201: FewShotShareSchema },
        },
      },
      async ({ person, params: { example_id }, query }, reply) =>
        reply.code(201).send(toWireShare(example_id, await fewShots.share(person, example_id, query.class_id))),
    )

    app.delete(
      `${EXAMPLE}/share`,
      {
        schema: {
          tags,
          operationId: 'unshareFewShotExample',
          summary: 'Take an example back from a class',
          params: ExamplePath,
          querystring: ClassQuery,
          response: { 200: FewShotShareSchema },
        },
      },
      async ({ person, params: { example_id }, query }) =>
        toWireShare(example_id, await fewShots.unshare(person, example_id, query.class_id)),
    )

    app.post(
      '/user/practice/responses/:response_id/few-shot-example',
      {
        schema: {
          tags,
          operationId: 'saveAnswerAsFewShotExample',
          summary: 'Make an example of a prompt and its answer in one of my sessions',
          params: ResponsePath,
          body: SaveAnswerBody,
          response: { 201: FewShotExampleSchema },
        },
      },
      async ({ person, params, body }, reply) => {
        const saved = await fewShots.saveAnswer(person, params.response_id, body?.title ?? null)
        return reply.code(201).send(toWireExample(saved))
      },
    )
  }
