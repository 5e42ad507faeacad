import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Outbound } from '../../../http/outbound.ts'
import { OperationCaller } from '../call/operation-caller.ts'
import { toolOf } from '../call/tool-of.ts'
import { McpTools } from '../mcp/mcp-tools.ts'
import { importDocument } from './import-document.ts'
import { DocumentError } from './problem.ts'

const RUNS = 100

const ok = { 200: { description: 'ok' } }

const openapi3 = {
  openapi: '3.1.0',
  info: { title: 'A', version: '1', description: 'b' },
  servers: [{ url: 'https://{a}.example/v1', variables: { a: { default: 'x', enum: ['x'] } } }],
  security: [{ key: [] }],
  paths: {
    '/a/{id}': {
      parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
      get: {
        operationId: 'a',
        parameters: [{ $ref: '#/components/parameters/q' }],
        responses: ok,
        'x-etude-response': { fields: ['a'] },
      },
      post: {
        'x-api-order': 1,
        security: [{}],
        requestBody: {
          required: true,
          content: {
            'multipart/form-data': {
              schema: {
                allOf: [{ $ref: '#/components/schemas/S' }],
                properties: { f: { type: 'string', format: 'binary' } },
              },
              encoding: { f: { contentType: 'image/png', headers: { X: { schema: { default: 1 } } } } },
            },
          },
        },
        responses: ok,
      },
    },
  },
  components: {
    parameters: { q: { name: 'q', in: 'query', style: 'deepObject', explode: true, schema: { type: 'object' } } },
    schemas: {
      S: { type: 'object', required: ['n'], properties: { n: { $ref: '#/components/schemas/S' }, e: { enum: [1] } } },
    },
    securitySchemes: { key: { type: 'apiKey', in: 'header', name: 'X' } },
  },
}

const swagger2 = {
  swagger: '2.0',
  info: { title: 'A', version: '1' },
  host: 'a.example',
  basePath: '/v1',
  schemes: ['https'],
  consumes: ['application/json'],
  securityDefinitions: { key: { type: 'basic' } },
  definitions: { S: { type: 'object' } },
  paths: {
    '/a': {
      post: { parameters: [{ name: 'b', in: 'body', schema: { $ref: '#/definitions/S' } }], responses: ok },
      put: {
        parameters: [
          { name: 'f', in: 'formData', type: 'array', items: { type: 'string' }, collectionFormat: 'multi' },
        ],
        responses: ok,
      },
    },
  },
}

/** Every place in a document. */
function placesOf(value: unknown, path: string[] = []): string[][] {
  const inner = typeof value === 'object' && value !== null ? Object.entries(value) : []
  return [path, ...inner.flatMap(([key, part]) => placesOf(part, [...path, key]))]
}

function replaced(value: unknown, [key, ...rest]: string[], part: unknown): unknown {
  if (key === undefined) return part
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<string, unknown>
  copy[key] = replaced(copy[key], rest, part)
  return copy
}

const anything = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom(
    { $ref: '#' },
    { $ref: '#/paths' },
    { $ref: '#/components/schemas/S' },
    { $ref: 'x.json' },
    { $ref: '#/%' },
    [[]],
    { type: {} },
    '{x}',
    '*/*',
  ),
)

/** Nothing leaves: no name has an address. */
const outbound = new Outbound({
  allow: [],
  lookup: (_, __, callback) => callback(Object.assign(new Error('not found'), { code: 'ENOTFOUND' }), ''),
})
const caller = new OperationCaller({ outbound, mcp: new McpTools({ outbound }) })
const skill = { source: { kind: 'openapi' as const, title: '', version: '' } }

describe('importing a document that is wrong somewhere', () => {
  it.each([
    ['3.1', openapi3],
    ['2.0', swagger2],
  ])('makes operations of it or says why not, in version %s', async (_, document) => {
    const change = fc.tuple(fc.constantFrom(...placesOf(document)), anything)
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { minLength: 1, maxLength: 3 }),
        fc.array(anything, { minLength: 3 }),
        async (changes, values) => {
          let broken: unknown = document
          // A later place may be gone by then, and is made again.
          for (const [place, part] of changes) broken = replaced(broken, place, part)
          const outcome = await importDocument(JSON.stringify(broken)).catch((error: unknown) => error)
          if (outcome instanceof Error) expect(outcome).toBeInstanceOf(DocumentError)
          else {
            const { operations, problems, securitySchemes } = outcome as Awaited<ReturnType<typeof importDocument>>
            for (const operation of operations) {
              const { properties = {} } = toolOf({ nameForModel: 'a' }, operation).parameters
              const names = Object.keys(properties as object)
              const given = Object.fromEntries(names.map((name, index) => [name, values[index]]))
              const request = { skill: { ...skill, securitySchemes }, operation, arguments: given, credentials: [] }
              expect(await caller.call(request, new AbortController().signal)).toMatchObject({ isOk: false })
            }
            for (const problem of problems) expect(problem.pointer).toMatch(/^(\/.*)?$/s)
          }
        },
      ),
      { numRuns: RUNS },
    )
  })
})
