import type { FastifyInstance, InjectOptions } from 'fastify'
import { pino } from 'pino'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createApp } from './app.ts'
import type { Database } from './db/open.ts'
import { newTestFolder, testDatabases } from './db/testing.ts'
import { ScriptedModel } from './models/testing.ts'
import { appForTest } from './testing.ts'

/**
 * Walks every route there is as people whose business it is not. Routes are found by themselves: a new one fails
 * here until the tables below know how to ask it.
 */

/** Everything that answers without knowing who asks. */
const PUBLIC = [
  'GET /',
  'GET /assets/*',
  'GET /docs',
  'GET /docs/start.js',
  'GET /docs/swagger-ui-bundle.js',
  'GET /docs/swagger-ui.css',
  'GET /health',
  'GET /healthz',
  'GET /metrics',
  'GET /openapi.json',
  'GET /readyz',
  'GET /server_info',
  'GET /version',
  'POST /auth/link',
  'POST /auth/sign-in/username',
  'POST /auth/sign-out',
]

/** What everybody who is signed in may ask, because it touches nothing but what is theirs. */
const ABOUT_ONESELF = [
  'GET /classes',
  'GET /user/api-keys',
  'GET /user/classes',
  'GET /user/me',
  'POST /agents',
  'POST /graphql',
  'POST /service/projects_info',
  'POST /user/api-keys',
  'POST /user/class/invites/redeem',
  'POST /user/practice/few-shot-examples',
  'POST /user/practice/few-shot-examples/import',
  'POST /v1/skills',
  'POST /v1/skills/check',
  'POST /v1/skills/upload',
  'POST /v1/skillsets',
]

/** Dialects that ask a model in one's own name and keep nothing that could be somebody's. */
const STATELESS = /^(\/testapp|\/serviceapp)?\/v\d\/(openai|chat-completions|api-tools|tasks)\//

/** What students may do in the class of the owner, besides reading nothing of the owner's. */
const CLASSMATES_MAY = [
  'GET /agents/shared',
  'GET /classes/:class_id',
  'GET /classes/:class_id/experiments',
  'GET /classes/:class_id/leaderboard',
  'GET /models',
  'GET /user/practice/few-shot-examples/shared',
  'GET /v1/skillsets/shared',
  'POST /projects',
  'POST /user/practice/sessions/import',
  'DELETE /user/class/enrollments/:class_id',
]

/** The calls, prices and spans of a project of the owner, in the Weave dialect. */
const TRACES: Record<string, (of: Ids) => { body: object }> = {
  'POST /call/end': () => ({ body: { end: traceEnd() } }),
  'POST /call/read': () => ({ body: { ...TRACE_PROJECT, id: 'call' } }),
  'POST /call/start': () => ({ body: { start: traceStart() } }),
  'POST /call/update': () => ({ body: { ...TRACE_PROJECT, call_id: 'call', display_name: 'Taken over' } }),
  'POST /call/upsert_batch': () => ({ body: { batch: [{ mode: 'start', req: { start: traceStart() } }] } }),
  'POST /calls/delete': () => ({ body: { ...TRACE_PROJECT, call_ids: ['call'] } }),
  'POST /calls/query_stats': () => ({ body: TRACE_PROJECT }),
  'POST /calls/stream_query': () => ({ body: TRACE_PROJECT }),
  'POST /calls/usage': () => ({ body: { ...TRACE_PROJECT, call_ids: ['call'] } }),
  'POST /cost/create': () => ({
    body: { ...TRACE_PROJECT, costs: { one: { prompt_token_cost: 1, completion_token_cost: 1 } } },
  }),
  'POST /cost/purge': () => ({
    body: { ...TRACE_PROJECT, query: { $expr: { $eq: [{ $getField: 'id' }, { $literal: 'cost' }] } } },
  }),
  'POST /cost/query': () => ({ body: TRACE_PROJECT }),
  'POST /otel/v1/trace': () => ({ body: traceExport() }),
  'POST /otel/v1/traces': () => ({ body: traceExport() }),
  'POST /threads/stream_query': () => ({ body: TRACE_PROJECT }),
  'POST /trace/usage': () => ({ body: TRACE_PROJECT }),
  'PUT /v2/:entity/:project/retention': () => ({ body: { days: 1 } }),
  'POST /v2/:entity/:project/call/end': () => ({ body: { end: traceEnd() } }),
  'POST /v2/:entity/:project/call/start': () => ({ body: { start: traceStart() } }),
  'POST /v2/:entity/:project/calls/complete': () => ({ body: { batch: [{ ...traceStart(), ...traceEnd() }] } }),
}

