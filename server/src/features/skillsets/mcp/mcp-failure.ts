import { AppError, InvalidRequestError } from '../../../errors.ts'
import type { Outcome } from '../call/failed-call.ts'
import { createMask } from '../call/mask.ts'
import { secretsOf } from '../call/sign-in.ts'
import type { Credential } from '../skill.ts'

const MAX_REASON_CHARACTERS = 500

/** What went wrong with a call when it was not the connection. @throws the error itself when it is a mistake of ours. */
export async function failureOf(error: unknown): Promise<Pick<Outcome, 'status' | 'errorCode' | 'message'>> {
  if (error instanceof TypeError || error instanceof ReferenceError) throw error
  const [{ McpError, ErrorCode }, { StreamableHTTPError }] = await Promise.all([
    import('@modelcontextprotocol/sdk/types.js'),
    import('@modelcontextprotocol/sdk/client/streamableHttp.js'),
  ])
  if (error instanceof StreamableHTTPError && (error.code ?? -1) > 0)
    return {
      status: error.code!,
      errorCode: 'api_error',
      message: `The MCP server answered with status ${error.code}.`,
    }
  if (error instanceof McpError) {
    if (error.code === ErrorCode.RequestTimeout)
      return { status: null, errorCode: 'api_timed_out', message: 'The MCP server did not answer in time.' }
    return { status: null, errorCode: 'api_error', message: `The MCP server refused: ${short(error.message)}` }
  }
  return { status: null, errorCode: 'answer_unreadable', message: 'The server does not answer as MCP servers do.' }
}

/** The same for somebody who asks what a server offers. Errors with words of their own stay as they are. */
export async function mcpRefusal(error: unknown, credentials: readonly Credential[]): Promise<Error> {
  if (error instanceof AppError) return error
  const { message } = await failureOf(error)
  return new InvalidRequestError('mcp_server_refused', createMask(credentials.flatMap(secretsOf)).text(message))
}

function short(text: string): string {
  return text.length <= MAX_REASON_CHARACTERS ? text : `${text.slice(0, MAX_REASON_CHARACTERS - 1)}…`
}
