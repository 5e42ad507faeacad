import type { FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { decodeUtf8 } from '../../http/csv.ts'
import { signInUrl } from '../accounts/sign-in-links.ts'
import type { JoinCodes } from './join-codes.ts'
import type { ClassMembers } from './members.ts'
import {
  ClassPath,
  JoinCodeBody,
  JoinCodeListSchema,
  JoinCodePath,
  JoinCodeSchema,
  MemberBody,
  MemberListQuery,
  MemberPageSchema,
  MemberPatch,
  MemberPath,
  MemberSchema,
  RosterBody,
  RosterQuery,
  RosterSchema,
  toWireJoinCode,
  toWireMember,
  toWireRoster,
} from './schema.ts'

const MAX_ROSTER_BYTES = 2 * 1024 * 1024

/** Who is in a class, and how people get into it. */
export const memberRoutes =
  (members: ClassMembers, joinCodes: JoinCodes): FastifyPluginAsyncZod =>
  async (app) => {
    const tags = ['classes']
    app.addContentTypeParser(
      'text/csv',
      { parseAs: 'buffer', bodyLimit: MAX_ROSTER_BYTES },
      async (_: FastifyRequest, body: Buffer) => decodeUtf8(body),
    )

    app.get(
      '/classes/:class_id/members',
      {
        schema: {
          tags,
          operationId: 'listClassMembers',
          summary: 'Who is in a class, for its teachers and assistants',
          params: ClassPath,
          querystring: MemberListQuery,
          response: { 200: MemberPageSchema },
        },
      },
      async ({ person, params, query }) => {
        const { page, size, role, q } = query
        const found = await members.list(person, params.class_id, { role, search: q, page, size })
        return { items: found.members.map(toWireMember), total: found.total, page, size }
      },
    )

    app.post(
      '/classes/:class_id/members',
      {
        schema: {
          tags,
          operationId: 'addClassMember',
          summary: 'Put somebody into a class, as its teacher',
          params: ClassPath,
          body: MemberBody,
          response: { 201: MemberSchema },
        },
      },
      async ({ person, params, body }, reply) =>
        reply.code(201).send(toWireMember(await members.add(person, params.class_id, body.handle, body.role))),
    )

    app.patch(
      '/classes/:class_id/members/:user_id',
      {
        schema: {
          tags,
          operationId: 'changeClassMember',
          summary: 'Give a member another role, as a teacher',
          params: MemberPath,
          body: MemberPatch,
          response: { 200: MemberSchema },
        },
      },
      async ({ person, params, body }) =>
        toWireMember(await members.changeRole(person, params.class_id, params.user_id, body.role)),
    )

    app.delete(
      '/classes/:class_id/members/:user_id',
      {
        schema: {
          tags,
          operationId: 'removeClassMember',
          summary: 'Take somebody out of a class, as its teacher',
          params: MemberPath,
          response: { 204: z.null().describe('Removed') },
        },
      },
      async ({ person, params }, reply) => {
        await members.remove(person, params.class_id, params.user_id)
        return reply.code(204).send(null)
      },
    )

    app.post(
      '/classes/:class_id/roster',
      {
        schema: {
          tags,
          operationId: 'enrolRoster',
          summary: 'Put everybody on a list into a class, all or nothing, as its teacher',
          description: 'Makes the people who do not exist. Problems are located by line: ["body", 3, "handle"].',
          consumes: ['text/csv'],
          params: ClassPath,
          querystring: RosterQuery,
          body: RosterBody,
          response: { 200: RosterSchema },
        },
      },
      async (request, reply) => {
        const { person, params, query, body } = request
        const outcome = await members.enrolRoster(person, params.class_id, body, query.links)
        reply.header('cache-control', 'no-store')
        return toWireRoster(outcome, (token) => signInUrl(originOf(request), token))
      },
    )

    app.post(
      '/classes/:class_id/join-codes',
      {
        schema: {
          tags,
          operationId: 'createJoinCode',
          summary: 'Make a code with which students join a class, as its teacher',
          params: ClassPath,
          body: JoinCodeBody,
          response: { 201: JoinCodeSchema },
        },
      },
      async ({ person, params, body }, reply) => {
        const joinCode = await joinCodes.create(person, params.class_id, {
          expiresAt: body?.expires_at ?? null,
          maxUses: body?.max_uses ?? null,
        })
        return reply.code(201).send(toWireJoinCode(joinCode, joinCodes.statusOf(joinCode)))
      },
    )

    app.get(
      '/classes/:class_id/join-codes',
      {
        schema: {
          tags,
          operationId: 'listJoinCodes',
          summary: 'The codes of a class, newest first, for its teachers',
          params: ClassPath,
          response: { 200: JoinCodeListSchema },
        },
      },
      async ({ person, params }) => ({
        items: (await joinCodes.list(person, params.class_id)).map((joinCode) =>
          toWireJoinCode(joinCode, joinCodes.statusOf(joinCode)),
        ),
      }),
    )

    app.delete(
      '/classes/:class_id/join-codes/:join_code_id',
      {
        schema: {
          tags,
          operationId: 'deleteJoinCode',
          summary: 'End a code, as a teacher; who has joined with it stays',
          params: JoinCodePath,
          response: { 204: z.null().describe('Ended') },
        },
      },
      async ({ person, params }, reply) => {
        await joinCodes.delete(person, params.class_id, params.join_code_id)
        return reply.code(204).send(null)
      },
    )
  }

/** Where the client reaches the server: behind a proxy that ends https, only a browser's `Origin` says so. */
function originOf({ protocol, host, headers }: FastifyRequest): string {
  return headers.origin?.startsWith('https://') ? `https://${host}` : `${protocol}://${host}`
}
