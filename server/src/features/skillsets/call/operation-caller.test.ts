import type { IncomingMessage, ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { Outbound } from '../../../http/outbound.ts'
import { startServer } from '../../../http/testing-server.ts'
import type { JsonObject } from '../../../models/language-model.ts'
import { importDocument } from '../document/import-document.ts'
import { McpTools } from '../mcp/mcp-tools.ts'
import type { Credential } from '../skill.ts'
import { OperationCaller } from './operation-caller.ts'
import type { Overrides } from './operation-result.ts'

type Seen = { method: string; url: string; headers: IncomingMessage['headers']; body: Buffer }
type Options = {
  credentials?: Credential[]
  overrides?: Overrides
  signal?: AbortSignal
  method?: string
  path?: string
}

/** A real API on loopback, described by a document, and what it has seen. */
async function apiFor(
  operation: JsonObject,
  {
    components = {},
    answer = (_: Seen, response: ServerResponse) => void response.end('{}') as unknown,
    timeoutMs = 30_000,
  } = {},
) {
  const seen: Seen[] = []
  const server = await startServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const { method = '', url = '', headers } = request
    seen.push({ method, url, headers, body: Buffer.concat(chunks) })
    await answer(seen.at(-1)!, response)
  })
  const outbound = new Outbound({ allow: [server.origin] })
  const caller = new OperationCaller({ outbound, mcp: new McpTools({ outbound }), timeoutMs })

  async function call(
    given: JsonObject = {},
    { credentials = [], overrides, signal, method = 'get', path = '/a' }: Options = {},
  ) {
    const document = {
      openapi: '3.1.0',
      info: {},
      servers: [{ url: server.origin }],
      paths: { [path]: { [method]: operation } },
      components,
    }
    const imported = await importDocument(JSON.stringify(document))
    const skill = {
      source: { kind: 'openapi' as const, title: '', version: '' },
      securitySchemes: imported.securitySchemes,
    }
    const request = { skill, operation: imported.operations[0]!, arguments: given, credentials, overrides }
    return await caller.call(request, signal ?? new AbortController().signal)
  }
  return { ...server, seen, call }
}

const q = (schema: JsonObject = { type: 'string' }, rest: JsonObject = {}) => ({
  name: 'q',
  in: 'query',
  schema,
  ...rest,
})
const bodyOf = (mediaType: string, schema: JsonObject, rest: JsonObject = {}) => ({
  requestBody: { content: { [mediaType]: { schema, ...rest } } },
})