/** The objects, tables, files and annotation queues of that project. */
const STORED: Record<string, (of: Ids) => Asked> = {
  'DELETE /annotation_queues/:queue_id': () => ({ query: 'project_id=owner/traces' }),
  'GET /aliases': () => ({ query: 'project_id=owner/traces' }),
  'GET /annotation_queues/:queue_id': () => ({ query: 'project_id=owner/traces' }),
  'GET /tags': () => ({ query: 'project_id=owner/traces' }),
  'POST /annotation_queues': () => ({ body: { ...TRACE_PROJECT, name: 'Taken over', scorer_refs: [] } }),
  'POST /annotation_queues/:queue_id/items': () => ({
    body: { ...TRACE_PROJECT, call_ids: ['call'], display_fields: [] },
  }),
  'POST /annotation_queues/:queue_id/items/:item_id/progress': () => ({
    body: { ...TRACE_PROJECT, annotation_state: 'completed' },
  }),
  'POST /annotation_queues/:queue_id/items/query': () => ({ body: TRACE_PROJECT }),
  'POST /annotation_queues/query': () => ({ body: TRACE_PROJECT }),
  'POST /annotation_queues/stats': ({ queue_id }) => ({ body: { ...TRACE_PROJECT, queue_ids: [queue_id] } }),
  'POST /file/content': ({ file_digest }) => ({ body: { ...TRACE_PROJECT, digest: file_digest } }),
  'POST /file/create': () => fileForm(),
  'POST /files/content': ({ file_digest }) => ({ body: { ...TRACE_PROJECT, digest: file_digest } }),
  'POST /files/create': () => fileForm(),
  'POST /files/query_stats': () => ({ body: TRACE_PROJECT }),
  'POST /files/stats': () => ({ body: TRACE_PROJECT }),
  'POST /obj/create': () => ({ body: { obj: { ...TRACE_PROJECT, object_id: 'thing', val: 'Taken over' } } }),
  'POST /obj/delete': () => ({ body: { ...TRACE_PROJECT, object_id: 'doomed' } }),
  'POST /obj/read': ({ digest }) => ({ body: { ...TRACE_PROJECT, object_id: 'thing', digest } }),
  'POST /objs/:object_id/aliases/remove': () => ({ body: { ...TRACE_PROJECT, aliases: ['mine'] } }),
  'POST /objs/:object_id/versions/:digest/tags/remove': () => ({ body: { ...TRACE_PROJECT, tags: ['mine'] } }),
  'POST /objs/query': () => ({ body: TRACE_PROJECT }),
  'POST /project/stats': () => ({ body: TRACE_PROJECT }),
  'POST /refs/read_batch': () => ({ body: { refs: ['weave:///owner/traces/object/thing:latest'] } }),
  'POST /table/create': () => ({ body: { table: { ...TRACE_PROJECT, rows: [{ taken: 'over' }] } } }),
  'POST /table/create_from_digests': ({ row_digest }) => ({ body: { ...TRACE_PROJECT, row_digests: [row_digest] } }),
  'POST /table/query': ({ table_digest }) => ({ body: { ...TRACE_PROJECT, digest: table_digest } }),
  'POST /table/query_stats': ({ table_digest }) => ({ body: { ...TRACE_PROJECT, digest: table_digest } }),
  'POST /table/query_stats_batch': ({ table_digest }) => ({ body: { ...TRACE_PROJECT, digests: [table_digest] } }),
  'POST /table/query_stream': ({ table_digest }) => ({ body: { ...TRACE_PROJECT, digest: table_digest } }),
  'POST /table/update': ({ table_digest }) => ({
    body: { ...TRACE_PROJECT, base_digest: table_digest, updates: [{ append: { row: { taken: 'over' } } }] },
  }),
  'PUT /annotation_queues/:queue_id': () => ({ body: { ...TRACE_PROJECT, name: 'Taken over' } }),
  'PUT /objs/:object_id/aliases': ({ digest }) => ({ body: { ...TRACE_PROJECT, digest, aliases: ['mine'] } }),
  'PUT /objs/:object_id/versions/:digest/tags': () => ({ body: { ...TRACE_PROJECT, tags: ['mine'] } }),
}
/** Feedback in that project. */
const FEEDBACK: Record<string, (of: Ids) => { body: object }> = {
  'POST /feedback/aggregate': () => ({ body: { ...TRACE_PROJECT, after_ms: 0, before_ms: Date.now() + 60_000 } }),
  'POST /feedback/payload_schema': () => ({ body: { ...TRACE_PROJECT, start: '2026-01-01' } }),
  'POST /feedback/stats': () => ({ body: { ...TRACE_PROJECT, start: new Date(Date.now() - 60_000).toISOString() } }),
  'POST /feedback/batch/create': () => ({ body: { batch: [ownersFeedback()] } }),
  'POST /feedback/create': () => ({ body: ownersFeedback() }),
  'POST /feedback/purge': () => ({
    body: { ...TRACE_PROJECT, query: { $expr: { $eq: [{ $getField: 'id' }, { $literal: 'feedback' }] } } },
  }),
  'POST /feedback/query': () => ({ body: TRACE_PROJECT }),
  'POST /feedback/replace': () => ({ body: { ...ownersFeedback(), feedback_id: 'feedback' } }),
}

