import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import {
  BlindSchema,
  ClassPath,
  ExperimentPath,
  LeaderboardSchema,
  ListQuery,
  PAIRS_AT_ONCE,
  SharedPageSchema,
  toWireBlindAnswer,
  toWireLeaderboard,
  toWirePair,
  toWireShared,
  toWireVote,
  VoteBody,
  VotePath,
  VoteSchema,
} from './schema.ts'
import type { ExperimentService } from './service.ts'
import type { VotingService } from './voting-service.ts'

/** Blind votes on the answers of experiments, and what they make of models. */
export const votingRoutes =
  (voting: VotingService, experiments: ExperimentService): FastifyPluginAsyncZod =>
  async (app) => {
    const tags = ['experiments']
    const PATH = '/user/practice/experiments/:experiment_id'

    app.get(
      '/classes/:class_id/experiments',
      {
        schema: {
          tags,
          operationId: 'listSharedExperiments',
          summary: 'Experiments that a class may vote on, newest first',
          params: ClassPath,
          querystring: ListQuery,
          response: { 200: SharedPageSchema },
        },
      },
      async ({ person, params, query: { page, size } }) => {
        const found = await experiments.listShared(person, params.class_id, { limit: size, offset: (page - 1) * size })
        return { items: found.experiments.map(toWireShared), total: found.total, page, size }
      },
    )

    app.get(
      `${PATH}/blind`,
      {
        schema: {
          tags,
          operationId: 'getBlindExperiment',
          summary: 'The answers of an experiment without saying whose they are, and pairs of them to judge',
          params: ExperimentPath,
          response: { 200: BlindSchema },
        },
      },
      async ({ person, params }) => {
        const { promptText, answers, toJudge, votes } = await voting.blind(person, params.experiment_id)
        return {
          experiment_id: params.experiment_id,
          prompt_text: promptText,
          answers: answers.map(toWireBlindAnswer),
          pairs: toJudge.slice(0, PAIRS_AT_ONCE).map(toWirePair),
          pairs_left: toJudge.length,
          votes: votes.map((vote) => ({ ...toWirePair(vote), outcome: vote.outcome, voted_at: vote.votedAt })),
        }
      },
    )

    app.post(
      `${PATH}/votes`,
      {
        schema: {
          tags,
          operationId: 'voteOnAnswers',
          summary: 'Say which of two answers is better, and learn whose they are',
          description: 'A second vote on the same two answers replaces the first.',
          params: ExperimentPath,
          body: VoteBody,
          response: { 201: VoteSchema },
        },
      },
      async ({ person, params, body }, reply) => {
        const { left_answer_id: leftAnswerId, right_answer_id: rightAnswerId, outcome } = body
        const vote = await voting.vote(person, params.experiment_id, { leftAnswerId, rightAnswerId }, outcome)
        return reply.code(201).send(toWireVote(vote))
      },
    )

    app.delete(
      `${PATH}/votes/:left_answer_id/:right_answer_id`,
      {
        schema: {
          tags,
          operationId: 'undoVote',
          summary: 'Take back what I said of two answers',
          params: VotePath,
          response: { 204: z.null() },
        },
      },
      async ({ person, params }, reply) => {
        const { experiment_id, left_answer_id: leftAnswerId, right_answer_id: rightAnswerId } = params
        await voting.undo(person, experiment_id, { leftAnswerId, rightAnswerId })
        return reply.code(204).send(null)
      },
    )

    app.get(
      '/classes/:class_id/leaderboard',
      {
        schema: {
          tags,
          operationId: 'getLeaderboard',
          summary: 'How models compare in the votes of a class',
          description:
            'Bradley-Terry ratings with 95% intervals, as they are and corrected for the length of answers. Only votes ' +
            'between different models count.',
          params: ClassPath,
          response: { 200: LeaderboardSchema },
        },
      },
      async ({ person, params }) =>
        toWireLeaderboard(params.class_id, await voting.leaderboard(person, params.class_id)),
    )
  }
