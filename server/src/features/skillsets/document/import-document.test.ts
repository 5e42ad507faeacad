import { describe, expect, it } from 'vitest'
import type { HttpCall } from '../skill.ts'
import { importDocument } from './import-document.ts'
import { DocumentError } from './problem.ts'

type Json = Record<string, unknown>

const ok = { responses: { 200: { description: 'ok' } } }

function documentOf(paths: Json, rest: Json = {}): string {
  return JSON.stringify({
    openapi: '3.1.0',
    info: { title: 'Hotels', version: '1' },
    servers: [{ url: 'https://api.example.com/v1/' }],
    paths,
    ...rest,
  })
}

async function importOf(paths: Json, rest: Json = {}, options: { url?: string } = {}) {
  const imported = await importDocument(documentOf(paths, rest), options)
  const calls = imported.operations.map(({ call }) => call as HttpCall)
  return { ...imported, calls, call: calls[0]!, operation: imported.operations[0]! }
}

async function refusalOf(text: Promise<unknown>) {
  const error = await text.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(DocumentError)
  expect(error).toMatchObject({ kind: 'invalid_request', code: 'invalid_document' })
  return (error as DocumentError).problems
}

describe('importing a document', () => {
  it('makes of an operation all that calling it needs', async () => {
    const { title, operation, problems } = await importOf({
      '/hotels/{id}/rooms': {
        parameters: [
          { name: 'id', in: 'path', required: true, schema: { type: 'string' } },
          { name: 'lang', in: 'query', schema: { type: 'string', enum: ['ko', 'ja'] } },
        ],
        get: {
          operationId: 'listRooms',
          summary: 'Lists rooms',
          'x-api-order': 3,
          'x-etude-response': { fields: ['rooms[].name'], maxItems: 5 },
          parameters: [
            { name: 'lang', in: 'query', style: 'pipeDelimited', description: 'overrides', schema: { type: 'array' } },
          ],
          ...ok,
        },
      },
    })

    expect(problems).toEqual([])
    expect(title).toBe('Hotels')
    expect(operation).toEqual({
      operationId: 'listRooms',
      summary: 'Lists rooms',
      description: '',
      isEnabled: true,
      approval: 'never',
      apiOrder: 3,
      hint: { fields: ['rooms[].name'], maxItems: 5 },
      call: {
        kind: 'http',
        method: 'GET',
        server: 'https://api.example.com/v1',
        path: '/hotels/{id}/rooms',
        body: null,
        security: [],
        parameters: [
          {
            name: 'lang',
            in: 'query',
            isRequired: false,
            description: 'overrides',
            schema: { type: 'array' },
            style: 'pipeDelimited',
            explode: false,
            allowReserved: false,
            mediaType: null,
          },
          {
            name: 'id',
            in: 'path',
            isRequired: true,
            description: '',
            schema: { type: 'string' },
            style: 'simple',
            explode: false,
            allowReserved: false,
            mediaType: null,
          },
        ],
      },
    })
  })

  it('reads YAML like JSON', async () => {
    const yaml = `
openapi: 3.0.3
info: {title: 호텔, version: 1.0}
servers: [{url: https://api.example.com}]
paths:
  /hotels:
    get:
      parameters:
        - &page {name: page, in: query, schema: {type: integer}}
      responses: {200: {description: ok}}
    head:
      parameters: [*page]
      responses: {200: {description: ok}}
`
    const { title, version, operations } = await importDocument(yaml)

    expect({ title, version }).toEqual({ title: '호텔', version: '1' })
    expect(operations.map(({ operationId }) => operationId)).toEqual(['get_hotels', 'head_hotels'])
    expect(operations.map(({ call }) => (call as HttpCall).parameters[0]?.name)).toEqual(['page', 'page'])
  })

  it('names operations without an operationId by method and path, and says where names are used twice', async () => {
    const { operations, problems } = await importOf({
      '/hotels/{id}': { get: { operationId: 'find', ...ok }, delete: ok, post: { operationId: 'find', ...ok } },
      '/hotels.{id}': { delete: ok },
    })

    expect(operations.map(({ operationId }) => operationId)).toEqual([
      'find',
      'find_2',
      'delete_hotels_by_id',
      'delete_hotels_by_id_2',
    ])
    expect(problems.filter(({ message }) => message.includes('named find'))).toMatchObject([
      { pointer: '/paths/~1hotels~1{id}/post/operationId', severity: 'warning', suggestion: expect.any(String) },
    ])
  })

  it('lets a person allow what may change something, unless the author decides otherwise', async () => {
    const { operations } = await importOf({ '/a': { get: ok, put: ok, post: ok, delete: ok, head: ok, patch: ok } })

    expect(Object.fromEntries(operations.map(({ operationId, approval }) => [operationId, approval]))).toEqual({
      get_a: 'never',
      head_a: 'never',
      put_a: 'always',
      post_a: 'always',
      delete_a: 'always',
      patch_a: 'always',
    })
  })

  it('cuts schemas that hold themselves, with a mark', async () => {
    const { call, problems } = await importOf(
      {
        '/nodes': {
          post: {
            requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Node' } } } },
            ...ok,
          },
        },
      },
      {
        components: {
          schemas: {
            Node: {
              type: 'object',
              properties: {
                name: { type: 'string' },
                children: { type: 'array', items: { $ref: '#/components/schemas/Node' } },
              },
            },
            Loop: { $ref: '#/components/schemas/Loop' },
          },
        },
      },
    )

    expect(call.body?.schema).toEqual({
      type: 'object',
      properties: {
        name: { type: 'string' },
        children: {
          type: 'array',
          items: { type: 'object', $comment: 'Cut here: the same again as #/components/schemas/Node.' },
        },
      },
    })
    expect(problems).toEqual([])
  })

  it('follows references to parameters, bodies and paths, but not in circles', async () => {
    const { calls, problems } = await importOf(
      {
        '/a': { $ref: '#/components/pathItems/A' },
        '/b': { get: { parameters: [{ $ref: '#/components/parameters/Loop' }], ...ok } },
      },
      {
        components: {
          pathItems: {
            A: {
              post: {
                parameters: [{ $ref: '#/components/parameters/Page%20Size' }],
                requestBody: { $ref: '#/components/requestBodies/Hotel' },
                ...ok,
              },
            },
          },
          parameters: {
            'Page Size': {
              name: 'size',
              in: 'query',
              schema: { $ref: '#/components/schemas/Size', description: 'How many' },
            },
            Loop: { $ref: '#/components/parameters/Pool' },
            Pool: { $ref: '#/components/parameters/Loop' },
          },
          requestBodies: { Hotel: { required: true, content: { 'text/plain': { schema: { type: 'string' } } } } },
          schemas: { Size: { type: 'integer', description: 'A size' } },
        },
      },
    )

    expect(calls[0]?.parameters[0]).toMatchObject({
      name: 'size',
      schema: { type: 'integer', description: 'How many' },
    })
    expect(calls[0]?.body).toMatchObject({ mediaType: 'text/plain', isRequired: true })
    expect(calls[1]?.parameters).toEqual([])
    expect(problems).toMatchObject([
      { pointer: '/paths/~1b/get/parameters/0', message: 'The $ref leads only to itself.' },
    ])
  })

  it('never fetches another document, and says where it is referred to', async () => {
    const { calls, problems } = await importOf({
      '/a': {
        get: {
          parameters: [
            { $ref: 'https://evil.example/parameters.yaml#/Page' },
            { name: 'q', in: 'query', schema: { $ref: './schemas.json#/Q' } },
            { name: 'r', in: 'query', schema: { $ref: '#/components/schemas/Missing' } },
          ],
          ...ok,
        },
      },
    })

    expect(calls[0]?.parameters).toMatchObject([
      { name: 'q', schema: {} },
      { name: 'r', schema: {} },
    ])
    expect(problems).toMatchObject([
      {
        pointer: '/paths/~1a/get/parameters/0/$ref',
        severity: 'error',
        suggestion: expect.stringContaining('bundles'),
      },
      { pointer: '/paths/~1a/get/parameters/1/schema/$ref', severity: 'error' },
      { pointer: '/paths/~1a/get/parameters/2/schema/$ref', message: expect.stringContaining('leads nowhere') },
    ])
  })

  it('keeps allOf, oneOf and anyOf, and what stands beside a reference', async () => {
    const { call } = await importOf(
      {
        '/a': {
          put: {
            requestBody: {
              content: {
                'application/json': {
                  schema: {
                    oneOf: [
                      { $ref: '#/components/schemas/Cat' },
                      { allOf: [{ $ref: '#/components/schemas/Cat' }, { required: ['age'] }] },
                      { $ref: '#/components/schemas/Cat', minProperties: 2 },
                    ],
                    discriminator: { propertyName: 'kind', mapping: { cat: '#/components/schemas/Cat' } },
                  },
                },
              },
            },
            ...ok,
          },
        },
      },
      {
        components: {
          schemas: {
            Cat: {
              type: 'object',
              required: ['id', 'kind'],
              properties: { id: { type: 'string', readOnly: true }, kind: { const: 'cat' } },
            },
          },
        },
      },
    )

    const cat = { type: 'object', required: ['kind'], properties: { kind: { const: 'cat' } } }
    expect(call.body?.schema).toEqual({
      oneOf: [cat, { allOf: [cat, { required: ['age'] }] }, { allOf: [cat], minProperties: 2 }],
      discriminator: { propertyName: 'kind' },
    })
  })

  it('brings schemas of 3.0 into the form of 3.1', async () => {
    const schema = {
      type: 'object',
      properties: {
        a: { type: 'string', nullable: true, enum: ['x'], example: 'x' },
        b: { type: 'number', minimum: 1, exclusiveMinimum: true, maximum: 9, exclusiveMaximum: false },
        c: { type: 'string', format: 'binary' },
        d: { type: 'string', format: 'byte', 'x-note': 1 },
      },
    }
    const { call } = await importOf(
      { '/a': { post: { requestBody: { content: { 'application/json': { schema } } }, ...ok } } },
      { openapi: '3.0.3' },
    )

    expect(call.body?.schema.properties).toEqual({
      a: { type: ['string', 'null'], enum: ['x', null], examples: ['x'] },
      b: { type: 'number', exclusiveMinimum: 1, maximum: 9 },
      c: { type: 'string', format: 'binary', contentMediaType: 'application/octet-stream' },
      d: { type: 'string', format: 'byte', contentEncoding: 'base64' },
    })
  })

  it('reads Swagger 2.0 as it is', async () => {
    const { operations, securitySchemes, problems } = await importDocument(
      JSON.stringify({
        swagger: '2.0',
        info: { title: 'Old', version: '1' },
        host: 'old.example.com:8080',
        basePath: '/api/',
        schemes: ['http', 'https'],
        consumes: ['application/xml', 'application/json'],
        securityDefinitions: {
          key: { type: 'apiKey', in: 'query', name: 'k' },
          login: { type: 'basic' },
          auth: { type: 'oauth2' },
        },
        security: [{ key: [], login: [] }, { auth: ['read'] }],
        definitions: { Pet: { type: 'object', properties: { name: { type: 'string' } } } },
        parameters: {
          tags: { name: 'tags', in: 'query', type: 'array', items: { type: 'string' }, collectionFormat: 'multi' },
        },
        paths: {
          '/pets/{id}': {
            get: {
              security: [],
              parameters: [
                { $ref: '#/parameters/tags' },
                { name: 'id', in: 'path', required: true, type: 'integer', format: 'int64' },
                { name: 'ids', in: 'query', type: 'array', items: { type: 'integer' }, collectionFormat: 'pipes' },
                { name: 'csv', in: 'header', type: 'array', items: { type: 'integer' } },
              ],
            },
            put: {
              parameters: [
                { name: 'id', in: 'path', type: 'string' },
                { name: 'pet', in: 'body', required: true, schema: { $ref: '#/definitions/Pet' } },
              ],
            },
            post: {
              schemes: ['http'],
              parameters: [
                { name: 'id', in: 'path', type: 'string' },
                { name: 'photo', in: 'formData', type: 'file', required: true, description: 'A photo' },
                { name: 'note', in: 'formData', type: 'string' },
              ],
            },
            patch: {
              parameters: [
                { name: 'id', in: 'path', type: 'string' },
                { name: 'note', in: 'formData', type: 'string' },
              ],
            },
          },
        },
      }),
    )

    expect(problems).toEqual([])
    const [get, put, post, patch] = operations.map(({ call }) => call as HttpCall)
    expect(get).toMatchObject({ server: 'https://old.example.com:8080/api', security: [], body: null })
    expect(get?.parameters.map(({ name, schema, style, explode }) => [name, schema, style, explode])).toEqual([
      ['tags', { type: 'array', items: { type: 'string' } }, 'form', true],
      ['id', { type: 'integer', format: 'int64' }, 'simple', false],
      ['ids', { type: 'array', items: { type: 'integer' } }, 'pipeDelimited', false],
      ['csv', { type: 'array', items: { type: 'integer' } }, 'simple', false],
    ])
    expect(put).toMatchObject({
      security: [['key', 'login'], ['auth']],
      body: { mediaType: 'application/json', isRequired: true, schema: { properties: { name: { type: 'string' } } } },
    })
    expect(post).toMatchObject({
      server: 'http://old.example.com:8080/api',
      body: {
        mediaType: 'multipart/form-data',
        schema: {
          required: ['photo'],
          properties: {
            photo: { type: 'string', contentMediaType: 'application/octet-stream', description: 'A photo' },
          },
        },
      },
    })
    expect(patch?.body).toMatchObject({ mediaType: 'application/x-www-form-urlencoded', isRequired: false })
    expect(securitySchemes).toEqual([
      { name: 'key', kind: 'apiKey', in: 'query', parameter: 'k', description: '' },
      { name: 'login', kind: 'basic', description: '' },
      { name: 'auth', kind: 'bearer', description: '' },
    ])
  })

  it('knows which sign-in an operation needs, and says which it cannot use', async () => {
    const { calls, securitySchemes, problems } = await importOf(
      {
        '/a': {
          get: ok,
          put: { security: [], ...ok },
          post: { security: [{}, { bearer: [], key: [] }], ...ok },
          patch: { security: [{ digest: [] }, { bearer: [] }], ...ok },
        },
      },
      {
        security: [{ bearer: [] }],
        components: {
          securitySchemes: {
            bearer: { type: 'http', scheme: 'Bearer' },
            key: { type: 'apiKey', in: 'cookie', name: 'sid' },
            digest: { type: 'http', scheme: 'digest' },
          },
        },
      },
    )

    expect(securitySchemes.map(({ name, kind }) => [name, kind])).toEqual([
      ['bearer', 'bearer'],
      ['key', 'apiKey'],
    ])
    expect(calls.map(({ security }) => security)).toEqual([[['bearer']], [], [[], ['bearer', 'key']], [['bearer']]])
    expect(problems.map(({ pointer }) => pointer)).toEqual([
      '/components/securitySchemes/digest',
      '/paths/~1a/patch/security/0',
    ])
  })

  it('chooses the media type that models write best, with the encoding of its parts', async () => {
    const body = (content: Json) => ({ requestBody: { content }, ...ok })
    const { calls } = await importOf({
      '/a': {
        post: body({ 'application/xml': {}, 'application/vnd.x+json; charset=utf-8': { schema: { type: 'object' } } }),
        put: body({ 'image/png': {} }),
        patch: body({ '*/*': {} }),
        delete: body({
          'multipart/form-data': {
            schema: { type: 'object' },
            encoding: {
              file: {
                contentType: 'image/png, image/jpeg',
                headers: { 'X-Kind': { schema: { type: 'string', default: 'photo' } } },
              },
              tags: { style: 'spaceDelimited', explode: false },
            },
          },
        }),
      },
    })

    expect(calls.map(({ method, body }) => [method, body?.mediaType])).toEqual([
      ['PUT', 'image/png'],
      ['POST', 'application/vnd.x+json; charset=utf-8'],
      ['DELETE', 'multipart/form-data'],
      ['PATCH', 'application/json'],
    ])
    expect(calls[2]?.body?.encoding).toEqual({
      file: {
        contentType: 'image/png',
        style: null,
        explode: null,
        allowReserved: false,
        headers: { 'X-Kind': 'photo' },
      },
      tags: { contentType: null, style: 'spaceDelimited', explode: false, allowReserved: false, headers: {} },
    })
  })

  it('says what is wrong with parameters and goes on without them', async () => {
    const { call, problems } = await importOf({
      '/a/{id}/{undeclared}': {
        get: {
          parameters: [
            { name: 'id', in: 'path', style: 'form', schema: { type: 'string' } },
            { name: 'Authorization', in: 'header', schema: {} },
            { name: 'Host', in: 'header', schema: {} },
            { name: 'x', in: 'body' },
            { in: 'query' },
            { name: 'gone', in: 'path', required: true },
            { name: 'q', in: 'query' },
            { name: 'q', in: 'query' },
            { name: 'filter', in: 'query', content: { 'application/json': { schema: { type: 'object' } } } },
          ],
          'x-api-order': 'first',
          'x-etude-response': ['a'],
          ...ok,
        },
      },
    })

    const at = '/paths/~1a~1{id}~1{undeclared}/get'
    expect(
      call.parameters.map(({ name, style, mediaType, isRequired }) => [name, style, mediaType, isRequired]),
    ).toEqual([
      ['id', 'simple', null, true],
      ['q', 'form', null, false],
      ['filter', 'form', 'application/json', false],
      ['undeclared', 'simple', null, true],
    ])
    expect(problems.map(({ pointer, severity }) => `${severity} ${pointer.slice(at.length)}`).sort()).toEqual([
      'error /parameters/3/in',
      'error /parameters/4',
      'warning ',
      'warning /parameters/0/style',
      'warning /parameters/1',
      'warning /parameters/2',
      'warning /parameters/5',
      'warning /parameters/7',
      'warning /x-api-order',
      'warning /x-etude-response',
    ])
  })
})

