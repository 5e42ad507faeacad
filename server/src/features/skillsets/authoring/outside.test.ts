import { describe, expect, it } from 'vitest'
import { testDatabases } from '../../../db/testing.ts'
import { startServer } from '../../../http/testing-server.ts'
import { ScriptedModel } from '../../../models/testing.ts'
import { appForTest } from '../../../testing.ts'
import { startMcpServer } from '../mcp/testing.ts'
import { HOTELS } from './testing.ts'

/** A server with a document and the API in it; servers of the document are relative. */
async function hotelServer() {
  const seen: { url: string; headers: Record<string, unknown> }[] = []
  const server = await startServer((request, response) => {
    seen.push({ url: request.url ?? '', headers: request.headers })
    if (request.url === '/openapi.json') return response.end(JSON.stringify({ ...HOTELS, servers: [{ url: '/v1' }] }))
    if (request.url?.startsWith('/v1/hotels'))
      return response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ items: [{ title: 'Sea' }], you: request.headers['x-key'] ?? null }))
    return response.writeHead(404).end('no')
  })
  return { ...server, seen }
}

describe.each(testDatabases)('skills and the world outside on $name', ({ open }) => {
  it('read a document at a URL, against which its servers are resolved, and try an operation by hand', async () => {
    const api = await hotelServer()
    const { person } = await appForTest(await open(), [new ScriptedModel('one', [])], { outboundAllow: [api.origin] })
    const tea = await person('tea')
    const made = await tea.post('/v1/skills', { url: `${api.origin}/openapi.json` })
    expect(made.statusCode).toBe(201)
    const { skill_id, source, operations } = made.json()
    expect(source.url).toBe(`${api.origin}/openapi.json`)
    expect(operations[0].server).toBe(`${api.origin}/v1`)
    const tried = (id: string, body: object) => tea.post(`/v1/skills/${skill_id}/operations/${id}/try`, body)

    const unsigned = await tried('searchHotels', { arguments: { area: 'Jeju' } })
    expect(unsigned.json()).toMatchObject({ is_ok: false, status: null, error_code: 'missing_credential' })
    await tea.put(`/v1/skills/${skill_id}/credentials/key`, { secret: 'sk-very-secret-1234' })
    const signed = await tried('searchHotels', { arguments: { area: 'Jeju & more' } })
    expect(signed.json()).toMatchObject({
      method: 'GET',
      url: `${api.origin}/v1/hotels?area=Jeju%20%26%20more`,
      status: 200,
      is_ok: true,
      is_truncated: false,
      error_code: null,
    })
    expect(api.seen.at(-1)?.headers['x-key']).toBe('sk-very-secret-1234')
    expect(signed.json().response_body).toContain('Sea')
    expect(signed.body).not.toContain('very-secret')

    expect((await tried('nothing', {})).json().detail).toBe('operation_not_found')
    expect((await tried('searchHotels', {})).json()).toMatchObject({ is_ok: false, error_code: 'invalid_arguments' })
    for (const wrong of [{ arguments: [] }, { arguments: { long: 'x'.repeat(300_000) } }, { other: 1 }])
      expect((await tried('searchHotels', wrong)).statusCode).toBe(422)
    const again = await tea.put(`/v1/skills/${skill_id}/document`, { url: `${api.origin}/openapi.json` })
    expect(again.json()).toMatchObject({ revision: 1, added_operations: [], removed_operations: [] })
  })

  it('do not ask servers inside for a document, nor take what is none', async () => {
    const api = await hotelServer()
    const { person } = await appForTest(await open(), [new ScriptedModel('one', [])], { outboundAllow: [api.origin] })
    const tea = await person('tea')
    const code = async (url: string) => {
      const reply = await tea.post('/v1/skills', { url })
      return [reply.statusCode, reply.json().detail]
    }
    expect(await code(`${api.origin}/nothing`)).toEqual([400, 'document_not_found_at_url'])
    const private_ = await hotelServer()
    expect(await code(`${private_.origin}/openapi.json`)).toEqual([400, 'outbound_address_refused'])
    expect(private_.seen).toEqual([])
    expect(await code('http://169.254.169.254/latest/meta-data')).toEqual([400, 'outbound_address_refused'])
    expect(await code('file:///etc/passwd')).toEqual([400, 'outbound_url_refused'])
    expect(await code('no url')).toEqual([400, 'outbound_url_refused'])
    expect((await tea.get('/v1/skills')).json().total).toBe(0)
  })

  it('take the tools of an MCP server, and call them with the secret that was set for it', async () => {
    const library = await startMcpServer()
    const { person } = await appForTest(await open(), [new ScriptedModel('one', [])], {
      outboundAllow: [library.origin],
    })
    const tea = await person('tea')
    const refused = await tea.post('/v1/skills', { mcp_url: library.url, mcp_token: 'wrong-token' })
    expect([refused.statusCode, refused.json().detail]).toEqual([400, 'mcp_server_refused'])
    expect(refused.body).not.toContain('wrong-token')
    for (const wrong of [
      { mcp_url: library.url, url: library.url },
      { url: library.url, mcp_token: 'a' },
    ])
      expect((await tea.post('/v1/skills', wrong)).statusCode).toBe(422)

    const made = await tea.post('/v1/skills', { mcp_url: library.url, mcp_token: library.token })
    expect(made.statusCode).toBe(201)
    const { skill_id, name_for_human, source, operations, security_schemes } = made.json()
    expect({ name_for_human, source }).toMatchObject({
      name_for_human: 'Library',
      source: { kind: 'mcp', url: library.url },
    })
    expect(operations[0]).toMatchObject({
      operation_id: 'find_books',
      tool: 'find_books',
      method: null,
      approval: 'never',
    })
    expect(operations[1]).toMatchObject({ operation_id: 'borrow', approval: 'always' })
    expect(security_schemes).toMatchObject([{ name: 'token', kind: 'bearer' }])
    const tried = () => tea.post(`/v1/skills/${skill_id}/operations/find_books/try`, { arguments: { word: 'sea' } })

    expect((await tried()).json()).toMatchObject({ is_ok: false, status: 401, error_code: 'api_error' })
    await tea.put(`/v1/skills/${skill_id}/credentials/token`, { secret: library.token })
    expect((await tried()).json()).toMatchObject({ is_ok: true, method: 'MCP', response_body: 'sea 0\nsea 1\nsea 2' })
    const again = await tea.put(`/v1/skills/${skill_id}/document`, { mcp_url: library.url, mcp_token: library.token })
    expect(again.json()).toMatchObject({ added_operations: [], removed_operations: [] })
  })
})
