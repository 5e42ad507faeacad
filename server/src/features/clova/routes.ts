import type { FastifyReply, FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { NotFoundError } from '../../errors.ts'
import type { FinalAnswers } from '../skillsets/agent/final-answers.ts'
import { apiToolRoutes, tokenizeV3Routes } from './api-tool-routes.ts'
import { chatV1Routes, chatV3Routes, taskChatV2Routes } from './chat-routes.ts'
import { sendClovaError } from './clova-error.ts'
import { finalAnswerRoutes } from './final-answer-routes.ts'
import { echoRequestId } from './request-id.ts'
import { type Describe, described, isAnotherPath } from './route-parts.ts'
import type { ClovaService } from './service.ts'

/**
 * CLOVA Studio's API: Chat Completions, tokenizers, sliding window, embeddings and the answers of skillsets, with its envelope and its codes.
 *
 * Older clients put `/testapp` or `/serviceapp` before the path and the id of an app after it; neither means anything.
 */
export const clovaRoutes =
  (clova: ClovaService, answers: FinalAnswers): FastifyPluginAsyncZod =>
  async (app) => {
    app.setErrorHandler(sendClovaError)
    app.addHook('onRequest', async (request, reply) => echoRequestId(request, reply))
    // What says that it is plain text is not JSON either.
    app.removeContentTypeParser('text/plain')
    for (const prefix of ['', '/testapp', '/serviceapp']) {
      const describe = prefix === '' ? described : isAnotherPath
      const mount = (version: string, ...routes: Routes[]) =>
        app.register(versionRoutes(routes.map((one) => one(clova, describe))), { prefix: `${prefix}/${version}` })
      await mount('v1', chatV1Routes, apiToolRoutes, () => finalAnswerRoutes(answers, describe))
      await mount('v2', taskChatV2Routes)
      await mount('v3', chatV3Routes, tokenizeV3Routes)
    }
  }

type Routes = (clova: ClovaService, describe: Describe) => FastifyPluginAsyncZod

const versionRoutes =
  (routes: readonly FastifyPluginAsyncZod[]): FastifyPluginAsyncZod =>
  async (app) => {
    app.setNotFoundHandler(sendUnknownPath)
    for (const one of routes) await app.register(one)
  }

function sendUnknownPath(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const path = request.url.split('?', 1)[0] ?? ''
  return sendClovaError(new NotFoundError('route', `${request.method} ${path}`), request, reply)
}