describe('what a call sends', () => {
  it('puts every parameter in its place', async () => {
    const { call, seen, origin } = await apiFor({
      parameters: [
        { name: 'id', in: 'path', required: true, schema: { type: 'string' } },
        { name: 'ids', in: 'query', explode: false, schema: { type: 'array', items: { type: 'integer' } } },
        { name: 'filter', in: 'query', content: { 'application/json': { schema: { type: 'object' } } } },
        { name: 'X-Lang', in: 'header', schema: { type: 'array', items: { type: 'string' } } },
        { name: 'sid', in: 'cookie', schema: { type: 'string' } },
      ],
    })
    const given = { id: 'a/b?c#d%../서울', ids: [1, '2'], filter: { a: [1] }, 'X-Lang': ['ko', 'ja'], sid: 'x y' }
    const result = await call(given, { path: '/hotels/{id}/rooms' })

    const url = '/hotels/a%2Fb%3Fc%23d%25..%2F%EC%84%9C%EC%9A%B8/rooms?ids=1,2&filter=%7B%22a%22%3A%5B1%5D%7D'
    expect(seen[0]).toMatchObject({ method: 'GET', url, headers: { 'x-lang': 'ko,ja', cookie: 'sid=x%20y' } })
    expect(result).toMatchObject({
      url: origin + url,
      method: 'GET',
      requestBody: '',
      status: 200,
      isOk: true,
      errorCode: null,
      message: '',
    })
  })

  it.each(['.', '..', '%2e%2e', ''])('never lets %j in a path lead elsewhere', async (id) => {
    const { call, seen } = await apiFor({
      parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
    })
    const result = await call({ id }, { path: '/files/{id}/secret' })

    if (id === '%2e%2e') expect(seen[0]?.url).toBe('/files/%252e%252e/secret')
    else expect([seen, result]).toMatchObject([[], { errorCode: 'invalid_arguments', status: null, url: '' }])
  })

  it('says what is wrong with arguments before anything is sent', async () => {
    const { call, seen } = await apiFor({ parameters: [q({ type: 'integer' }, { required: true })] })

    expect(await call({ page: 1 })).toMatchObject({
      isOk: false,
      status: null,
      errorCode: 'invalid_arguments',
      message: 'There is no argument page; there are q.\nq is missing.',
    })
    expect(await call({ q: 'ten' })).toMatchObject({ message: 'q must be a whole number, not "ten".' })
    expect(seen).toEqual([])
  })

  it('writes bodies as JSON, text, or bytes', async () => {
    const json = await apiFor(bodyOf('application/json', { type: 'object' }))
    const result = await json.call({ body: { a: '한' } }, { method: 'post' })
    expect(json.seen[0]).toMatchObject({ method: 'POST', headers: { 'content-type': 'application/json' } })
    expect([json.seen[0]!.body.toString(), result.requestBody]).toEqual(['{"a":"한"}', '{"a":"한"}'])

    const text = await apiFor(bodyOf('text/plain', { type: 'string' }))
    await text.call({ body: 'hello' }, { method: 'post' })
    expect(text.seen[0]!.body.toString()).toBe('hello')

    const image = await apiFor(bodyOf('image/png', { type: 'string', format: 'binary' }))
    const sent = await image.call({ body: 'data:image/png;base64,iVBORw==' }, { method: 'put' })
    expect(image.seen[0]).toMatchObject({
      body: Buffer.from('iVBORw==', 'base64'),
      headers: { 'content-type': 'image/png' },
    })
    expect(sent.requestBody).toBe('(4 bytes)')
  })

  it('writes forms by the encoding of their fields', async () => {
    const schema = { type: 'object', properties: { a: {}, tags: {}, point: {}, range: {} } }
    const { call, seen } = await apiFor(
      bodyOf('application/x-www-form-urlencoded', schema, {
        encoding: { range: { style: 'pipeDelimited', explode: false } },
      }),
    )
    await call(
      { body: { a: 'b & c', tags: ['x', 'y'], point: { x: 1 }, range: [1, 2], none: null } },
      { method: 'post' },
    )

    expect(seen[0]?.body.toString()).toBe('a=b+%26+c&tags=x&tags=y&point=%7B%22x%22%3A1%7D&range=1%7C2')
    expect(await call({ body: 'a=b' }, { method: 'post' })).toMatchObject({ errorCode: 'invalid_arguments' })
  })

  it('writes multipart forms with files, lists and objects', async () => {
    const schema = {
      type: 'object',
      properties: {
        photo: { type: 'string', format: 'binary' },
        tags: { type: 'array', items: { type: 'string' } },
        meta: { type: 'object' },
      },
    }
    const encoding = { photo: { contentType: 'image/png', headers: { 'X-Kind': { schema: { default: 'photo' } } } } }
    const { call, seen } = await apiFor(bodyOf('multipart/form-data', schema, { encoding }))
    const result = await call(
      { body: { photo: 'data:;base64,AAEC', tags: ['a', 'b'], meta: { x: 1 }, 'q"\r\nX: y': 'z' } },
      { method: 'post' },
    )

    const contentType = seen[0]!.headers['content-type']!
    const form = await new Response(new Uint8Array(seen[0]!.body), {
      headers: { 'content-type': contentType },
    }).formData()
    expect([form.getAll('tags'), form.get('q"\r\nX: y')]).toEqual([['a', 'b'], 'z'])
    const photo = form.get('photo') as File
    expect([photo.type, Buffer.from(await photo.arrayBuffer())]).toEqual(['image/png', Buffer.of(0, 1, 2)])
    expect(await (form.get('meta') as unknown as Blob | string).toString()).toBe('{"x":1}')
    expect(result.requestBody).toContain('(3 bytes)')
    expect(seen[0]!.body.toString()).toContain('X-Kind: photo\r\n')
  })

  it('writes XML by its schema', async () => {
    const Pet = {
      type: 'object',
      xml: { namespace: 'http://pets.example', prefix: 'p' },
      properties: {
        id: { type: 'integer', xml: { attribute: true } },
        name: { type: 'string', xml: { name: 'Name' } },
        tags: { type: 'array', xml: { wrapped: true, name: 'Tags' }, items: { type: 'string', xml: { name: 'Tag' } } },
        photo: { type: 'array', items: { type: 'string' } },
      },
    }
    const { call, seen } = await apiFor(bodyOf('application/xml', { $ref: '#/components/schemas/Pet' }), {
      components: { schemas: { Pet } },
    })
    await call({ body: { id: 1, name: '<A & "B">\u0001', tags: ['x', 'y'], photo: ['1', '2'] } }, { method: 'post' })

    expect(seen[0]?.body.toString()).toBe(
      '<?xml version="1.0" encoding="UTF-8"?><p:Pet xmlns:p="http://pets.example" id="1"><Name>&lt;A &amp; &quot;B&quot;&gt;</Name><Tags><Tag>x</Tag><Tag>y</Tag></Tags><photo>1</photo><photo>2</photo></p:Pet>',
    )
  })

  it('lets overrides win: the operation over the base, both over the model', async () => {
    const { call, seen } = await apiFor({
      parameters: [q(), { name: 'X-A', in: 'header', schema: {} }],
      ...bodyOf('application/json', { type: 'object' }),
    })
    const overrides = {
      base: {
        header: { 'x-a': 'base', 'X-B': 'base' },
        query: { q: 'base', extra: 1 },
        requestBody: { a: 'base', b: 'base' },
      },
      operation: { header: { 'X-B': 'own' }, query: { q: 'own' }, requestBody: { b: 'own' } },
    }
    const given = { q: 'model', 'X-A': 'model', body: { a: 'model', b: 'model', c: 'model' } }
    await call(given, { overrides, method: 'post' })

    expect(seen[0]).toMatchObject({ url: '/a?q=own&extra=1', headers: { 'x-a': 'base', 'x-b': 'own' } })
    expect(JSON.parse(seen[0]!.body.toString())).toEqual({ a: 'base', b: 'own', c: 'model' })
  })

  it('gives a required value by an override, a body to a POST without one, and none to a GET', async () => {
    const { call, seen } = await apiFor({ parameters: [q({}, { required: true })] })
    const overrides = { base: { query: { q: 1 }, requestBody: { a: 1 } } }
    await call({}, { overrides })
    await call({}, { overrides, method: 'post' })

    expect(seen.map(({ url, body }) => [url, body.toString()])).toEqual([
      ['/a?q=1', ''],
      ['/a?q=1', '{"a":1}'],
    ])
  })
})

