import { AppError, InvalidRequestError } from '../../../errors.ts'
import type { Outbound } from '../../../http/outbound.ts'
import { wellFormed } from '../../gateway/well-formed.ts'
import { importDocument } from '../document/import-document.ts'
import type { DocumentProblem } from '../document/problem.ts'
import { MAX_DOCUMENT_BYTES } from '../document/read-text.ts'
import { MCP_TOKEN, type McpTools } from '../mcp/mcp-tools.ts'
import type { Operation, SecurityScheme, SkillSource } from '../skill.ts'

/** Where a skill's operations are read: a document as text, a document at a URL, or an MCP server. */
export type SkillText =
  | { kind: 'document'; text: string }
  | { kind: 'url'; url: string }
  | { kind: 'mcp'; url: string; token: string | undefined }

/** What was read, with defaults for what an author decides. */
export type ReadSkill = {
  source: SkillSource
  description: string
  operations: Operation[]
  securitySchemes: SecurityScheme[]
  /** What could not be taken over, and what was taken over otherwise than it was written. */
  problems: DocumentProblem[]
}

const MAX_DESCRIPTION_CHARACTERS = 2_000
/** When there are more operations, none is switched on until somebody chooses. */
const MAX_ENABLED_UNASKED = 40

/** Reads documents and asks servers for what they offer; keeps nothing. */
export class SkillReader {
  readonly #outbound: Pick<Outbound, 'request'>
  readonly #mcp: Pick<McpTools, 'list'>

  constructor(deps: { outbound: Pick<Outbound, 'request'>; mcp: Pick<McpTools, 'list'> }) {
    this.#outbound = deps.outbound
    this.#mcp = deps.mcp
  }

  /**
   * @throws {DocumentError} with everything that is wrong, when nothing of it can be used.
   * @throws {OutboundError} if the URL may not be asked, or nothing readable came from there.
   * @throws {InvalidRequestError} `document_not_found_at_url` or `mcp_server_refused` when the other server answered
   * with a failure.
   */
  async read(text: SkillText, signal: AbortSignal): Promise<ReadSkill> {
    if (text.kind === 'mcp') return await this.#readMcp(text, signal)
    const { title, version, ...read } = storable(
      text.kind === 'document'
        ? await importDocument(text.text)
        : await importDocument(await this.#fetch(text.url, signal), { url: text.url }),
    )
    const url = text.kind === 'url' ? { url: text.url } : {}
    return {
      source: { kind: 'openapi', title, version, ...url },
      description: read.description.slice(0, MAX_DESCRIPTION_CHARACTERS).toWellFormed(),
      operations: read.operations.map((operation) => ({
        ...operation,
        isEnabled: read.operations.length <= MAX_ENABLED_UNASKED,
      })),
      securitySchemes: read.securitySchemes,
      problems: read.problems,
    }
  }

  async #readMcp({ url, token }: SkillText & { kind: 'mcp' }, signal: AbortSignal): Promise<ReadSkill> {
    const credentials = token === undefined ? [] : [{ scheme: MCP_TOKEN, secret: token }]
    const { title, ...read } = storable(await this.#mcp.list(url, credentials, signal))
    return {
      source: { kind: 'mcp', url, title },
      description: read.description.slice(0, MAX_DESCRIPTION_CHARACTERS).toWellFormed(),
      operations: read.operations,
      securitySchemes: read.securitySchemes,
      problems: [],
    }
  }

  async #fetch(url: string, signal: AbortSignal): Promise<string> {
    const { status, body } = await this.#outbound.request(url, {
      headers: { accept: 'application/json, application/yaml, text/yaml, */*;q=0.5' },
      maxBytes: MAX_DOCUMENT_BYTES,
      signal,
    })
    if (status < 200 || status > 299)
      throw new InvalidRequestError('document_not_found_at_url', `The server answered with status ${status}.`)
    return textOf(body)
  }
}

/**
 * The text of a file in UTF-8, with or without a byte order mark.
 *
 * @throws {AppError} `document_not_utf8`.
 */
export function textOf(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new AppError('invalid_request', 'document_not_utf8', 'The document is not text in UTF-8.', { cause })
  }
}

/** The same without NUL and halves of characters, which no database and no model takes. */
function storable<Value>(value: Value): Value {
  const json = JSON.stringify(value)
  if (!/\\u(0000|d[89a-f])/.test(json)) return value
  const clean = (_: string, item: unknown) => (typeof item === 'string' ? wellFormed(item) : item)
  return JSON.parse(wellFormed(json), clean) as Value
}