describe('the servers of a document', () => {
  const serversOf = async (servers: unknown[] | undefined, options: { url?: string } = {}, inner: Json = {}) => {
    const { call, problems } = await importOf({ '/a': { get: ok, ...inner } }, { servers }, options)
    return { server: call.server, problems }
  }

  it('may be relative to where the document came from', async () => {
    const options = { url: 'https://docs.example.com/apis/v2/openapi.json' }

    expect(await serversOf([{ url: '../v1' }], options)).toMatchObject({ server: 'https://docs.example.com/apis/v1' })
    expect(await serversOf([{ url: '/' }], options)).toMatchObject({ server: 'https://docs.example.com' })
    expect(await serversOf(undefined, options)).toMatchObject({ server: 'https://docs.example.com' })
  })

  it('are refused clearly when that is not known', async () => {
    const message = expect.stringContaining('not known')
    expect(await refusalOf(serversOf([{ url: '/v1' }]))).toMatchObject([
      { pointer: '/servers/0/url', message, severity: 'error', suggestion: expect.stringContaining('absolute URL') },
    ])
    expect(await refusalOf(serversOf(undefined))).toMatchObject([{ pointer: '', message }])
  })

  it('may have variables, filled with their defaults', async () => {
    const variables = { region: { default: 'kr', enum: ['kr', 'jp'] }, port: { default: 8443 } }
    const url = 'https://{region}.example.com:{port}/{base}'

    expect(await serversOf([{ url, variables: { ...variables, base: { enum: ['v2', 'v1'] } } }])).toEqual({
      server: 'https://kr.example.com:8443/v2',
      problems: [],
    })
    expect(
      await serversOf([{ url, variables: { ...variables, base: { default: 'v3', enum: ['v1'] } } }]),
    ).toMatchObject({
      server: 'https://kr.example.com:8443/v3',
      problems: [{ pointer: '/servers/0/variables/base/default', severity: 'warning' }],
    })
    expect(await refusalOf(serversOf([{ url, variables }]))).toMatchObject([
      { pointer: '/servers/0/url', message: expect.stringContaining('base') },
    ])
  })

  it('are taken from the nearest level, and the first that can be called', async () => {
    const inner = { servers: [{ url: 'ftp://x' }, { url: 'https://path.example.com' }] }

    expect(await serversOf([{ url: 'https://root.example.com' }], {}, inner)).toMatchObject({
      server: 'https://path.example.com',
    })
    expect(
      await serversOf([], {}, { ...inner, get: { servers: [{ url: 'https://own.example.com/?a=1' }], ...ok } }),
    ).toMatchObject({ server: 'https://own.example.com', problems: [{ severity: 'warning' }] })
    expect(await refusalOf(serversOf([{ url: 'https://user:pass@example.com' }]))).toMatchObject([
      { message: expect.stringContaining('password'), pointer: '/servers/0/url' },
    ])
  })
})

