import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import type { Database } from '../../db/open.ts'
import type { JsonObject } from '../../models/language-model.ts'
import type { Person } from '../accounts/person.ts'
import type { ModelCatalog } from '../catalog/catalog.ts'
import type { ClassService } from '../classes/service.ts'
import { SkillsetDrafts } from './authoring/draft-service.ts'
import { DraftStore } from './authoring/draft-store.ts'
import { PublishStore } from './authoring/publish-store.ts'
import { ShareStore } from './authoring/share-store.ts'
import { SkillStore } from './authoring/skill-store.ts'
import type { HttpCall, Operation, Parameter, SkillContent, SkillsetContent } from './skill.ts'

/** What an API was asked. */
export type ApiRequest = {
  method: string
  path: string
  query: Record<string, string>
  body: string
  headers: IncomingMessage['headers']
}

/** Answers with a status and JSON, with a text, or in its own way, be it never. */
export type ApiAnswer = (
  request: ApiRequest,
  reply: ServerResponse,
) => { status?: number; json?: unknown; text?: string; type?: string } | undefined

/** A real HTTP server on loopback that answers as it is told and remembers what it was asked. */
export async function startApi(
  answer: ApiAnswer,
): Promise<{ origin: string; requests: ApiRequest[]; gone: () => number }> {
  const requests: ApiRequest[] = []
  let gone = 0
  const server = createServer(async (request, reply) => {
    reply.on('close', () => {
      if (!reply.writableFinished) gone++
    })
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const url = new URL(request.url ?? '/', 'http://api.test')
    const asked: ApiRequest = {
      method: request.method ?? '',
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      body: Buffer.concat(chunks).toString(),
      headers: request.headers,
    }
    requests.push(asked)
    const answered = answer(asked, reply)
    if (!answered) return
    const { status = 200, json, text, type } = answered
    reply.writeHead(status, {
      'content-type': type ?? (json === undefined ? 'text/plain; charset=utf-8' : 'application/json'),
    })
    reply.end(json === undefined ? text : JSON.stringify(json))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  )
  const { port } = server.address() as AddressInfo
  return { origin: `http://127.0.0.1:${port}`, requests, gone: () => gone }
}

/** An operation with query parameters, named with a `*` when they are required; `{…}` in the path makes path parameters. */
export function testOperation(
  operationId: string,
  {
    server,
    path = `/${operationId}`,
    method = 'GET',
    parameters = {},
    body = null,
    ...rest
  }: Partial<Operation> &
    Pick<HttpCall, 'server'> &
    Partial<Pick<HttpCall, 'path' | 'method' | 'body'>> & { parameters?: { [name: string]: string | JsonObject } },
): Operation {
  const named = Object.entries(parameters).map(([given, schema]): Parameter => {
    const name = given.replace('*', '')
    const isInPath = path.includes(`{${name}}`)
    return {
      name,
      in: isInPath ? 'path' : 'query',
      isRequired: isInPath || given.endsWith('*'),
      description: typeof schema === 'string' ? schema : '',
      schema: typeof schema === 'string' ? { type: 'string' } : schema,
      style: isInPath ? 'simple' : 'form',
      explode: !isInPath,
      allowReserved: false,
      mediaType: null,
    }
  })
  return {
    operationId,
    summary: '',
    description: '',
    isEnabled: true,
    approval: 'never',
    apiOrder: null,
    hint: { fields: [], maxItems: null },
    call: { kind: 'http', method, server, path, parameters: named, body, security: [] },
    ...rest,
  }
}

export function testSkill(
  nameForModel: string,
  overrides: Partial<SkillContent> & Pick<SkillContent, 'operations'>,
): SkillContent {
  return {
    nameForHuman: nameForModel,
    nameForModel,
    descriptionForHuman: '',
    descriptionForModel: '',
    source: { kind: 'openapi', title: nameForModel, version: '1' },
    securitySchemes: [],
    ...overrides,
  }
}

/** Stores skills and publishes a skillset of them. @returns its id. */
export async function publishSkillset(
  { database, services }: { database: Database; services: { classes: ClassService; catalog: ModelCatalog } },
  person: Person,
  { skills, ...fields }: Partial<Omit<SkillsetContent, 'skills'>> & { skills: SkillContent[] },
): Promise<string> {
  const now = () => new Date()
  const store = new SkillStore(database)
  const drafts = new SkillsetDrafts({
    store: new DraftStore(database),
    publishing: new PublishStore(database),
    shares: new ShareStore(database),
    classes: services.classes,
    // A model may leave the catalog later.
    catalog: {
      find: (name) => services.catalog.list().find((model) => model.name === name) ?? services.catalog.list()[0],
    },
    ids: database.ids,
    now,
  })
  const skillIds: number[] = []
  for (const skill of skills) {
    const skillId = await database.ids.take('skill')
    const times = { createdAt: now().toISOString(), updatedAt: now().toISOString() }
    await store.insert({ ...skill, skillId, personId: person.personId, revision: 1, tuned: {}, ...times }, 1_000)
    skillIds.push(skillId)
  }
  const draft = await drafts.create(
    person,
    {
      name: 'Test',
      description: '',
      instructions: '',
      answerFormat: '',
      modelName: null,
      demonstrations: [],
      ...fields,
    },
    skillIds,
  )
  await drafts.publish(person, draft.skillsetId, undefined)
  return draft.skillsetId
}