function ownersFeedback(payload: object = { note: 'Taken over' }): object {
  return { ...TRACE_PROJECT, id: 'feedback', weave_ref: 'weave:///owner/traces/call/call', feedback_type: 'x', payload }
}

const TRACE_PROJECT = { project_id: 'owner/traces' }

/** Objects that are put together from their parts. */
const TYPED_BODIES = {
  ops: { source_code: 'x' },
  datasets: { rows: [] },
  scorers: { op_source_code: 'x' },
  evaluations: { dataset: 'weave:///owner/traces/object/thing:latest' },
  models: { source_code: 'x' },
}
const TYPED: typeof STORED = Object.fromEntries(
  Object.entries(TYPED_BODIES).flatMap(([type, body]) => [
    [`POST /v2/:entity/:project/${type}`, () => ({ body: { ...body, name: `taken-over-${type}` } })],
    ...[
      `GET /v2/:entity/:project/${type}/:object_id/versions/:digest`,
      `DELETE /v2/:entity/:project/${type}/:object_id`,
    ].map((name) => [name, ({ typed }: Ids) => ({ params: typed[type] })]),
  ]),
)

function fileForm(content = 'taken over') {
  const part = (head: string, value: string) => `--x\r\ncontent-disposition: form-data; ${head}\r\n\r\n${value}\r\n`
  const fields = part('name="project_id"', 'owner/traces') + part('name="file"; filename="blob"', content)
  return { body: `${fields}--x--\r\n`, type: 'multipart/form-data; boundary=x' }
}

function traceStart(inputs: object = {}) {
  const ids = { id: 'call', trace_id: 'trace', op_name: 'ask' }
  return { ...TRACE_PROJECT, ...ids, started_at: '2026-11-25T10:00:00Z', attributes: {}, inputs }
}

function traceEnd() {
  return { ...TRACE_PROJECT, id: 'call', ended_at: '2026-11-25T10:00:01Z', summary: {} }
}

function traceExport() {
  const attribute = (key: string, stringValue: string) => ({ key, value: { stringValue } })
  const span = {
    traceId: '1'.repeat(32),
    spanId: '2'.repeat(16),
    name: 'span',
    startTimeUnixNano: '1',
    endTimeUnixNano: '2',
  }
  const attributes = [attribute('wandb.entity', 'owner'), attribute('wandb.project', 'traces')]
  return { resourceSpans: [{ resource: { attributes }, scopeSpans: [{ spans: [span] }] }] }
}

