import type { FastifyReply, FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { sendEvents, wantsEvents } from '../../http/send-events.ts'
import type { ModelRequest } from '../../models/language-model.ts'
import type { CatalogModel } from '../catalog/catalog.ts'
import type { GatewayAnswer } from '../gateway/service.ts'
import { type ChatAnswer, ChatAnswerV1, ChatAnswerV3 } from './chat-answer.ts'
import { chatFrames, errorFrame } from './chat-frames.ts'
import { effortOf, readChatV1, readChatV3 } from './chat-request.ts'
import { asking, type Describe, isAnotherPath, MAX_BODY_BYTES } from './route-parts.ts'
import { ChatV1Body, ChatV1Reply, ChatV3Body, ChatV3Reply, ModelPath } from './schema.ts'
import type { ClovaService } from './service.ts'
import { ok } from './to-wire.ts'

const TASKS = '/tasks/:model/chat-completions'

/** Chat Completions of version 1; the id of a tuning task is a name of the catalog too. */
export const chatV1Routes =
  (clova: ClovaService, describe: Describe): FastifyPluginAsyncZod =>
  async (app) => {
    await app.register(
      chatV1Route(clova, '/chat-completions/:model', describe('clovaChatV1', 'Ask a model', EITHER_WAY)),
    )
    await app.register(chatV1Route(clova, TASKS, isAnotherPath()))
  }

/** What there is of version 2: tuning tasks, asked as in version 1. */
export const taskChatV2Routes = (clova: ClovaService): FastifyPluginAsyncZod =>
  chatV1Route(clova, TASKS, isAnotherPath())

/** Chat Completions of version 3. */
export const chatV3Routes =
  (clova: ClovaService, describe: Describe): FastifyPluginAsyncZod =>
  async (app) => {
    const summary = 'Ask a model, with images, tools, thinking or a response format'
    await app.register(chatV3Route(clova, '/chat-completions/:model', describe('clovaChatV3', summary, EITHER_WAY)))
    await app.register(chatV3Route(clova, TASKS, isAnotherPath()))
  }

const EITHER_WAY = 'Answers with JSON, or with server-sent events when the client accepts text/event-stream.'

const chatV1Route =
  (clova: ClovaService, path: string, documentation: object): FastifyPluginAsyncZod =>
  async (app) => {
    app.post(
      path,
      {
        bodyLimit: MAX_BODY_BYTES,
        schema: { ...documentation, params: ModelPath, body: ChatV1Body, response: { 200: ChatV1Reply } },
      },
      (request, reply) => {
        const { body } = request
        return answer(
          clova,
          { request, reply, modelName: request.params.model },
          { version: 1, read: (model) => readChatV1(body, model) },
          ({ events }) => new ChatAnswerV1({ seed: body.seed ?? 0, wasCut: () => events.stoppedAt !== undefined }),
        )
      },
    )
  }

const chatV3Route =
  (clova: ClovaService, path: string, documentation: object): FastifyPluginAsyncZod =>
  async (app) => {
    app.post(
      path,
      {
        bodyLimit: MAX_BODY_BYTES,
        schema: { ...documentation, params: ModelPath, body: ChatV3Body, response: { 200: ChatV3Reply } },
      },
      (request, reply) => {
        const { body } = request
        const showsThinking = effortOf(body) !== 'none'
        return answer(
          clova,
          { request, reply, modelName: request.params.model },
          { version: 3, read: (model) => readChatV3(body, model) },
          () => new ChatAnswerV3({ seed: body.seed ?? 0, created: new Date(), showsThinking }),
        )
      },
    )
  }

/** The same answer either way: streamed as it comes, or waited for and collected. */
async function answer<Answer extends ChatAnswer>(
  clova: ClovaService,
  { request, reply, modelName }: { request: FastifyRequest; reply: FastifyReply; modelName: string },
  { version, read }: { version: 1 | 3; read: (model: CatalogModel) => ModelRequest },
  createAnswer: (asked: GatewayAnswer) => Answer,
) {
  const asked = await clova.chat(asking(request, reply), modelName, version, read)
  const words = createAnswer(asked)
  if (asked.dropped.length > 0) reply.header('x-etude-dropped', asked.dropped.map(({ name }) => name).join(', '))
  if (wantsEvents(request)) return sendEvents(reply, () => chatFrames(asked.events, words), errorFrame)
  for await (const event of asked.events) words.take(event)
  return reply.send(ok(words.result()))
}
