import type { FastifyReply, FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { NotFoundError } from '../../errors.ts'
import { clientGone } from '../../http/client-gone.ts'
import { sendEvents, wantsEvents } from '../../http/send-events.ts'
import type { ChatMessage, ModelRequest } from '../../models/language-model.ts'
import type { CatalogModel } from '../catalog/catalog.ts'
import type { GatewayAnswer } from '../gateway/service.ts'
import { type ChatAnswer, ChatAnswerV1, ChatAnswerV3 } from './chat-answer.ts'
import { chatFrames, errorFrame } from './chat-frames.ts'
import { effortOf, readChatV1, readChatV3, readExtras } from './chat-request.ts'
import { sendClovaError } from './clova-error.ts'
import { checkCounts, toChatMessage } from './messages.ts'
import { echoRequestId, requestIdOf } from './request-id.ts'
import {
  AppPath,
  ChatV1Body,
  ChatV1Reply,
  ChatV3Body,
  ChatV3Reply,
  EmbeddingBody,
  EmbeddingReply,
  EmbeddingTokensReply,
  ModelPath,
  SlidingBody,
  SlidingReply,
  TokenizeV1Body,
  TokenizeV1Reply,
  TokenizeV3Body,
  TokenizeV3Reply,
} from './schema.ts'
import type { Asking, ClovaService } from './service.ts'
import { ok, toCountedMessage } from './to-wire.ts'

/** What CLOVA Studio takes: images come inside the body. */
const MAX_BODY_BYTES = 50 * 1024 * 1024

/**
 * CLOVA Studio's API: Chat Completions, tokenizers, sliding window and embeddings, with its envelope and its codes.
 *
 * Older clients put `/testapp` or `/serviceapp` before the path and the id of an app after it; neither means anything.
 */
export const clovaRoutes =
  (clova: ClovaService): FastifyPluginAsyncZod =>
  async (app) => {
    app.setErrorHandler(sendClovaError)
    app.addHook('onRequest', async (request, reply) => echoRequestId(request, reply))
    // What says that it is plain text is not JSON either.
    app.removeContentTypeParser('text/plain')
    for (const prefix of ['', '/testapp', '/serviceapp'] as const) {
      const isHidden = prefix !== ''
      await app.register(version1(clova, isHidden), { prefix: `${prefix}/v1` })
      await app.register(version3(clova, isHidden), { prefix: `${prefix}/v3` })
    }
  }

const version1 =
  (clova: ClovaService, isHidden: boolean): FastifyPluginAsyncZod =>
  async (app) => {
    app.setNotFoundHandler(sendUnknownPath)
    const describe = describing(isHidden)

    app.post(
      '/chat-completions/:model',
      {
        bodyLimit: MAX_BODY_BYTES,
        schema: {
          ...describe('clovaChatV1', 'Ask a model', EITHER_WAY),
          params: ModelPath,
          body: ChatV1Body,
          response: { 200: ChatV1Reply },
        },
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

    app.post(
      '/api-tools/chat-tokenize/:model/:appId?',
      {
        bodyLimit: MAX_BODY_BYTES,
        schema: {
          ...describe('clovaTokenizeV1', 'Count the tokens of messages'),
          params: ModelPath,
          body: TokenizeV1Body,
          response: { 200: TokenizeV1Reply },
        },
      },
      async (request) => {
        const messages = request.body.messages.map(toChatMessage)
        const counted = await clova.count(request.person, request.params.model, messages)
        return ok({
          messages: request.body.messages.map(({ role, content }, index) => ({
            role,
            content: content ?? '',
            count: counted.messages[index]?.tokens ?? 0,
          })),
        })
      },
    )

    app.post(
      '/api-tools/sliding/chat-messages/:model/:appId?',
      {
        bodyLimit: MAX_BODY_BYTES,
        schema: {
          ...describe('clovaSliding', 'Leave the oldest turns out until a conversation fits a model'),
          params: ModelPath,
          body: SlidingBody,
          response: { 200: SlidingReply },
        },
      },
      async (request) => {
        const { messages, maxTokens } = request.body
        const given = new Map<ChatMessage, (typeof messages)[number]>()
        for (const [place, message] of messages.entries()) given.set(toChatMessage(message, place), message)
        const kept = await clova.slide(request.person, request.params.model, [...given.keys()], maxTokens ?? undefined)
        return ok({ messages: kept.flatMap((message) => given.get(message) ?? []) })
      },
    )

    app.post(
      '/api-tools/embedding/v2/:appId?',
      {
        schema: {
          ...describe('clovaEmbedding', 'Make an embedding of a text'),
          params: AppPath,
          body: EmbeddingBody,
          response: { 200: EmbeddingReply },
        },
      },
      async (request, reply) => {
        const { vectors, inputTokens } = await clova.embed(asking(request, reply), request.body.text)
        return ok({ embedding: [...(vectors[0] ?? [])], inputTokens })
      },
    )

    app.post(
      '/api-tools/embedding/v2/tokenize/:appId?',
      {
        schema: {
          ...describe('clovaTokenizeEmbedding', 'Count the tokens of a text for an embedding'),
          params: AppPath,
          body: EmbeddingBody,
          response: { 200: EmbeddingTokensReply },
        },
      },
      async (request) => ok({ numTokens: await clova.countForEmbedding(request.person, request.body.text) }),
    )
  }

const version3 =
  (clova: ClovaService, isHidden: boolean): FastifyPluginAsyncZod =>
  async (app) => {
    app.setNotFoundHandler(sendUnknownPath)
    const describe = describing(isHidden)

    app.post(
      '/chat-completions/:model',
      {
        bodyLimit: MAX_BODY_BYTES,
        schema: {
          ...describe('clovaChatV3', 'Ask a model, with images, tools, thinking or a response format', EITHER_WAY),
          params: ModelPath,
          body: ChatV3Body,
          response: { 200: ChatV3Reply },
        },
      },
      (request, reply) => {
        const { body } = request
        return answer(
          clova,
          { request, reply, modelName: request.params.model },
          { version: 3, read: (model) => readChatV3(body, model) },
          () =>
            new ChatAnswerV3({ seed: body.seed ?? 0, created: new Date(), showsThinking: effortOf(body) !== 'none' }),
        )
      },
    )

    app.post(
      '/api-tools/chat-tokenize/:model/:appId?',
      {
        bodyLimit: MAX_BODY_BYTES,
        schema: {
          ...describe('clovaTokenizeV3', 'Count the tokens of messages, tools and a response format'),
          params: ModelPath,
          body: TokenizeV3Body,
          response: { 200: TokenizeV3Reply },
        },
      },
      async (request) => {
        const messages = request.body.messages.map(toChatMessage)
        checkCounts(messages)
        const extras = readExtras(request.body)
        const counted = await clova.count(request.person, request.params.model, messages, extras)
        return ok({
          messages: counted.messages.flatMap((count, index) => {
            const [wire, message] = [request.body.messages[index], messages[index]]
            return wire && message ? toCountedMessage(wire, message, count) : []
          }),
          ...(extras.tools && { tools: { count: counted.tools } }),
          ...(extras.responseFormat && { responseFormat: { count: counted.responseFormat } }),
        })
      },
    )
  }

const EITHER_WAY = 'Answers with JSON, or with server-sent events when the client accepts text/event-stream.'

/** The same path under another prefix is not described again. */
function describing(isHidden: boolean) {
  return (operationId: string, summary: string, description?: string) =>
    isHidden ? { hide: true } : { tags: ['clova'], operationId, summary, ...(description && { description }) }
}

function sendUnknownPath(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return sendClovaError(new NotFoundError('route', `${request.method} ${pathOf(request)}`), request, reply)
}

function pathOf({ url }: FastifyRequest): string {
  return url.split('?', 1)[0] ?? ''
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

function asking(request: FastifyRequest, reply: FastifyReply): Asking {
  return { person: request.person, requestId: requestIdOf(request), signal: clientGone(reply) }
}