describe('signing in', () => {
  const components = {
    securitySchemes: {
      header: { type: 'apiKey', in: 'header', name: 'X-Key' },
      query: { type: 'apiKey', in: 'query', name: 'serviceKey' },
      cookie: { type: 'apiKey', in: 'cookie', name: 'sid' },
      bearer: { type: 'http', scheme: 'bearer' },
      basic: { type: 'http', scheme: 'basic' },
    },
  }
  const echo = ({ url, headers, body }: Seen, response: ServerResponse) => {
    response.setHeader('content-type', 'application/json')
    response.end(
      JSON.stringify({
        url,
        headers,
        body: body.toString(),
        base64: Buffer.from(JSON.stringify(headers)).toString('base64'),
      }),
    )
  }

  it.each([
    ['header', 'key/with+signs=', 'x-key: key/with+signs='],
    ['query', 'key/with+signs=', '?serviceKey=key%2Fwith%2Bsigns%3D'],
    ['cookie', 'key/with+signs=', 'cookie: sid=key%2Fwith%2Bsigns%3D'],
    ['bearer', 'Bearer tok-123456', 'authorization: Bearer tok-123456'],
    ['basic', 'user:pass wörd', `authorization: Basic ${Buffer.from('user:pass wörd').toString('base64')}`],
  ])('by %s, which nothing shows however the API echoes it', async (scheme, secret, sent) => {
    const { call, seen } = await apiFor({ security: [{ [scheme]: [] }] }, { components, answer: echo })
    const result = await call({}, { credentials: [{ scheme, secret }] })

    const { url, headers } = seen[0]!
    expect(
      `${url}\n${Object.entries(headers)
        .map(([name, value]) => `${name}: ${value}`)
        .join('\n')}`,
    ).toContain(sent)
    const shown = JSON.stringify(result)
    const base64 =
      shown
        .match(/[A-Za-z0-9+/]{60,}/g)
        ?.map((text) => Buffer.from(text, 'base64').toString())
        .join('') ?? ''
    for (const part of [
      secret.replace('Bearer ', ''),
      encodeURIComponent(secret),
      Buffer.from(secret).toString('base64'),
      secret.split(':').at(-1)!,
    ])
      expect([part, `${shown}${base64}`.includes(part)]).toEqual([part, false])
    expect(result).toMatchObject({ isOk: true, content: { kind: 'json' } })
    expect(shown).toContain('***')
  })

  it('takes the first alternative for which everything is there', async () => {
    const { call, seen } = await apiFor({ security: [{ header: [], query: [] }, { bearer: [] }, {}] }, { components })
    await call(
      {},
      {
        credentials: [
          { scheme: 'bearer', secret: 'tok-123456' },
          { scheme: 'query', secret: 'only-one' },
        ],
      },
    )
    await call(
      {},
      {
        credentials: [
          { scheme: 'header', secret: 'one' },
          { scheme: 'query', secret: 'two' },
        ],
      },
    )
    await call()

    expect(seen.map(({ url, headers }) => [url, headers.authorization, headers['x-key']])).toEqual([
      ['/a', 'Bearer tok-123456', undefined],
      ['/a?serviceKey=two', undefined, 'one'],
      ['/a', undefined, undefined],
    ])
  })

  it('is refused without a credential, unless an override brings it', async () => {
    const { call, seen } = await apiFor({ security: [{ header: [] }, { bearer: [] }] }, { components })

    expect(await call()).toMatchObject({
      errorCode: 'missing_credential',
      message: expect.stringContaining('header, bearer'),
    })
    expect(seen).toEqual([])
    const result = await call(
      {},
      { overrides: { base: { header: { 'x-key': 'from-override', 'X-Naver-Client-Secret': 'hidden-too' } } } },
    )
    expect(seen[0]?.headers).toMatchObject({ 'x-key': 'from-override', 'x-naver-client-secret': 'hidden-too' })
    expect(result.isOk).toBe(true)
  })

  it('leaves the place of a key to the key, even when it is a parameter too', async () => {
    const parameters = [q(), { name: 'serviceKey', in: 'query', required: true, schema: { type: 'string' } }]
    const { call, seen } = await apiFor({ parameters, security: [{ query: [] }] }, { components })
    await call({ q: 'a' }, { credentials: [{ scheme: 'query', secret: 'real-key' }] })

    expect(seen[0]?.url).toBe('/a?q=a&serviceKey=real-key')
  })

  it('masks secrets of overrides and of arguments', async () => {
    const { call } = await apiFor({ parameters: [q(), { name: 'api_key', in: 'query', schema: {} }] }, { answer: echo })
    const overrides = {
      base: { header: { Authorization: 'Bearer from-override' }, query: { token: 'override-token' } },
    }
    const result = await call({ q: 'a', api_key: 'argument-key' }, { overrides })

    const shown = JSON.stringify(result)
    for (const secret of ['from-override', 'override-token', 'argument-key']) expect(shown).not.toContain(secret)
    expect(result.url).toMatch(/\?q=a&api_key=\*\*\*&token=\*\*\*$/)
  })
})

