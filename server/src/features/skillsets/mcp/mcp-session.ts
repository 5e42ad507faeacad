import type { Client } from '@modelcontextprotocol/sdk/client/index.js'
import type { Outbound } from '../../../http/outbound.ts'
import { OutboundError } from '../../../http/outbound-error.ts'
import { guardedFetch } from './guarded-fetch.ts'

const MAX_ANSWER_BYTES = 2 * 1024 * 1024

/**
 * Opens a session with an MCP server (streamable HTTP), uses it and ends it.

 *
 * A session for each call costs two more round trips, and keeps one person's calls apart from another's on servers that
 * keep state. The MCP client is loaded when it is first needed.
 *
 * @param target `timeoutMs` is for everything together.
 * @throws what the guarded client or the MCP client throws; the signal's reason when it aborts.
 */
export async function withMcpSession<T>(
  target: { outbound: Outbound; url: string; headers: Record<string, string>; timeoutMs: number; signal: AbortSignal },
  use: (client: Client, options: { signal: AbortSignal; timeout: number }) => Promise<T>,
): Promise<T> {
  const { outbound, url, headers, timeoutMs, signal } = target
  const [{ Client }, { StreamableHTTPClientTransport }] = await Promise.all([
    import('@modelcontextprotocol/sdk/client/index.js'),
    import('@modelcontextprotocol/sdk/client/streamableHttp.js'),
  ])
  const deadline = AbortSignal.timeout(timeoutMs)
  const either = AbortSignal.any([signal, deadline])
  const { failed, fail } = failure()
  either.addEventListener('abort', () => fail(signal.aborted ? signal.reason : timedOut(timeoutMs)), { once: true })
  const fetch = guardedFetch({ outbound, signal: either, maxBytes: MAX_ANSWER_BYTES, timeoutMs, onBroken: fail })
  if (!URL.canParse(url)) throw new OutboundError('outbound_url_refused', 'That is not an absolute URL.')
  const transport = new StreamableHTTPClientTransport(new URL(url), { fetch, requestInit: { headers } })
  const client = new Client({ name: 'etude', version: '1' }, { jsonSchemaValidator: TRUSTING })
  const options = { signal: either, timeout: timeoutMs }
  try {
    const work = async () => {
      // Its sessionId may be undefined, which the interface that it implements does not say.
      await client.connect(transport as Parameters<Client['connect']>[0], options)
      return await use(client, options)
    }
    return await Promise.race([work(), failed])
  } finally {
    // Nobody waits for the farewell, and a server that does not take it loses the session by itself.
    void transport
      .terminateSession()
      .catch(() => {})
      .finally(() => client.close().catch(() => {}))
  }
}

/** Schemas of a server's answers are not compiled: they are a stranger's code. */
const TRUSTING = {
  getValidator: () => (input: unknown) => ({ valid: true as const, data: input as never, errorMessage: undefined }),
}

function timedOut(timeoutMs: number): OutboundError {
  return new OutboundError('outbound_timed_out', `The MCP server had not answered after ${timeoutMs / 1000} s.`)
}

/** A promise that only ever fails, when it is told to. */
function failure(): { failed: Promise<never>; fail: (reason: unknown) => void } {
  let fail: (reason: unknown) => void = () => {}
  const failed = new Promise<never>((_, reject) => {
    fail = reject
  })
  failed.catch(() => {})
  return { failed, fail }
}
