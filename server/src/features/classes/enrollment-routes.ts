import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { JoinCodes } from './join-codes.ts'
import type { ClassMembers } from './members.ts'
import {
  ClassPath,
  EnrollmentPageSchema,
  EnrollmentQuery,
  EnrollmentSchema,
  RedeemBody,
  toWireEnrollment,
} from './schema.ts'

/** Guessing codes must stay hopeless. */
const FEW_TRIES = { rateLimit: { max: 20, timeWindow: '1 minute' } }

/** The classes that I am in, joining one and leaving it. */
export const enrollmentRoutes =
  (members: ClassMembers, joinCodes: JoinCodes): FastifyPluginAsyncZod =>
  async (app) => {
    const tags = ['classes']

    app.get(
      '/user/classes',
      {
        schema: {
          tags,
          operationId: 'listEnrollments',
          summary: 'The classes that I am in, oldest first',
          querystring: EnrollmentQuery,
          response: { 200: EnrollmentPageSchema },
        },
      },
      async ({ person, query }) => {
        const { status, limit, offset } = query
        const all = await members.enrollmentsOf(person, status)
        const items = all.slice(offset, offset + limit).map(toWireEnrollment)
        return { items, total: all.length, page: Math.floor(offset / limit) + 1, size: limit }
      },
    )

    app.post(
      '/user/class/invites/redeem',
      {
        config: FEW_TRIES,
        schema: {
          tags,
          operationId: 'redeemJoinCode',
          summary: 'Join a class with a code',
          body: RedeemBody,
          response: { 201: EnrollmentSchema },
        },
      },
      async ({ person, body }, reply) => {
        const classId = await joinCodes.redeem(person, body.code)
        const enrollment = (await members.enrollmentsOf(person)).find((one) => one.classId === classId)
        return reply.code(201).send(toWireEnrollment(enrollment!))
      },
    )

    app.delete(
      '/user/class/enrollments/:class_id',
      {
        schema: {
          tags,
          operationId: 'leaveClass',
          summary: 'Leave a class; what I did in it stays mine',
          params: ClassPath,
          response: { 204: z.null().describe('Left') },
        },
      },
      async ({ person, params }, reply) => {
        await members.leave(person, params.class_id)
        return reply.code(204).send(null)
      },
    )
  }