/** What a request needs, besides its path, to be refused for whose it is and not for how it is written. */
const REQUESTS: Record<string, (of: Ids) => Asked> = {
  ...TRACES,
  ...STORED,
  ...TYPED,
  ...FEEDBACK,
  'GET /agents/shared': ({ class_id }) => ({ query: `class_id=${class_id}` }),
  'POST /agents/:agent_id/fork': ({ class_id }) => ({ body: { class_id } }),
  'POST /agents/:agent_id/share': ({ class_id }) => ({ query: `class_id=${class_id}` }),
  'DELETE /agents/:agent_id/share': ({ class_id }) => ({ query: `class_id=${class_id}` }),
  'PATCH /agents/:agent_id': () => ({ body: { name: 'Taken over' } }),
  'POST /classes': () => ({ body: { name: 'Mine' } }),
  'PATCH /classes/:class_id': () => ({ body: { name: 'Taken over' } }),
  'POST /classes/:class_id/join-codes': () => ({ body: {} }),
  'POST /classes/:class_id/members': () => ({ body: { handle: 'bystander', role: 'assistant' } }),
  'PATCH /classes/:class_id/members/:user_id': () => ({ body: { role: 'teacher' } }),
  'POST /classes/:class_id/roster': () => ({ body: 'handle\nbystander\n', type: 'text/csv', query: 'links=true' }),
  'GET /models': ({ class_id }) => ({ query: `class_id=${class_id}` }),
  'POST /projects': ({ class_id }) => ({ body: { class_id, name: 'Mine' } }),
  'PATCH /projects/:project_id': () => ({ body: { name: 'Taken over' } }),
  'GET /user/practice/few-shot-examples/shared': ({ class_id }) => ({ query: `class_id=${class_id}` }),
  'PATCH /user/practice/few-shot-examples/:example_id': () => ({ body: { title: 'Taken over' } }),
  'GET /user/practice/few-shot-examples/:example_id/tokens': () => ({ query: 'model_name=one' }),
  'POST /user/practice/few-shot-examples/:example_id/fork': ({ class_id }) => ({ body: { class_id } }),
  'POST /user/practice/few-shot-examples/:example_id/share': ({ class_id }) => ({ query: `class_id=${class_id}` }),
  'DELETE /user/practice/few-shot-examples/:example_id/share': ({ class_id }) => ({ query: `class_id=${class_id}` }),
  'PATCH /v1/skills/:skill_id': () => ({ body: { description_for_human: 'Taken over' } }),
  'PUT /v1/skills/:skill_id/document': () => ({ body: { document: skillDocument() } }),
  'PUT /v1/skills/:skill_id/credentials/:scheme': () => ({ body: { secret: 'mine now' } }),
  'POST /v1/skills/:skill_id/operations/:operation_id/try': () => ({ body: {} }),
  'GET /v1/skillsets/shared': ({ class_id }) => ({ query: `class_id=${class_id}` }),
  'PATCH /v1/skillsets/:skillset_id': () => ({ body: { name: 'Taken over' } }),
  'POST /v1/skillsets/:skillset_id/share': ({ class_id }) => ({ query: `class_id=${class_id}` }),
  'DELETE /v1/skillsets/:skillset_id/share': ({ class_id }) => ({ query: `class_id=${class_id}` }),
  'GET /v1/skillsets/:skillset_id/versions/compare': () => ({ query: 'from=1&to=draft' }),
  'POST /user/practice/sessions': ({ class_id, project_id, agent_id }) => ({
    body: { class_id, project_id, agent_id },
  }),
  'POST /user/practice/sessions/run': ({ class_id, project_id, agent_id, example_id }) => ({
    query: `class_id=${class_id}`,
    body: { prompt_text: 'Hi', project_id, agent_id, few_shot_example_ids: [example_id] },
  }),
  'POST /user/practice/experiments': ({ class_id, agent_id, example_id }) => ({
    query: `class_id=${class_id}`,
    body: {
      prompt_text: 'Hi',
      variants: [{ model_name: 'one', agent_id, few_shot_example_ids: [example_id] }],
    },
  }),
  'PATCH /user/practice/experiments/:experiment_id': () => ({ body: { is_shared: true } }),
  'POST /user/practice/experiments/:experiment_id/votes': ({ left_answer_id, right_answer_id }) => ({
    body: { left_answer_id, right_answer_id, outcome: 'left' },
  }),
  'POST /user/practice/sessions/import': ({ class_id, file }) => ({ query: `class_id=${class_id}`, body: file }),
  'POST /user/practice/sessions/:session_id/fork': ({ turn_id }) => ({ body: { turn_id } }),
  'POST /user/practice/sessions/:session_id/chat': () => ({ body: { prompt_text: 'Hi' } }),
  'POST /user/practice/sessions/:session_id/window': () => ({ body: {} }),
  'POST /user/practice/sessions/:session_id/models': () => ({ body: { model_name: 'one' } }),
  'PATCH /user/practice/sessions/:session_id': () => ({ body: { title: 'Taken over' } }),
  'PATCH /user/practice/sessions/:session_id/settings': () => ({ body: { style_preset: 'creative' } }),
  'GET /user/practice/sessions/:session_id/settings/revisions/compare': () => ({ query: 'from=1&to=1' }),
  'PATCH /user/practice/models/:session_model_id': () => ({ body: { generation_params: { temperature: 1 } } }),
  'POST /user/practice/turns/:turn_id/skill-calls/:call_id/approval': () => ({ body: { decision: 'once' } }),
  'POST /user/practice/turns/:turn_id/ask-again': () => ({ body: {} }),
  'POST /user/practice/responses/:response_id/feedback': () => ({ body: {} }),
  'POST /user/practice/turns/:turn_id/adopt': ({ session_model_id, response_id }) => ({
    body: { session_model_id, response_id },
  }),
}

for (const prefix of ['', '/testapp', '/serviceapp'])
  for (const path of ['/final-answer', '/versions/:version/final-answer'])
    REQUESTS[`POST ${prefix}/v1/skillsets/:skillset_id${path}`] = () => ({ body: { query: 'Hi' } })

type Asked = {
  query?: string
  body?: object | string
  type?: string
  /** In the path, instead of what is called so in `Ids`. */
  params?: Record<string, string> | undefined
}
/** One of each thing, all of the owner; by the names that they have in paths. */
type Ids = Awaited<ReturnType<typeof school>>['ids']
type Route = { method: string; url: string; name: string; isPublic: boolean }
type Reply = Awaited<ReturnType<FastifyInstance['inject']>>