describe('what comes back', () => {
  const answering = async (body: string | Buffer, headers: Record<string, string> = {}, status = 200) => {
    const api = await apiFor(
      { parameters: [q()] },
      { answer: (_, response) => void response.writeHead(status, headers).end(body) },
    )
    return await api.call()
  }

  it.each<[string, string | Buffer, Record<string, string>, unknown]>([
    ['JSON', '{"a":[1]}', { 'content-type': 'application/json' }, { a: [1] }],
    ['JSON that says it is something else', ' [1]', { 'content-type': 'text/html' }, [1]],
    [
      'ids too long for numbers',
      '{"id":12345678901234567890,"s":"1234567890123456789"}',
      {},
      { id: '12345678901234567890', s: '1234567890123456789' },
    ],
    ['lines of JSON', '{"a":1}\n{"a":2}\n', { 'content-type': 'application/x-ndjson' }, [{ a: 1 }, { a: 2 }]],
    [
      'a form',
      'a=1&a=2&b=%ED%95%9C',
      { 'content-type': 'application/x-www-form-urlencoded' },
      { a: ['1', '2'], b: '한' },
    ],
    ['gzip', gzipSync('{"a":1}'), { 'content-encoding': 'gzip' }, { a: 1 }],
    [
      'XML',
      '<?xml version="1.0"?><r k="1"><i>007</i><i>&lt;b&gt; &#xD55C;</i><e/></r>',
      { 'content-type': 'application/xml' },
      { r: { '@k': '1', i: ['007', '<b> 한'], e: '' } },
    ],
    [
      'XML in EUC-KR by its prolog',
      Buffer.concat([
        Buffer.from('<?xml version="1.0" encoding="euc-kr"?><r>'),
        Buffer.from([0xc7, 0xd1]),
        Buffer.from('</r>'),
      ]),
      { 'content-type': 'text/xml' },
      { r: '한' },
    ],
    [
      'JSON in Shift JIS',
      Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0x93, 0xfa]), Buffer.from('"}')]),
      { 'content-type': 'application/json; charset=Shift_JIS' },
      { a: '日' },
    ],
    [
      'a multipart answer',
      '--b\r\nContent-Type: application/json\r\nContent-Disposition: form-data; name="x"\r\n\r\n{"a":1}\r\n--b\r\n\r\nhello\r\n--b--',
      { 'content-type': 'multipart/mixed; boundary=b' },
      [{ name: 'x', contentType: 'application/json', content: { a: 1 } }, { content: 'hello' }],
    ],
  ])('is read: %s', async (_, body, headers, value) => {
    expect(await answering(body, headers)).toMatchObject({ isOk: true, content: { kind: 'json', value }, message: '' })
  })

  it('is only the text of a page, and short', async () => {
    const page = `<!doctype html><html><head><title>Oops &amp; sorry</title><style>b{}</style></head><body><script>evil("<p>")</script><h1>It</h1><p>failed ${'x '.repeat(5_000)}</p></body></html>`
    const result = await answering(page, { 'content-type': 'text/html' }, 500)

    expect(result).toMatchObject({
      status: 500,
      isOk: false,
      errorCode: 'api_error',
      message: 'The API answered with status 500 (Internal Server Error).',
    })
    const text = result.content.kind === 'text' ? result.content.text : ''
    expect(text).toMatch(/^Oops & sorry\nIt\nfailed x x/)
    expect(text.length).toBeLessThanOrEqual(2_000)
    expect(text).not.toContain('evil')
  })

  it('can be nothing at all', async () => {
    expect(await answering('', {}, 204)).toMatchObject({
      status: 204,
      isOk: true,
      content: { kind: 'none' },
      responseBody: '',
    })
    expect(await answering('')).toMatchObject({ status: 200, isOk: true, content: { kind: 'none' } })
  })

  it('is said and not shown when it is not text', async () => {
    const message = 'The answer is image/png with 4 bytes, which cannot be shown.'
    expect(await answering(Buffer.of(137, 80, 78, 71), { 'content-type': 'image/png' })).toMatchObject({
      isOk: true,
      content: { kind: 'none' },
      responseBody: '',
      message,
    })
    expect(await answering(Buffer.of(0, 1, 2, 255))).toMatchObject({
      message: 'The answer is not text with 4 bytes, which cannot be shown.',
    })
  })

  it('stays text when it is broken, bottomless or explosive', async () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000)
    const bomb = '<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]><r>&b;</r>'
    const tags = '<a>'.repeat(50_000)

    expect(await answering('{"a":', { 'content-type': 'application/json' })).toMatchObject({
      isOk: true,
      content: { kind: 'text', text: '{"a":' },
      message: expect.stringContaining('JSON'),
    })
    expect(await answering(deep, { 'content-type': 'application/json' })).toMatchObject({ content: { kind: 'text' } })
    expect(JSON.stringify((await answering(bomb, { 'content-type': 'application/xml' })).content)).not.toContain(
      'aaaaaaaaaaaaaaa',
    )
    expect(await answering(tags, { 'content-type': 'application/xml' })).toMatchObject({ content: { kind: 'text' } })
    expect(await answering('<script'.repeat(50_000), { 'content-type': 'text/html' })).toMatchObject({
      content: { kind: 'text' },
    })
  })

  it('comes from where the path leads, whatever else the document wrote into it', async () => {
    const { call, seen } = await apiFor({ parameters: [q()] })
    await call({ q: '1' }, { path: '/a?fixed=1' })
    await call({ q: '1' }, { path: '/a#two' })

    expect(seen.map(({ url }) => url)).toEqual(['/a?fixed=1&q=1', '/a?q=1'])
  })

  it('may be an error, told with status and body', async () => {
    expect(await answering('{"error":"no such hotel"}', { 'content-type': 'application/json' }, 404)).toMatchObject({
      status: 404,
      isOk: false,
      errorCode: 'api_error',
      message: 'The API answered with status 404 (Not Found).',
      content: { kind: 'json', value: { error: 'no such hotel' } },
    })
  })

  it('may be too much: the status and the beginning are told', async () => {
    expect(await answering(`{"a":"${'x'.repeat(3_000_000)}"}`, { 'content-type': 'application/json' })).toMatchObject({
      status: 200,
      isOk: false,
      errorCode: 'answer_too_large',
      responseBody: expect.stringMatching(/^\{"a":"x{900,}/),
    })
    const bomb = gzipSync(Buffer.alloc(50_000_000), { level: 9 })
    expect(await answering(bomb, { 'content-encoding': 'gzip' })).toMatchObject({
      status: 200,
      errorCode: 'answer_too_large',
    })
  })

  it('may break off or never come', async () => {
    const broken = await apiFor({}, { answer: (_, response) => void response.destroy() })
    const silent = await apiFor({}, { answer: () => {} })
    const gone = new AbortController()
    const waiting = silent.call({}, { signal: gone.signal })
    const nobody = await apiFor({})
    await nobody.stop()

    const slow = await apiFor({}, { answer: (_, response) => void response.write('{"a":'), timeoutMs: 300 })
    expect(await slow.call()).toMatchObject({ status: 200, errorCode: 'api_timed_out', responseBody: '{"a":' })
    expect(await broken.call()).toMatchObject({ isOk: false, status: null, errorCode: 'api_unreachable' })
    expect(await nobody.call()).toMatchObject({
      errorCode: 'api_unreachable',
      message: 'Nothing listens at that address and port.',
    })
    gone.abort(new Error('the person left'))
    await expect(waiting).rejects.toThrow('the person left')
  })

  it('is refused where calls may not go', async () => {
    const { call, seen } = await apiFor(q())
    const guarded = new Outbound({ allow: [] })
    const refused = new OperationCaller({ outbound: guarded, mcp: new McpTools({ outbound: guarded }) })
    expect(await call()).toMatchObject({ isOk: true })
    const { operations } = await importDocument(
      JSON.stringify({
        openapi: '3.1.0',
        info: {},
        servers: [{ url: 'http://169.254.169.254' }],
        paths: { '/latest': { get: {} } },
      }),
    )
    const skill = { source: { kind: 'openapi' as const, title: '', version: '' }, securitySchemes: [] }
    const request = { skill, operation: operations[0]!, arguments: {}, credentials: [] }

    expect(await refused.call(request, new AbortController().signal)).toMatchObject({
      isOk: false,
      status: null,
      errorCode: 'call_refused',
      message: expect.stringContaining('not public'),
    })
    expect(seen).toHaveLength(1)
  })
})
