import type { FastifyReply, FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { AppError } from '../../errors.ts'
import { clientGone } from '../../http/client-gone.ts'
import { sendEvents } from '../../http/send-events.ts'
import type { ModelRequest } from '../../models/language-model.ts'
import type { GatewayService } from '../gateway/service.ts'
import { chatChunks, chatCompletion } from './chat-reply.ts'
import { toModelRequest as chatToModelRequest } from './chat-request.ts'
import { ChatBody, ChatCompletionSchema } from './chat-schema.ts'
import { textsOf } from './embedding-input.ts'
import { EmbeddingsBody, EmbeddingsSchema, encodeVector } from './embeddings.ts'
import { openAiError, sendOpenAiError } from './errors.ts'
import { addHeaders } from './headers.ts'
import { ModelListReply, ModelReply, toOpenAiModel } from './models.ts'
import { ResponseBuilder } from './response-builder.ts'
import { collectResponse, responseFrames } from './responses-reply.ts'
import { toModelRequest as responseToModelRequest } from './responses-request.ts'
import { ResponseSchema, ResponsesBody } from './responses-schema.ts'
import { type EtudeReport, etudeReport, readWindowSwitch } from './window-switch.ts'

/** Images come inside the body. */
const MAX_BODY_BYTES = 32 * 1024 * 1024

/** What OpenAI's SDKs send and read, to be mounted at `/v1/openai`. */
export const openAiRoutes =
  (gateway: GatewayService): FastifyPluginAsyncZod =>
  async (app) => {
    app.setErrorHandler(sendOpenAiError)
    app.setNotFoundHandler((request, reply) =>
      sendOpenAiError(
        new AppError('not_found', 'unknown_url', `Invalid URL (${request.method} ${request.url.split('?', 1)[0]}).`),
        request,
        reply,
      ),
    )
    app.addHook('onSend', async (_, reply) => addHeaders(reply))
    const tags = ['openai']

    app.post(
      '/chat/completions',
      {
        bodyLimit: MAX_BODY_BYTES,
        schema: {
          tags,
          operationId: 'createChatCompletion',
          summary: 'Ask a model, as OpenAI’s chat completions do',
          description:
            'With stream: true the reply is server-sent events. The header x-etude-window: slide, or :slide after the model’s name, leaves out the oldest turns until the conversation fits; the reply says how many.',
          body: ChatBody,
          response: { 200: ChatCompletionSchema },
        },
      },
      async (request, reply) => {
        const { request: asked, ignored } = chatToModelRequest(request.body)
        const { answer, etude } = await ask(request, reply, request.body.model, asked, ignored)
        const head = {
          id: `chatcmpl-${request.id.replaceAll('-', '')}`,
          created: Math.floor(Date.now() / 1000),
          model: answer.model.name,
          etude,
        }
        if (!request.body.stream) return chatCompletion(answer.events, head)
        addHeaders(reply)
        const includeUsage = request.body.stream_options?.include_usage ?? false
        return sendEvents(reply, () => chatChunks(answer.events, head, includeUsage), failureFrame)
      },
    )

    app.post(
      '/responses',
      {
        bodyLimit: MAX_BODY_BYTES,
        schema: {
          tags,
          operationId: 'createResponse',
          summary: 'Ask a model, as OpenAI’s responses do, without stored state',
          description: 'With stream: true the reply is server-sent events. truncation: auto switches the window on.',
          body: ResponsesBody,
          response: { 200: ResponseSchema },
        },
      },
      async (request, reply) => {
        const { body } = request
        const asked = responseToModelRequest(body)
        const { answer, etude, window } = await ask(request, reply, body.model, asked, [], body.truncation)
        const builder = new ResponseBuilder(body, {
          id: request.id.replaceAll('-', ''),
          created: Math.floor(Date.now() / 1000),
          model: answer.model.name,
          slides: window === 'slide',
          etude,
        })
        if (!body.stream) return collectResponse(answer.events, builder)
        addHeaders(reply)
        const onFailure = (error: unknown) => request.log.error({ err: error }, 'a streamed response broke')
        return sendEvents(reply, () => responseFrames(answer.events, builder, onFailure), failureFrame)
      },
    )

    app.post(
      '/embeddings',
      {
        bodyLimit: MAX_BODY_BYTES,
        schema: {
          tags,
          operationId: 'createEmbeddings',
          summary: 'Turn texts into vectors',
          body: EmbeddingsBody,
          response: { 200: EmbeddingsSchema },
        },
      },
      async (request, reply) => {
        const { model, input, dimensions, encoding_format } = request.body
        const asked = {
          modelName: model,
          texts: await textsOf(input),
          dimensions: dimensions ?? undefined,
          dialect: 'openai' as const,
          requestId: request.id,
        }
        const made = await gateway.embed(request.person, asked, clientGone(reply))
        return {
          object: 'list' as const,
          data: made.vectors.map((vector, index) => ({
            object: 'embedding' as const,
            index,
            embedding: encodeVector(vector, encoding_format ?? 'float'),
          })),
          model: made.model.name,
          usage: { prompt_tokens: made.inputTokens, total_tokens: made.inputTokens },
        }
      },
    )

    app.get(
      '/models',
      {
        schema: {
          tags,
          operationId: 'listOpenAiModels',
          summary: 'List the models that may be asked, embedding models too',
          response: { 200: ModelListReply },
        },
      },
      async (request) => ({
        object: 'list' as const,
        data: (await gateway.listModels(request.person)).map(toOpenAiModel),
      }),
    )

    app.get(
      '/models/*',
      {
        schema: {
          tags,
          operationId: 'getOpenAiModel',
          summary: 'Describe one model',
          params: z.object({ '*': z.string().describe('The model’s name, which may hold slashes') }),
          response: { 200: ModelReply },
        },
      },
      async (request) => toOpenAiModel(await gateway.getModel(request.person, request.params['*'])),
    )

    /** Asks the gateway, and says in the headers what was left out. */
    async function ask(
      request: FastifyRequest,
      reply: FastifyReply,
      model: string,
      asked: ModelRequest,
      ignored: EtudeReport['dropped_params'],
      truncation?: 'auto' | 'disabled' | null,
    ) {
      const switched = readWindowSwitch(request.headers, model, (name) => gateway.isModel(name))
      const window = truncation === 'auto' ? 'slide' : switched.window
      const answer = await gateway.ask(
        request.person,
        { modelName: switched.modelName, request: asked, window, dialect: 'openai', requestId: request.id },
        clientGone(reply),
      )
      if (window === 'slide') reply.header('x-etude-trimmed-turns', String(answer.trim.turnsLeftOut))
      return { answer, window, etude: etudeReport(answer, window, ignored) }
    }
  }

/** A failure in the middle of a stream: OpenAI's SDKs throw when a frame holds an error. */
function failureFrame(error: unknown): string {
  return `data: ${JSON.stringify(openAiError(error).body)}\n\n`
}
