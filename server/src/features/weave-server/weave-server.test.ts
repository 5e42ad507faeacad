import { describe, expect, it } from 'vitest'
import { testDatabases } from '../../db/testing.ts'
import { weaveApp } from '../objects/testing.ts'

// As the npm SDK and the Python client send them, byte by byte.
const DEFAULT_ENTITY =
  '\nquery DefaultEntity {\n    viewer {\n        username\n        defaultEntity {\n            name\n        }\n    }\n}\n'
const PROJECT =
  'query Project($name: String!, $entityName: String!) {\n  project(name: $name, entityName: $entityName) {\n    name\n  }\n}'
const UPSERT_MODEL =
  'mutation UpsertModel($name: String!, $id: String, $entity: String!, $description: String, $repo: String) {\n  upsertModel(\n    input: {id: $id, name: $name, entityName: $entity, description: $description, repo: $repo}\n  ) {\n    model {\n      name\n      description\n    }\n  }\n}'

describe.each(testDatabases)('the Weave server on $name', ({ open }) => {
  it('says what it is to everybody', async () => {
    const { app } = await weaveApp(await open())
    const get = async (url: string) => (await app.inject({ url })).json()
    expect(await get('/server_info')).toEqual({
      min_required_weave_python_version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      trace_server_version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
    })
    expect(await get('/health')).toEqual({ status: 'ok' })
    expect(await get('/version')).toEqual({ version: expect.any(String) })
  })

  it('answers the GraphQL of the SDKs', async () => {
    const { as } = await weaveApp(await open())
    const ask = async (query: string, variables?: object) =>
      (await as.sam.post('/graphql', { query, ...(variables && { variables }) })).body
    expect(await ask(DEFAULT_ENTITY, {})).toEqual({
      data: { viewer: { username: 'sam', defaultEntity: { name: 'sam' } } },
    })
    expect(await ask(PROJECT, { entityName: 'sam', name: 'new' })).toEqual({ data: { project: null } })
    expect(await ask(UPSERT_MODEL, { name: 'new', entity: 'sam', description: null })).toEqual({
      data: { upsertModel: { model: { name: 'new', description: null } } },
    })
    expect(await ask(PROJECT, { entityName: 'sam', name: 'new' })).toEqual({ data: { project: { name: 'new' } } })
    expect(await ask('{ me: viewer { user: username, __typename } }')).toEqual({
      data: { me: { user: 'sam', __typename: 'User' } },
    })
    expect(await ask('query { project(name: "new", entityName: "sam") { entityName } } # why not')).toEqual({
      data: { project: { entityName: 'sam' } },
    })
  })

  it('answers other GraphQL with errors in its form, and makes no project in somebody else’s name', async () => {
    const { as } = await weaveApp(await open())
    const ask = async (query: unknown, variables: object = {}) => await as.mina.post('/graphql', { query, variables })
    for (const [query, message] of [
      ['{ artifact(id: 1) { name } }', 'Cannot query field "artifact" on this server.'],
      ['{ viewer { password } }', 'Cannot query field "password" on type "User".'],
      ['{ viewer }', 'must have a selection'],
      ['{ viewer { username { x } } }', 'has no fields'],
      ['{ viewer { username }', 'Unexpected end of the document'],
      ['fragment f on User { id }', 'Syntax Error: Unexpected "fragment"'],
      ['{ project(name: "x") { name } }', '"name" and "entityName"'],
      ['{ viewer { ...f } }', 'Syntax Error'],
      ['{ \u0007 }', 'Unexpected character'],
      [`${'{a'.repeat(100)}`, 'nested too deeply'],
      ['', 'Unexpected end of the document'],
    ] as const) {
      const { status, body } = await ask(query)
      expect(status, query).toBe(200)
      expect(body.errors[0].message, query).toContain(message)
    }
    expect((await ask(7)).status).toBe(422)
    expect((await ask(PROJECT, { entityName: 'sam', name: 'demo' })).body).toEqual({ data: { project: null } })
    const forbidden = await ask(UPSERT_MODEL, { entity: 'sam', name: 'taken over' })
    expect(forbidden.body).toEqual({
      data: { upsertModel: null },
      errors: [{ message: 'Project not found', path: ['upsertModel'] }],
    })
    expect((await as.sam.post('/service/projects_info', { project_ids: ['sam/taken over'] })).body).toEqual([])
  })

  it('says how much a project takes', async () => {
    const { as } = await weaveApp(await open())
    await as.sam.post('/obj/create', { obj: { project_id: 'sam/demo', object_id: 'o', val: 'x'.repeat(100) } })
    await as.sam.post('/table/create', { table: { project_id: 'sam/demo', rows: [{ a: 1 }] } })
    const { body } = await as.sam.python('/project/stats', {
      project_id: 'sam/demo',
      include_trace_storage_size: true,
      include_object_storage_size: null,
      include_table_storage_size: true,
      include_file_storage_size: false,
    })
    expect(body).toEqual({
      trace_storage_size_bytes: 0,
      objects_storage_size_bytes: 102,
      tables_storage_size_bytes: 7,
      files_storage_size_bytes: 0,
    })
    const nothing = await as.sam.post('/project/stats', {
      project_id: 'sam/demo',
      include_trace_storage_size: false,
      include_object_storage_size: false,
      include_table_storage_size: false,
      include_file_storage_size: false,
    })
    expect(nothing.status).toBe(400)
    expect((await as.mina.post('/project/stats', { project_id: 'sam/demo' })).status).toBe(403)
  })
})
