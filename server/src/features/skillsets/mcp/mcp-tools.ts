import type { Outbound } from '../../../http/outbound.ts'
import { OutboundError } from '../../../http/outbound-error.ts'
import { failedCall, NOTHING, type Outcome } from '../call/failed-call.ts'
import { fitValue } from '../call/fit-value.ts'
import type { OperationRequest, Overrides } from '../call/operation-result.ts'
import { signIn } from '../call/sign-in.ts'
import { primitiveText } from '../call/write-parameter.ts'
import { isObject } from '../document/node.ts'
import { type Credential, MAX_CALL_MS, type McpCall, type Operation, type SecurityScheme } from '../skill.ts'
import { failureOf, mcpRefusal } from './mcp-failure.ts'
import { withMcpSession } from './mcp-session.ts'
import { operationOf } from './operation-of-tool.ts'
import { readToolResult } from './read-tool-result.ts'

const MAX_PAGES = 20
const MAX_TOOLS = 500

/** The credential that signs in to a server. */
export const MCP_TOKEN = 'token'

/** Servers that want to know who asks take a token; whoever needs another header gives it by an override. */
const SECURITY_SCHEMES: SecurityScheme[] = [
  { name: MCP_TOKEN, kind: 'bearer', description: 'The access token of the MCP server.' },
]

export type McpServer = {
  title: string
  description: string
  operations: Operation[]
  securitySchemes: SecurityScheme[]
}

/** Tools of MCP servers as operations of skills, through the same guard and within the same limits as HTTP calls. */
export class McpTools {
  readonly #outbound: Outbound
  readonly #timeoutMs: number

  constructor({ outbound, timeoutMs = MAX_CALL_MS }: { outbound: Outbound; timeoutMs?: number }) {
    this.#outbound = outbound
    this.#timeoutMs = timeoutMs
  }

  /**
   * What a server offers. Tools that do not say that they only read wait for a person by default.
   *
   * @throws {OutboundError} if it may not be asked or does not answer.
   * @throws {InvalidRequestError} `mcp_server_refused` when it does not speak MCP, or refuses, with its reason.
   */
  async list(url: string, credentials: readonly Credential[], signal: AbortSignal): Promise<McpServer> {
    const headers = headersFor(SECURITY_SCHEMES, credentials)
    try {
      return await withMcpSession(
        { outbound: this.#outbound, url, headers, timeoutMs: this.#timeoutMs, signal },
        async (client, options) => {
          const { ListToolsResultSchema } = await import('@modelcontextprotocol/sdk/types.js')
          const operations = new Map<string, Operation>()
          let cursor: string | undefined
          for (let page = 0; page < MAX_PAGES && operations.size < MAX_TOOLS; page++) {
            const params = cursor === undefined ? {} : { cursor }
            const listed = await client.request({ method: 'tools/list', params }, ListToolsResultSchema, options)
            for (const tool of listed.tools)
              if (!operations.has(tool.name)) operations.set(tool.name, operationOf(tool))
            cursor = listed.nextCursor
            if (cursor === undefined) break
          }
          const { title, name } = client.getServerVersion() ?? { name: '' }
          return {
            title: title ?? name,
            description: client.getInstructions() ?? '',
            operations: [...operations.values()].slice(0, MAX_TOOLS),
            securitySchemes: SECURITY_SCHEMES,
          }
        },
      )
    } catch (error) {
      signal.throwIfAborted()
      throw await mcpRefusal(error, credentials)
    }
  }

  /** Calls a tool once. @throws the signal's reason when it aborts; whatever the server does is an outcome. */
  async call(
    call: McpCall,
    { skill, arguments: given, credentials, overrides }: OperationRequest,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const url = skill.source.kind === 'mcp' ? skill.source.url : ''
    const fitted = fitValue(call.inputSchema, withOverrides(given, overrides), 'arguments')
    if (fitted.problems.length > 0)
      return { ...NOTHING, method: 'MCP', errorCode: 'invalid_arguments', message: fitted.problems.join('\n') }
    const known = { url, method: 'MCP', requestBody: JSON.stringify(fitted.value) }
    const headers = headersFor(skill.securitySchemes, credentials, overrides)
    try {
      const result = await withMcpSession(
        { outbound: this.#outbound, url, headers, timeoutMs: this.#timeoutMs, signal },
        async (client, options) => {
          const { CallToolResultSchema } = await import('@modelcontextprotocol/sdk/types.js')
          const params = { name: call.tool, arguments: fitted.value as { [name: string]: unknown } }
          return await client.request({ method: 'tools/call', params }, CallToolResultSchema, options)
        },
      )
      return { ...known, ...readToolResult(result) }
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof OutboundError) return { ...known, ...(await failedCall(error)) }
      return { ...NOTHING, ...known, ...(await failureOf(error)) }
    }
  }
}

function headersFor(schemes: readonly SecurityScheme[], credentials: readonly Credential[], overrides: Overrides = {}) {
  const security = credentials.map(({ scheme }) => [scheme])
  const signed = signIn(security, { schemes, credentials, hasOverride: () => false })
  const overridden = { ...overrides.base?.header, ...overrides.operation?.header }
  const texts = Object.entries(overridden).map(([name, value]) => [name.toLowerCase(), primitiveText(value)])
  return { ...signed?.headers, ...Object.fromEntries(texts) } as Record<string, string>
}

/** A tool's arguments are its request body. */
function withOverrides(given: OperationRequest['arguments'], overrides: Overrides = {}) {
  const bodies = [overrides.base?.requestBody, overrides.operation?.requestBody].filter(isObject)
  return Object.assign({}, given, ...bodies)
}
