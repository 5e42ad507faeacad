import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { RunService } from '../../runs/run-service.ts'
import type { PracticeService } from './service.ts'
import type { SkillApprovals } from './skill-approvals.ts'
import { ApprovalBody, ApprovedSchema, SkillCallPath } from './skill-call-schema.ts'

/** Permission for calls of skills that wait for it. */
export const skillCallRoutes =
  (practice: PracticeService, approvals: SkillApprovals, runs: RunService): FastifyPluginAsyncZod =>
  async (app) => {
    app.post(
      '/user/practice/turns/:turn_id/skill-calls/:call_id/approval',
      {
        schema: {
          tags: ['practice'],
          operationId: 'approveSkillCall',
          summary: 'Allow or deny a call of a skill that waits for permission',
          description: 'What becomes of it is told by the events of the turn. A call waits for ten minutes.',
          params: SkillCallPath,
          body: ApprovalBody,
          response: { 202: ApprovedSchema },
        },
      },
      async (request, reply) => {
        const { turn_id, call_id } = request.params
        const { decision, arguments: changed } = request.body
        const turn = await practice.getTurn(request.person, turn_id)
        await approvals.decide(turn, call_id, { decision, arguments: changed ?? null }, runs)
        return reply.code(202).send({ turn_id, call_id, decision })
      },
    )
  }