/** In everything that the owner has written. */
const SECRET = 'only the owner may read this'

describe.each(testDatabases)('every route on $name', ({ open }) => {
  it('is public only if it is on the list', async () => {
    const { routes } = await school(await open())
    expect(routes.filter(({ isPublic }) => isPublic).map(({ name }) => name)).toEqual(PUBLIC.toSorted())
    const names = new Set(routes.map(({ name }) => name))
    const known = [...ABOUT_ONESELF, ...CLASSMATES_MAY, ...Object.keys(REQUESTS)]
    expect(known.filter((name) => !names.has(name))).toEqual([])
  })

  it.each([
    ['nobody', () => ({})],
    ['somebody with an expired key', ({ expiredKey }: School) => ({ authorization: `Bearer ${expiredKey}` })],
    ['somebody with a made-up cookie', () => ({ cookie: 'etude.session_token=made-up.up' })],
  ] as const)('answers %s with 401 and does nothing', async (_, headersFor) => {
    const { routes, ask, contents, ...rest } = await school(await open())
    const headers = headersFor({ routes, ask, contents, ...rest })
    const before = await contents()
    const wrong: string[] = []
    for (const route of routes.filter(({ isPublic }) => !isPublic)) {
      const reply = await ask(route, headers)
      if (reply.statusCode !== 401 || tells(reply)) wrong.push(`${route.name}: ${summary(reply)}`)
    }
    expect(wrong).toEqual([])
    expect(await contents()).toEqual(before)
  })

  it.each([
    ['a stranger, who is in no class', 'stranger'],
    ['a student of another class', 'otherStudent'],
    ['a teacher of another class', 'otherTeacher'],
    ['a classmate', 'classmate'],
  ] as const)('shows %s nothing of somebody else’s and lets them change nothing', async (_, who) => {
    const { routes, ask, contents, people } = await school(await open())
    const before = await contents()
    const wrong: string[] = []
    for (const route of routes.filter((one) => !isOwnBusiness(one))) {
      const mayAsk = who === 'classmate' && CLASSMATES_MAY.includes(route.name)
      if (mayAsk && !isRead(route)) continue
      const reply = await ask(route, { authorization: people[who].authorization })
      const problem = tells(reply)
        ? 'it tells what only the owner may read'
        : refusalProblem(route, reply, { who, mayAsk })
      if (problem) wrong.push(`${route.name}: ${problem}: ${summary(reply)}`)
    }
    expect(wrong).toEqual([])
    expect(await contents()).toEqual(before)
  })

  it('lets an assistant read along in the class and change nothing', async () => {
    const { routes, ask, contents, people } = await school(await open())
    const before = await contents()
    const wrong: string[] = []
    for (const route of routes.filter((one) => !isOwnBusiness(one) && !CLASSMATES_MAY.includes(one.name))) {
      const { statusCode, ...reply } = await ask(route, { authorization: people.assistant.authorization })
      const isFine =
        [403, 404].includes(statusCode) ||
        (statusCode === 200 && (isRead(route) || isPreview(route) || isOwnWord(route)))
      if (!isFine) wrong.push(`${route.name}: ${summary({ statusCode, ...reply } as Reply)}`)
    }
    expect(wrong).toEqual([])
    expect(await contents()).toEqual(before)
  })

  it('finds what the owner asks for, so that the walk refuses people and not mistakes', async () => {
    const { routes, ask, people } = await school(await open())
    const wrong: string[] = []
    // What removes comes last, what belongs to something before what it belongs to.
    const order = (route: Route) => {
      // A lane takes its answers with it.
      if (route.name === 'DELETE /user/practice/responses/:response_id') return 900
      if (route.method === 'DELETE') return 1_000 - route.url.length
      if (isRead(route)) return 0
      return route.url.endsWith('/share') ? 1 : 2
    }
    for (const route of routes
      .filter((one) => !isOwnBusiness(one) && one.name !== 'POST /classes')
      .toSorted((a, b) => order(a) - order(b))) {
      const reply = await ask(route, { authorization: people.owner.authorization })
      const isFine =
        reply.statusCode < 300 ||
        reply.statusCode === 409 ||
        (route.name === 'DELETE /classes/:class_id' && reply.statusCode === 403)
      if (!isFine) wrong.push(`${route.name}: ${summary(reply)}`)
    }
    expect(wrong).toEqual([])
  })

  it('takes nothing of somebody else’s into what is one’s own', async () => {
    const { ids, people, contents } = await school(await open())
    for (const who of ['classmate', 'assistant', 'otherStudent'] as const) {
      const { post, patch, get } = people[who]
      const classId = who === 'otherStudent' ? ids.otherClassId : ids.class_id
      const own = (await post(`/user/practice/sessions/run?class_id=${classId}`, { prompt_text: 'Hi' })).json()
      const project = (await post('/projects', { class_id: classId, name: 'Own' })).json()
      const skillset = (await post('/v1/skillsets', { name: 'Own' })).json()
      const before = await contents()
      const session = `/user/practice/sessions/${own.session_id}`
      const mixed = [
        await patch(session, { project_id: ids.project_id }),
        await patch(session, { agent_id: ids.agent_id }),
        await patch(`${session}/settings`, { few_shot_example_ids: [ids.example_id] }),
        await post(`${session}/chat`, { prompt_text: 'Hi', session_model_ids: [ids.session_model_id] }),
        await post(`/user/practice/turns/${own.turn_id}/adopt`, {
          session_model_id: own.results[0].session_model_id,
          response_id: ids.response_id,
        }),
        await get(`/projects/${project.project_id}/sessions?cursor=${ids.session_id}`),
        await patch(`/v1/skillsets/${skillset.skillset_id}`, { skill_ids: [ids.skill_id] }),
      ]
      for (const reply of mixed) {
        expect([400, 403, 404]).toContain(reply.statusCode)
        expect(tells(reply)).toBe(false)
      }
      expect(await contents()).toEqual(before)
    }
  })
})