describe('a document that cannot be used', () => {
  it('says where it stops being JSON or YAML', async () => {
    expect(await refusalOf(importDocument('{\n  "openapi": "3.1.0",\n  "info" {}\n}'))).toMatchObject([
      { message: expect.stringContaining('JSON at line 3, column 10') },
    ])
    expect(await refusalOf(importDocument('{"openapi": "3.1.0"'))).toMatchObject([
      { message: expect.stringContaining('JSON at line 1, column 20') },
    ])
    expect(await refusalOf(importDocument('openapi: 3.1.0\npaths:\n  a: b: c\n'))).toMatchObject([
      { message: expect.stringMatching(/YAML at line 3/) },
    ])
    expect(await refusalOf(importDocument('openapi: 3.1.0\nopenapi: 3.0.0\n'))).toMatchObject([
      { message: expect.stringMatching(/unique/) },
    ])
  })

  it('may be nearly JSON', async () => {
    const text = documentOf({ '/a': { get: ok } }).replace(/}$/, ',}')

    expect((await importDocument(text)).operations).toHaveLength(1)
    expect((await importDocument(`\uFEFF${documentOf({ '/a': { get: ok } })}`)).operations).toHaveLength(1)
  })

  it.each(['', 'hello', '[]', '"openapi"', '12', 'null', '<!doctype html>'])(
    'is refused when it is %j',
    async (text) => {
      expect(await refusalOf(importDocument(text))).toHaveLength(1)
    },
  )

  it.each([
    [{ info: {} }, ''],
    [{ openapi: '4.0.0' }, '/openapi'],
    [{ swagger: '1.2' }, '/swagger'],
    [{ openapi: '3.1.0', info: {} }, '/paths'],
    [{ openapi: '3.1.0', info: {}, paths: null }, '/paths'],
    [{ openapi: '3.1.0', info: {}, paths: { '/a': null, '/b': { get: 1 } } }, '/paths'],
  ])('is refused when it is %j', async (document, pointer) => {
    expect((await refusalOf(importDocument(JSON.stringify(document))))[0]).toMatchObject({
      pointer,
      suggestion: expect.any(String),
    })
  })

  it('is refused at once when it has 20 MB', async () => {
    const [problem] = await refusalOf(importDocument('x'.repeat(20 * 1024 * 1024)))

    expect(problem).toMatchObject({ message: 'The document has 20 MB; at most 5 MB are read.' })
  })

  it('is refused when it has too many operations, with their number', async () => {
    const paths = Object.fromEntries(Array.from({ length: 2_001 }, (_, index) => [`/a${index}`, { get: {} }]))

    expect(await refusalOf(importOf(paths))).toMatchObject([
      { pointer: '/paths', message: expect.stringContaining('2,001 operations') },
    ])
  })

  it('is refused when it is nested without end, in JSON or in YAML', async () => {
    const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`

    expect(await refusalOf(importDocument(`{"openapi":"3.1.0","x":${deep}}`))).toMatchObject([
      { message: expect.stringContaining('nested') },
    ])
    expect(await refusalOf(importDocument(`openapi: 3.1.0\nx: ${deep}\n`))).toMatchObject([
      { message: expect.stringContaining('nested') },
    ])
  })

  it('is refused when aliases of YAML would make it explode', async () => {
    const bomb = Array.from({ length: 12 }, (_, index) => {
      const inner = index === 0 ? '"lol"' : `*a${index - 1}`
      return `a${index}: &a${index} [${Array(9).fill(inner).join(', ')}]`
    })

    expect(await refusalOf(importDocument(`openapi: 3.1.0\n${bomb.join('\n')}\n`))).toMatchObject([
      { message: expect.stringMatching(/alias/i) },
    ])
  })

  it('does not grow when its schemas multiply each other', async () => {
    const schemas = Object.fromEntries(
      Array.from({ length: 30 }, (_, index) => {
        const next = { $ref: `#/components/schemas/S${index + 1}` }
        return [`S${index}`, { type: 'object', properties: { a: next, b: next, c: next } }]
      }),
    )
    const { call, problems } = await importOf(
      {
        '/a': {
          post: {
            requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/S0' } } } },
            ...ok,
          },
        },
      },
      { components: { schemas: { ...schemas, S30: { type: 'string' } } } },
    )

    expect(JSON.stringify(call.body?.schema).length).toBeLessThan(400_000)
    expect(problems).toMatchObject([
      { pointer: '/paths/~1a/post', severity: 'warning', message: expect.stringContaining('large') },
    ])
  })
})

describe('importing a large document', () => {
  it('lets other work go on in between', async () => {
    const schema = {
      type: 'object',
      properties: Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`p${n}`, { type: 'string' }])),
    }
    const operation = { requestBody: { content: { 'application/json': { schema } } }, ...ok }
    const text = documentOf(
      Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => [`/a${n}`, { post: operation }])),
    )
    let turns = 0
    const timer = setInterval(() => turns++, 0)
    const { operations } = await importDocument(text)
    clearInterval(timer)

    expect(operations).toHaveLength(1_000)
    expect(turns).toBeGreaterThan(1)
  })
})
