import type { JsonObject } from '../../../models/language-model.ts'
import type { Credential, Operation, SkillContent } from '../skill.ts'

export type OperationRequest = {
  skill: Pick<SkillContent, 'source' | 'securitySchemes'>
  operation: Operation
  /** By the names that `toolOf` gave them. */
  arguments: JsonObject
  credentials: readonly Credential[]
  overrides?: Overrides | undefined
}

/** What the caller of a skillset sets itself: an operation's own values win over the base, the base over the model's. */
export type Overrides = { base?: OverrideValues | undefined; operation?: OverrideValues | undefined }

/** `requestBody` is merged into the body where both are objects, and is left out of GET. */
export type OverrideValues = {
  header?: JsonObject | undefined
  query?: JsonObject | undefined
  requestBody?: unknown
}

/** How a call of an operation went. No field holds a secret: each is masked, also where the API has echoed it. */
export type OperationResult = {
  /** Of the first request, before redirects. Empty when nothing was sent. */
  url: string
  /** An HTTP method, or `MCP`. */
  method: string
  requestBody: string
  /** As the API wrote it, in Unicode; empty for an answer that is not text. */
  responseBody: string
  /** What the answer says, for reading on: JSON and what can be brought into its form, or text. */
  content: AnswerContent
  /** Null when no answer came. */
  status: number | null
  /** Whether the API did what it was asked: a status from 200 to 299 and no error of ours. */
  isOk: boolean
  errorCode: CallErrorCode | null
  /** What went wrong and how to mend it, for the model; empty when nothing did. */
  message: string
  latencyMs: number
}

export type AnswerContent = { kind: 'json'; value: unknown } | { kind: 'text'; text: string } | { kind: 'none' }

/** `note` says what a model should know of an answer that is not what its type promised; empty otherwise. */
export type ReadAnswer = { text: string; content: AnswerContent; note: string }

export type CallErrorCode =
  /** The arguments do not fit the operation; nothing was sent. */
  | 'invalid_arguments'
  /** The operation needs a credential that is not there; nothing was sent. */
  | 'missing_credential'
  /** The address, a header or the URL may not be used; nothing was sent there. */
  | 'call_refused'
  /** An answer came with a status outside 200 to 299, or an MCP tool said that it failed. */
  | 'api_error'
  | 'api_unreachable'
  | 'api_timed_out'
  | 'answer_too_large'
  | 'answer_unreadable'
