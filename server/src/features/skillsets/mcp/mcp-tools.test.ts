import type { IncomingMessage, ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import { Outbound } from '../../../http/outbound.ts'
import { startServer } from '../../../http/testing-server.ts'
import type { JsonObject } from '../../../models/language-model.ts'
import { OperationCaller } from '../call/operation-caller.ts'
import { shortenAnswer } from '../call/shorten.ts'
import { toolOf } from '../call/tool-of.ts'
import type { Credential } from '../skill.ts'
import { McpTools } from './mcp-tools.ts'
import { startMcpServer } from './testing.ts'

async function mcpFor({
  isGuarded = false,
  timeoutMs = 30_000,
  ...options
}: {
  isGuarded?: boolean
  timeoutMs?: number
  isJson?: boolean
  isStateless?: boolean
} = {}) {
  const server = await startMcpServer(options)
  const { url, token } = server
  const outbound = new Outbound({ allow: isGuarded ? [] : [server.origin] })
  const mcp = new McpTools({ outbound, timeoutMs })
  const caller = new OperationCaller({ outbound, mcp })
  const credentials: Credential[] = [{ scheme: 'token', secret: token }]
  const list = (keys = credentials) => mcp.list(url, keys, new AbortController().signal)

  async function call(
    tool: string,
    given: JsonObject = {},
    { keys = credentials, signal = new AbortController().signal, overrides = {} } = {},
  ) {
    const listed = await list()
    const operation = listed.operations.find(({ operationId }) => operationId === tool)!
    const skill = { source: { kind: 'mcp' as const, url, title: '' }, securitySchemes: listed.securitySchemes }
    return await caller.call({ skill, operation, arguments: given, credentials: keys, overrides }, signal)
  }
  return { ...server, list, call }
}

describe('tools of an MCP server', () => {
  it('are operations, of which those that may change something wait for a person', async () => {
    const { list } = await mcpFor()
    const { title, description, operations, securitySchemes } = await list()

    expect({ title, description }).toEqual({ title: 'Library', description: 'Ask for books.' })
    expect(securitySchemes).toMatchObject([{ name: 'token', kind: 'bearer' }])
    expect(operations.map(({ operationId, approval }) => [operationId, approval])).toEqual([
      ['find_books', 'never'],
      ['borrow', 'always'],
      ['cover', 'always'],
      ['huge', 'always'],
      ['endless', 'always'],
    ])
    expect(toolOf({ nameForModel: 'library' }, operations[0]!)).toMatchObject({
      name: 'library__find_books',
      description: 'Finds books\nBy word.',
      parameters: {
        type: 'object',
        properties: { word: { type: 'string' }, limit: { type: 'integer' } },
        required: ['word'],
      },
    })
  })

  it.each([
    ['as a stream of events, in sessions', {}],
    ['as JSON', { isJson: true }],
    ['without sessions', { isStateless: true }],
  ])('answer %s', async (_, options) => {
    const { call, seen } = await mcpFor(options)
    const result = await call('find_books', { word: 'sea', limit: '2' })

    expect(result).toMatchObject({
      method: 'MCP',
      requestBody: '{"word":"sea","limit":2}',
      responseBody: 'sea 0\nsea 1',
      content: { kind: 'json', value: { books: ['sea 0', 'sea 1'] } },
      status: 200,
      isOk: true,
      errorCode: null,
    })
    const hint = { fields: ['books'], maxItems: 1 }
    expect(shortenAnswer(result, hint, { maxTokens: 99, count: (text) => text.length })).toBe(
      '{"books":["sea 0","… 1 more"]}',
    )
    expect(seen.every(({ method }) => method !== 'GET')).toBe(true)
  })

  it('end the sessions they were asked in', async () => {
    const { call, sessions, ended } = await mcpFor()
    await call('find_books', { word: 'sea' })

    await expect.poll(() => ended.length).toBe(2)
    expect(new Set(ended)).toEqual(new Set(sessions.keys()))
  })

  it('may fail, echo secrets, or say what cannot be shown', async () => {
    const { call } = await mcpFor()

    expect(await call('borrow', { id: 7 })).toMatchObject({
      isOk: false,
      errorCode: 'api_error',
      message: 'The tool says that it failed.',
      content: { kind: 'text', text: 'Book 7 is lent out. You sent ***.' },
    })
    expect(await call('cover')).toMatchObject({ isOk: true, responseBody: '(image/png, which cannot be shown.)' })
  })

  it('get only arguments that fit, and those of overrides', async () => {
    const { call } = await mcpFor()
    const message = 'arguments.word is missing.\narguments.limit must be a whole number, not "many".'

    expect(await call('find_books', { limit: 'many' })).toMatchObject({
      errorCode: 'invalid_arguments',
      message,
      status: null,
    })
    const overrides = { base: { requestBody: { limit: 1 } } }
    expect(await call('find_books', { word: 'a', limit: 9 }, { overrides })).toMatchObject({
      requestBody: '{"word":"a","limit":1}',
    })
  })

  it('are bounded in size and time, and end with whoever asked', async () => {
    const { call, url } = await mcpFor()
    const gone = new AbortController()
    const endless = call('endless', {}, { signal: gone.signal })

    const impatient = await mcpFor({ timeoutMs: 300 })
    expect(await impatient.call('endless')).toMatchObject({ isOk: false, status: null, errorCode: 'api_timed_out' })
    expect(await call('huge')).toMatchObject({ isOk: false, errorCode: 'answer_too_large', url, requestBody: '{}' })
    gone.abort(new Error('the person left'))
    await expect(endless).rejects.toThrow('the person left')
  })

  it('are asked through the guard only', async () => {
    const { list, seen } = await mcpFor({ isGuarded: true })

    await expect(list()).rejects.toMatchObject({ code: 'outbound_address_refused' })
    expect(seen).toEqual([])
  })

  it('are not there without the right token, which no message repeats', async () => {
    const { list, call } = await mcpFor()

    await expect(list([])).rejects.toMatchObject({
      code: 'mcp_server_refused',
      message: 'The MCP server answered with status 401.',
    })
    const result = await call('find_books', { word: 'a' }, { keys: [{ scheme: 'token', secret: 'wrong-token' }] })
    expect(result).toMatchObject({ isOk: false, status: 401, errorCode: 'api_error' })
    expect(JSON.stringify(result)).not.toContain('wrong-token')
  })

  it.each<[string, (request: IncomingMessage, response: ServerResponse) => void]>([
    ['an API', (_, response) => void response.setHeader('content-type', 'application/json').end('{"a":1}')],
    ['a page', (_, response) => void response.setHeader('content-type', 'text/html').end('<p>hi</p>')],
    [
      'a stream that breaks off',
      (_, response) =>
        void response
          .writeHead(200, { 'content-type': 'text/event-stream' })
          .write('data: {', () => response.destroy()),
    ],
    ['a redirect inside', (_, response) => void response.writeHead(307, { location: 'http://127.0.0.1:1/' }).end()],
  ])('are not what %s has', async (_, answer) => {
    const server = await startServer(answer)
    const mcp = new McpTools({ outbound: new Outbound({ allow: [server.origin] }) })

    const error = await mcp
      .list(server.origin, [], new AbortController().signal)
      .catch((thrown: { code: string }) => thrown)
    expect((error as { code: string }).code).toMatch(/^(mcp_server_refused|outbound_unreachable)$/)
  })
})
