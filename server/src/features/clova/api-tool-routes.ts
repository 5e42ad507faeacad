import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { ChatMessage } from '../../models/language-model.ts'
import { readExtras } from './chat-request.ts'
import { checkCounts, toChatMessage } from './messages.ts'
import { asking, type Describe, MAX_BODY_BYTES } from './route-parts.ts'
import {
  AppPath,
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
import type { ClovaService } from './service.ts'
import { ok, toCountedMessage } from './to-wire.ts'

/** What CLOVA Studio's explorer offers beside chat, in version 1. */
export const apiToolRoutes =
  (clova: ClovaService, describe: Describe): FastifyPluginAsyncZod =>
  async (app) => {
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
        const read = messages.map(toChatMessage)
        const kept = await clova.slide(request.person, request.params.model, read, maxTokens ?? undefined)
        return ok({ messages: sameMessages(kept, read, messages) })
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

/** What was given for each message that is kept; those are in the order in which they came. */
function sameMessages<Given>(kept: readonly ChatMessage[], read: readonly ChatMessage[], given: readonly Given[]) {
  let place = -1
  return kept.flatMap((message) => {
    place = read.indexOf(message, place + 1)
    return given[place] ?? []
  })
}

/** The tokenizer of version 3, which knows images, tools and formats. */
export const tokenizeV3Routes =
  (clova: ClovaService, describe: Describe): FastifyPluginAsyncZod =>
  async (app) => {
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
