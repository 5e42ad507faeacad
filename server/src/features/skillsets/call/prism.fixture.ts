import type { JsonObject } from '../../../models/language-model.ts'
import type { Parameter } from '../skill.ts'

/** One operation that Prism can judge, and what a model would call it with. */
type Case = { operation: JsonObject & { operationId: string }; path: string; method: 'get' | 'post'; given: JsonObject }

type Kind = 'integers' | 'words' | 'point' | 'text'

const responses = {
  200: { description: 'ok', content: { 'application/json': { schema: { type: 'object' }, example: {} } } },
}

const SCHEMAS: Record<Kind, JsonObject> = {
  integers: { type: 'array', items: { type: 'integer', minimum: 1, maximum: 999 }, minItems: 3, maxItems: 3 },
  words: { type: 'array', items: { type: 'string', enum: ['a b', 'x&y=z', '서울'] }, minItems: 3, maxItems: 3 },
  point: {
    type: 'object',
    properties: { x: { type: 'integer' }, label: { type: 'string', enum: ['a b&c'] } },
    required: ['x', 'label'],
    additionalProperties: false,
  },
  /** It would end or split whatever it stands in if it were not encoded. */
  text: { type: 'string', enum: ['a/b?c=d&e #%41+한'] },
}

const VALUES: Record<Kind, unknown> = {
  integers: [1, 22, 333],
  words: ['a b', '서울', 'x&y=z'],
  point: { x: 7, label: 'a b&c' },
  text: 'a/b?c=d&e #%41+한',
}

function ofParameter(place: Parameter['in'], style: Parameter['style'], explode: boolean, kind: Kind): Case {
  const operationId = [place, style, explode ? 'exploded' : 'joined', kind].join('_')
  const parameter = { name: 'value', in: place, required: true, style, explode, schema: SCHEMAS[kind] }
  return {
    path: place === 'path' ? `/${operationId}/{value}` : `/${operationId}`,
    method: 'get',
    operation: { operationId, parameters: [parameter], responses },
    given: { value: VALUES[kind] },
  }
}

function ofBody(
  operationId: string,
  mediaType: string,
  schema: JsonObject,
  body: unknown,
  rest: JsonObject = {},
): Case {
  const requestBody = { required: true, content: { [mediaType]: { schema, ...rest } } }
  return {
    path: `/${operationId}`,
    method: 'post',
    operation: { operationId, requestBody, responses },
    given: { body },
  }
}

function ofSecurity(scheme: string): Case {
  const operation = { operationId: `signed_in_by_${scheme}`, security: [{ [scheme]: [] }], responses }
  return { path: `/${operation.operationId}`, method: 'get', operation, given: {} }
}

export const securitySchemes = {
  header: { type: 'apiKey', in: 'header', name: 'X-Key' },
  query: { type: 'apiKey', in: 'query', name: 'key' },
  cookie: { type: 'apiKey', in: 'cookie', name: 'sid' },
  bearer: { type: 'http', scheme: 'bearer' },
  basic: { type: 'http', scheme: 'basic' },
}

const object = (properties: JsonObject) => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
})
const joined = { style: 'form', explode: false }

/**
 * Every style and kind of body that Prism 5 can judge.
 *
 * It cannot judge commas in paths (it ends with an exception), exploded objects in label style (it looks for commas),
 * `spaceDelimited` (it looks for an encoded space in what is decoded already), repeated fields of forms (it keeps the
 * last), percent signs in multipart forms (it decodes
 * them) and XML. For these the table of OpenAPI and our own tests are the judges.
 */
export const cases: Case[] = [
  ...(['simple', 'label', 'matrix'] as const).map((style) => ofParameter('path', style, false, 'text')),
  ...(['integers', 'words'] as const).map((kind) => ofParameter('path', 'label', true, kind)),
  ...(['integers', 'words', 'point'] as const).map((kind) => ofParameter('path', 'matrix', true, kind)),
  ...[true, false].flatMap((explode) =>
    (['integers', 'words', 'point', 'text'] as const).map((kind) => ofParameter('query', 'form', explode, kind)),
  ),
  ofParameter('query', 'pipeDelimited', false, 'integers'),
  ofParameter('query', 'pipeDelimited', false, 'words'),
  ofParameter('query', 'deepObject', true, 'point'),
  ...[true, false].flatMap((explode) => [
    ofParameter('header', 'simple', explode, 'integers'),
    ofParameter('header', 'simple', explode, 'point'),
  ]),
  ofParameter('cookie', 'form', false, 'integers'),
  ofParameter('cookie', 'form', true, 'text'),
  {
    path: '/reserved',
    method: 'get',
    operation: {
      operationId: 'reserved',
      parameters: [
        {
          name: 'url',
          in: 'query',
          required: true,
          allowReserved: true,
          schema: { enum: ['https://a.example/b?c=d&e=[f]#g+h'] },
        },
      ],
      responses,
    },
    given: { url: 'https://a.example/b?c=d&e=[f]#g+h' },
  },
  ofBody('json', 'application/json', { allOf: [object(SCHEMAS)] }, VALUES),
  ofBody('json_of_a_vendor', 'application/vnd.api+json', { oneOf: [SCHEMAS.integers, SCHEMAS.point] }, VALUES.point),
  ofBody(
    'form',
    'application/x-www-form-urlencoded',
    object({ text: SCHEMAS.text, integers: SCHEMAS.integers }),
    { text: VALUES.text, integers: VALUES.integers },
    { encoding: { integers: joined } },
  ),
  ofBody(
    'multipart',
    'multipart/form-data',
    object({ text: { type: 'string', enum: ['a & b "c"'] }, file: { type: 'string', format: 'binary' } }),
    { text: 'a & b "c"', file: 'content' },
  ),
  ofBody('text', 'text/plain', { type: 'string' }, 'hello'),
  ...Object.keys(securitySchemes).map(ofSecurity),
]
