import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { wantsEvents } from '../../http/send-events.ts'
import type { RunService } from '../../runs/run-service.ts'
import { answerTurn } from '../practice/turn-reply.ts'
import {
  ClassQuery,
  ExperimentBody,
  ExperimentPageSchema,
  ExperimentPatch,
  ExperimentPath,
  ExperimentSchema,
  ListQuery,
  toVariant,
  toWireExperiment,
  toWireSummary,
} from './schema.ts'
import type { ExperimentService } from './service.ts'

/** Experiments: one prompt asked of several variants at once. */
export const experimentRoutes =
  (experiments: ExperimentService, runs: RunService): FastifyPluginAsyncZod =>
  async (app) => {
    const tags = ['experiments']
    const PATH = '/user/practice/experiments'

    app.post(
      PATH,
      {
        schema: {
          tags,
          operationId: 'runExperiment',
          summary: 'Ask several variants one prompt, to compare them',
          description:
            'Answers with the experiment when all have ended, or with the events of its turn when the client accepts ' +
            'text/event-stream. The Location header names the experiment either way.',
          querystring: ClassQuery,
          body: ExperimentBody,
          response: { 201: ExperimentSchema },
        },
      },
      async (request, reply) => {
        const { person, body, query } = request
        const { prompt_text, variants, repeats } = body
        const asked = { promptText: prompt_text, variants: variants.map(toVariant), repeats }
        const experiment = await experiments.run(person, query.class_id, asked)
        reply.header('location', `${PATH}/${experiment.experimentId}`)
        if (wantsEvents(request)) return answerTurn(request, reply, runs, experiment)
        await runs.waitForEnd(experiment)
        return reply.code(201).send(toWireExperiment(await experiments.read(person, experiment.experimentId)))
      },
    )

    app.get(
      PATH,
      {
        schema: {
          tags,
          operationId: 'listExperiments',
          summary: 'My experiments, newest first',
          querystring: ListQuery,
          response: { 200: ExperimentPageSchema },
        },
      },
      async ({ person, query: { page, size } }) => {
        const found = await experiments.list(person, { limit: size, offset: (page - 1) * size })
        return { items: found.experiments.map(toWireSummary), total: found.total, page, size }
      },
    )

    app.get(
      `${PATH}/:experiment_id`,
      {
        schema: {
          tags,
          operationId: 'getExperiment',
          summary: 'The variants of an experiment side by side: settings, answers, what they took',
          params: ExperimentPath,
          response: { 200: ExperimentSchema },
        },
      },
      async ({ person, params }) => toWireExperiment(await experiments.read(person, params.experiment_id)),
    )

    app.patch(
      `${PATH}/:experiment_id`,
      {
        schema: {
          tags,
          operationId: 'updateExperiment',
          summary: 'Let the class vote on an experiment, or no longer',
          params: ExperimentPath,
          body: ExperimentPatch,
          response: { 200: ExperimentSchema },
        },
      },
      async ({ person, params, body }) => {
        await experiments.share(person, params.experiment_id, body.is_shared)
        return toWireExperiment(await experiments.read(person, params.experiment_id))
      },
    )

    app.delete(
      `${PATH}/:experiment_id`,
      {
        schema: {
          tags,
          operationId: 'deleteExperiment',
          summary: 'Remove an experiment with its session and the votes on it',
          params: ExperimentPath,
          response: { 204: z.null() },
        },
      },
      async ({ person, params }, reply) => {
        await experiments.delete(person, params.experiment_id)
        return reply.code(204).send(null)
      },
    )
  }