type School = Awaited<ReturnType<typeof school>>

/** A class with an owner who has one of everything, a classmate, another class, and somebody who is in none. */
async function school(database: Database) {
  const test = await appForTest(database, [
    new ScriptedModel('one', [{ type: 'text-delta', text: `${SECRET}: the answer` }]),
  ])
  const { app, routes } = await appThatTellsItsRoutes(test.services)
  const admin = await test.person('boss', { isAdmin: true })
  const people = {
    owner: await test.person('owner'),
    assistant: await test.person('assistant'),
    classmate: await test.person('classmate'),
    otherTeacher: await test.person('other-teacher'),
    otherStudent: await test.person('other-student'),
    stranger: await test.person('stranger'),
    bystander: await test.person('bystander'),
  }
  const made = async (who: typeof admin, url: string, body: object): Promise<Record<string, number>> => {
    const reply = await who.post(url, body)
    if (reply.statusCode !== 201) throw new Error(`POST ${url}: ${summary(reply)}`)
    return reply.json()
  }
  const newClass = async (name: string, members: Record<string, string>) => {
    const { class_id } = await made(admin, '/classes', { name, status: 'active' })
    for (const [handle, role] of Object.entries(members))
      await made(admin, `/classes/${class_id}/members`, { handle, role })
    return class_id!
  }
  const class_id = await newClass('First', { owner: 'teacher', assistant: 'assistant', classmate: 'student' })
  const otherClassId = await newClass('Second', { 'other-teacher': 'teacher', 'other-student': 'student' })
  // The owner teaches alone, so that even the owner cannot leave.
  const { personId: bossId } = await test.services.accounts.people.getByHandle('boss')
  await database.db.deleteFrom('class_members').where('person_id', '=', bossId).execute()
  // Everybody who is new is in the first class of all; nobody here is to have that in common.
  await database.db.deleteFrom('class_members').where('class_id', '=', 1).execute()

  const { owner } = people
  const { personId: user_id } = await test.services.accounts.people.getByHandle('owner')
  const { project_id } = await made(owner, '/projects', { class_id, name: SECRET })
  const { agent_id } = await made(owner, '/agents', { name: SECRET, system_prompt: SECRET })
  const { example_id } = await made(owner, '/user/practice/few-shot-examples', {
    title: SECRET,
    input_text: SECRET,
    output_text: SECRET,
  })
  const turn = await owner.post(`/user/practice/sessions/run?class_id=${class_id}`, {
    prompt_text: SECRET,
    project_id,
    agent_id,
    few_shot_example_ids: [example_id],
  })
  if (turn.statusCode !== 201) throw new Error(`No turn: ${summary(turn)}`)
  const { session_id, turn_id, results } = turn.json()
  const { response_id, session_model_id } = results[0]
  const call_id = `${response_id}-1-1`
  const called = { callId: call_id, status: 'complete', message: SECRET }
  await database.db
    .insertInto('run_events')
    .values({ session_id, turn_id, seq: 1_000, type: 'skill-result', data: JSON.stringify([response_id, called]) })
    .execute()
  const file: object = (await owner.get(`/user/practice/sessions/${session_id}/export`)).json()
  const { experiment_id } = await made(owner, `/user/practice/experiments?class_id=${class_id}`, {
    prompt_text: SECRET,
    variants: [{ model_name: 'one' }, { model_name: 'one', label: SECRET }],
  })
  const blind = (await owner.get(`/user/practice/experiments/${experiment_id}/blind`)).json()
  const { left_answer_id, right_answer_id } = blind.pairs[0]
  const { join_code_id } = await made(owner, `/classes/${class_id}/join-codes`, {})
  const { skill_id } = await made(owner, '/v1/skills', { document: skillDocument(), description_for_human: SECRET })
  await owner.put(`/v1/skills/${skill_id}/credentials/key`, { secret: SECRET })
  const { skillset_id } = await made(owner, '/v1/skillsets', { name: SECRET, skill_ids: [skill_id] })
  await made(owner, `/v1/skillsets/${skillset_id}/versions`, {})
  const { api_key_id } = await made(owner, '/user/api-keys', { name: SECRET })

  const call = await owner.post('/call/upsert_batch', {
    batch: [{ mode: 'start', req: { start: traceStart({ question: SECRET }) } }],
  })
  if (call.statusCode !== 200) throw new Error(`No call: ${summary(call)}`)
  const feedback = await owner.post('/feedback/create', ownersFeedback({ note: SECRET }))
  if (feedback.statusCode !== 200) throw new Error(`No feedback: ${summary(feedback)}`)
  const stored = await storedByOwner(test.app, owner)

  const soon = new Date(Date.now() + 60_000).toISOString()
  const expired = (await owner.post('/user/api-keys', { name: 'expired', expires_at: soon })).json()
  await database.db
    .updateTable('api_keys')
    .set({ expires_at: '2020-01-01T00:00:00.000Z' })
    .where('api_key_id', '=', expired.api_key_id)
    .execute()

  const ids = {
    class_id,
    otherClassId,
    user_id,
    project_id: project_id!,
    agent_id: agent_id!,
    version: 1,
    example_id: example_id!,
    session_id: session_id as number,
    revision: 1,
    turn_id: turn_id as number,
    response_id: response_id as number,
    call_id,
    session_model_id: session_model_id as number,
    join_code_id: join_code_id!,
    experiment_id: experiment_id!,
    skill_id: skill_id!,
    scheme: 'key',
    operation_id: 'search',
    skillset_id: String(skillset_id),
    left_answer_id: left_answer_id as string,
    right_answer_id: right_answer_id as string,
    api_key_id: api_key_id!,
    file,
    // Of the Weave dialect.
    entity: 'owner',
    project: 'traces',
    ...stored,
    // Of the dialects that only ask a model.
    model: 'one',
    appId: 'app',
    '*': 'one',
  }

  function ask(route: Route, headers: Record<string, string>): Promise<Reply> {
    const { query, body, type, params }: Asked = REQUESTS[route.name]?.(ids) ?? {}
    const path = route.url.replaceAll(/:(\w+)\??|(\*)/g, (_, parameter?: string) => {
      const value = ({ ...ids, ...params } as Record<string, unknown>)[parameter ?? '*']
      if (value === undefined)
        throw new Error(`${route.name}: add one ":${parameter}" that is the owner's to the ids of this test.`)
      return String(value)
    })
    return app.inject({
      method: route.method as NonNullable<InjectOptions['method']>,
      url: query ? `${path}?${query}` : path,
      headers: { ...headers, ...(type && { 'content-type': type }) },
      ...(body !== undefined && { payload: body }),
    })
  }

  return { routes, ask, ids, people, expiredKey: expired.key as string, contents: () => contentsOf(database) }
}

