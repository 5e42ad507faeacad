import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { z } from 'zod'
import { startServer } from '../../../http/testing-server.ts'

const TOKEN = 'token-123456'

function newLibrary(): McpServer {
  const server = new McpServer({ name: 'library', title: 'Library', version: '1' }, { instructions: 'Ask for books.' })
  server.registerTool(
    'find_books',
    {
      title: 'Finds books',
      description: 'By word.',
      inputSchema: { word: z.string(), limit: z.int().max(50).optional() },
      outputSchema: { books: z.array(z.string()) },
      annotations: { readOnlyHint: true },
    },
    ({ word, limit = 3 }) => {
      const books = Array.from({ length: limit }, (_, n) => `${word} ${n}`)
      return { content: [{ type: 'text', text: books.join('\n') }], structuredContent: { books } }
    },
  )
  server.registerTool('borrow', { inputSchema: { id: z.int() } }, ({ id }) => ({
    content: [{ type: 'text', text: `Book ${id} is lent out. You sent ${TOKEN}.` }],
    isError: true,
  }))
  server.registerTool('cover', {}, () => ({ content: [{ type: 'image', mimeType: 'image/png', data: 'AAAA' }] }))
  server.registerTool('huge', {}, () => ({ content: [{ type: 'text', text: 'x'.repeat(3_000_000) }] }))
  server.registerTool('endless', {}, () => new Promise(() => {}))
  return server
}

/** A real MCP server on loopback, made with the SDK, that wants a token; and what it has seen. */
export async function startMcpServer({ isJson = false, isStateless = false } = {}) {
  const sessions = new Map<string, StreamableHTTPServerTransport>()
  const seen: IncomingMessage[] = []
  const ended: string[] = []
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    seen.push(request)
    if (request.headers.authorization !== `Bearer ${TOKEN}`)
      return void response.writeHead(401).end(`no, ${request.headers.authorization}`)
    const id = request.headers['mcp-session-id'] as string | undefined
    let transport = id === undefined ? undefined : sessions.get(id)
    if (!transport) {
      const created = new StreamableHTTPServerTransport({
        ...(!isStateless && { sessionIdGenerator: () => randomUUID() }),
        enableJsonResponse: isJson,
        onsessioninitialized: (sessionId) => void sessions.set(sessionId, created),
        onsessionclosed: (sessionId) => void ended.push(sessionId),
      } as ConstructorParameters<typeof StreamableHTTPServerTransport>[0])
      await newLibrary().connect(created as Parameters<McpServer['connect']>[0])
      transport = created
    }
    await transport.handleRequest(request, response)
  }
  const server = await startServer((request, response) => answer(request, response))
  return { origin: server.origin, url: `${server.origin}/mcp`, token: TOKEN, seen, sessions, ended }
}
