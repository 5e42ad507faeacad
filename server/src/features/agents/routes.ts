import type { FastifyReply } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Agent } from './agent.ts'
import {
  AgentBody,
  AgentPageSchema,
  AgentPatch,
  AgentPath,
  AgentSchema,
  AgentShareSchema,
  AgentVersionPageSchema,
  AgentVersionSchema,
  ClassQuery,
  ForkBody,
  IfVersion,
  ListQuery,
  SharedQuery,
  toChange,
  toContent,
  toPage,
  toWireAgent,
  toWireShare,
  toWireVersion,
  toWireVersionSummary,
  VersionPath,
  VersionsQuery,
} from './schema.ts'
import type { AgentService } from './service.ts'

/** Agents, their versions, and what classes share. */
export const agentRoutes =
  (agents: AgentService): FastifyPluginAsyncZod =>
  async (app) => {
    const tags = ['agents']

    app.get(
      '/agents',
      {
        schema: {
          tags,
          operationId: 'listAgents',
          summary: 'My agents, newest first',
          querystring: ListQuery,
          response: { 200: AgentPageSchema },
        },
      },
      async ({ person, query }) => {
        const { q, ...paging } = query
        const { total, agents: found } = await agents.list(person, { ...paging, search: q })
        return toPage(found.map(toWireAgent), total, paging)
      },
    )

    app.post(
      '/agents',
      {
        schema: {
          tags,
          operationId: 'createAgent',
          summary: 'Make an agent',
          body: AgentBody,
          response: { 201: AgentSchema },
        },
      },
      async ({ person, body }, reply) => {
        const made = await agents.create(person, toContent(body), { isPromptHidden: body.is_prompt_hidden ?? false })
        return sendAgent(reply.code(201), made)
      },
    )

    app.get(
      '/agents/shared',
      {
        schema: {
          tags,
          operationId: 'listSharedAgents',
          summary: 'The agents that a class may use, newest first',
          description: 'Hidden prompts and examples are shown to their owners only.',
          querystring: SharedQuery,
          response: { 200: AgentPageSchema },
        },
      },
      async ({ person, query: { class_id, active_only, ...paging } }) => {
        const shared = await agents.listShared(person, class_id, { ...paging, activeOnly: active_only })
        return toPage(shared.agents.map(toWireAgent), shared.total, paging)
      },
    )

    app.get(
      '/agents/:agent_id',
      {
        schema: {
          tags,
          operationId: 'getAgent',
          summary: 'One of my agents, in its latest version',
          params: AgentPath,
          response: { 200: AgentSchema },
        },
      },
      async ({ person, params }, reply) => sendAgent(reply, await agents.get(person, params.agent_id)),
    )

    app.patch(
      '/agents/:agent_id',
      {
        schema: {
          tags,
          operationId: 'updateAgent',
          summary: 'Change an agent: other content is a new version',
          description:
            'With If-Match and the number of a version, 412 when that is no longer the latest. Hiding the prompt and switching the agent off are no content: they concern all versions.',
          params: AgentPath,
          headers: IfVersion,
          body: AgentPatch,
          response: { 200: AgentSchema },
        },
      },
      async ({ person, params, body, headers }, reply) =>
        sendAgent(reply, await agents.change(person, params.agent_id, toChange(body), headers['if-match'])),
    )

    app.delete(
      '/agents/:agent_id',
      {
        schema: {
          tags,
          operationId: 'deleteAgent',
          summary: 'Remove an agent with all its versions; sessions keep what they took of it',
          params: AgentPath,
          response: { 204: z.null().describe('Removed') },
        },
      },
      async ({ person, params }, reply) => {
        await agents.delete(person, params.agent_id)
        return reply.code(204).send(null)
      },
    )

    app.get(
      '/agents/:agent_id/versions',
      {
        schema: {
          tags,
          operationId: 'listAgentVersions',
          summary: 'The versions of one of my agents, newest first',
          params: AgentPath,
          querystring: VersionsQuery,
          response: { 200: AgentVersionPageSchema },
        },
      },
      async ({ person, params: { agent_id }, query }) => {
        const { total, versions } = await agents.listVersions(person, agent_id, query)
        const items = versions.map((version) => toWireVersionSummary(agent_id, version))
        return toPage(items, total, query)
      },
    )

    app.get(
      '/agents/:agent_id/versions/:version',
      {
        schema: {
          tags,
          operationId: 'getAgentVersion',
          summary: 'One version of one of my agents',
          params: VersionPath,
          response: { 200: AgentVersionSchema },
        },
      },
      async ({ person, params: { agent_id, version } }) =>
        toWireVersion(agent_id, await agents.getVersion(person, agent_id, version)),
    )

    app.post(
      '/agents/:agent_id/versions/:version/restore',
      {
        schema: {
          tags,
          operationId: 'restoreAgentVersion',
          summary: 'Make a new version that says the same as an earlier one',
          params: VersionPath,
          headers: IfVersion,
          response: { 201: AgentSchema },
        },
      },
      async ({ person, params: { agent_id, version }, headers }, reply) =>
        sendAgent(reply.code(201), await agents.restore(person, agent_id, version, headers['if-match'])),
    )

    app.post(
      '/agents/:agent_id/fork',
      {
        schema: {
          tags,
          operationId: 'forkAgent',
          summary: 'Make an agent of mine from one that is shared with a class',
          description: 'Named like the original with (2) or the next free number, unless told.',
          params: AgentPath,
          body: ForkBody,
          response: { 201: AgentSchema },
        },
      },
      async ({ person, params, body: { class_id, name = null } }, reply) =>
        sendAgent(reply.code(201), await agents.fork(person, params.agent_id, { classId: class_id, name })),
    )

    app.post(
      '/agents/:agent_id/share',
      {
        schema: {
          tags,
          operationId: 'shareAgent',
          summary: 'Let a class that I teach or assist use an agent',
          params: AgentPath,
          querystring: ClassQuery,
          response: { 201: AgentShareSchema },
        },
      },
      async ({ person, params, query }, reply) =>
        reply.code(201).send(toWireShare(await agents.share(person, params.agent_id, query.class_id))),
    )

    app.delete(
      '/agents/:agent_id/share',
      {
        schema: {
          tags,
          operationId: 'unshareAgent',
          summary: 'Take an agent back from a class; sessions keep what they took of it',
          params: AgentPath,
          querystring: ClassQuery,
          response: { 200: AgentShareSchema },
        },
      },
      async ({ person, params, query }) => toWireShare(await agents.unshare(person, params.agent_id, query.class_id)),
    )
  }

function sendAgent(reply: FastifyReply, agent: Agent) {
  return reply.header('etag', `"${agent.version}"`).send(toWireAgent(agent))
}