function skillDocument(): object {
  return {
    openapi: '3.0.0',
    info: { title: 'Search', version: '1' },
    servers: [{ url: 'http://127.0.0.1:1' }],
    paths: { '/search': { get: { operationId: 'search', responses: {}, security: [{ key: [] }] } } },
    components: { securitySchemes: { key: { type: 'apiKey', in: 'header', name: 'X-Key' } } },
  }
}

/** One of everything that the Weave dialect stores by digest, an object that may be deleted, a queue with a call. */
async function storedByOwner(app: FastifyInstance, owner: { authorization: string }) {
  const sent = async (url: string, { body, type }: { body: object | string; type?: string }) => {
    const headers = { authorization: owner.authorization, ...(type && { 'content-type': type }) }
    const reply = await app.inject({ method: 'POST', url, headers, payload: body })
    if (reply.statusCode !== 200) throw new Error(`${url}: ${summary(reply)}`)
    return reply.json()
  }
  const object = (object_id: string) => ({ body: { obj: { ...TRACE_PROJECT, object_id, val: SECRET } } })
  await sent('/obj/create', object('doomed'))
  const { digest } = await sent('/obj/create', object('thing'))
  const table = await sent('/table/create', { body: { table: { ...TRACE_PROJECT, rows: [{ text: SECRET }] } } })
  const file = await sent('/file/create', fileForm(SECRET))
  const queue = await sent('/annotation_queues', { body: { ...TRACE_PROJECT, name: SECRET, scorer_refs: [] } })
  const added = { ...TRACE_PROJECT, call_ids: ['call'], display_fields: [SECRET] }
  await sent(`/annotation_queues/${queue.id}/items`, { body: added })
  const { items } = await sent(`/annotation_queues/${queue.id}/items/query`, { body: TRACE_PROJECT })
  const typed: Record<string, { object_id: string; digest: string }> = {}
  for (const [type, body] of Object.entries(TYPED_BODIES)) {
    const given = { ...body, name: `its-${type}`, ...(type !== 'ops' && { description: SECRET }) }
    const made = await sent(`/v2/owner/traces/${type}`, { body: given })
    typed[type] = { object_id: made.object_id, digest: made.digest }
  }
  return {
    typed,
    queue_id: queue.id as string,
    item_id: items[0].id as string,
    object_id: 'thing',
    digest: digest as string,
    table_digest: table.digest as string,
    row_digest: table.row_digests[0] as string,
    file_digest: file.digest as string,
  }
}

/** The application once more, on the same services, with every route it has; by name. */
async function appThatTellsItsRoutes(services: Parameters<typeof createApp>[0]) {
  const routes: Route[] = []
  const app = await createApp(services, {
    config: { requestsPerMinute: 0 },
    files: { openapi: '', web: newTestFolder(), swaggerUi: '' },
    log: pino({ level: 'silent' }),
    beforeRoutes: async (instance) => {
      instance.addHook('onRoute', ({ method, url, config }) => {
        for (const one of [method].flat())
          if (one !== 'HEAD')
            routes.push({ method: one, url, name: `${one} ${url}`, isPublic: config?.isPublic === true })
      })
    },
  })
  onTestFinished(() => app.close())
  await app.ready()
  return { app, routes: routes.toSorted((a, b) => (a.name < b.name ? -1 : 1)) }
}

function isRead({ method }: Route): boolean {
  return method === 'GET'
}

/** Computes something and stores nothing. */
function isPreview({ name }: Route): boolean {
  return name === 'POST /user/practice/sessions/:session_id/window'
}

/** What staff say of an answer is theirs; to say nothing changes nothing. */
function isOwnWord({ name }: Route): boolean {
  return name === 'POST /user/practice/responses/:response_id/feedback'
}

function isOwnBusiness({ name, url, isPublic }: Route): boolean {
  return isPublic || ABOUT_ONESELF.includes(name) || STATELESS.test(url)
}

/** Why a reply is not what somebody gets whose business it is not; undefined when it is. */
function refusalProblem(
  route: Route,
  reply: Reply,
  { who, mayAsk }: { who: string; mayAsk: boolean },
): string | undefined {
  const { statusCode } = reply
  if (mayAsk) return statusCode === 200 ? undefined : 'a classmate may ask this'
  if (statusCode === 422 || statusCode === 415) return 'add what this request needs to REQUESTS'
  if (statusCode === 404) return undefined
  if (statusCode === 403 && reply.json().detail === 'Project not found') return undefined
  // Who is in the class knows that it is there.
  if (statusCode === 403 && (who === 'classmate' || reply.json().detail === 'admins_only')) return undefined
  const isList = isRead(route) && !/[:*]/.test(route.url)
  if (!isList || statusCode !== 200)
    return 'it is not refused; a route that only touches what is one’s own belongs on the list ABOUT_ONESELF'
  if (!String(reply.headers['content-type']).includes('json')) return undefined
  const { items, data } = reply.json()
  return (items ?? data)?.length === 0 ? undefined : 'the list is not empty'
}

function tells({ body, headers }: Reply): boolean {
  return body.includes(SECRET) || JSON.stringify(headers).includes(SECRET)
}

function summary({ statusCode, body }: Reply): string {
  return `${statusCode} ${body.slice(0, 200)}`
}

/** Everything in the database that a request could change; a server's own notes aside. */
async function contentsOf({ db }: Database): Promise<Record<string, string[]>> {
  const notes = ['servers', 'id_blocks', 'migrations']
  const tables = (await db.introspection.getTables()).map(({ name }) => name).filter((name) => !notes.includes(name))
  const contents: Record<string, string[]> = {}
  for (const table of tables) {
    const rows = await db
      .selectFrom(table as 'people')
      .selectAll()
      .execute()
    contents[table] = rows.map((row) => JSON.stringify(row)).toSorted()
  }
  expect(contents.practice_responses?.length).toBeGreaterThan(0)
  return contents
}
