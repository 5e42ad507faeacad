import type { OutboundError, OutboundErrorCode } from '../../../http/outbound-error.ts'
import type { CallErrorCode, OperationResult } from './operation-result.ts'
import { readAnswer } from './read-answer.ts'

export type Outcome = Omit<OperationResult, 'latencyMs'>

/** Of an answer that did not end: enough to see what it is. */
const MAX_PARTIAL_CHARACTERS = 1_000

/** What is known of a call for which nothing was sent, or to which nothing came. */
export const NOTHING = {
  url: '',
  requestBody: '',
  responseBody: '',
  content: { kind: 'none' },
  status: null,
  isOk: false,
} as const satisfies Partial<Outcome>

const CODES: Readonly<Record<OutboundErrorCode, CallErrorCode>> = {
  outbound_url_refused: 'call_refused',
  outbound_address_refused: 'call_refused',
  outbound_header_refused: 'call_refused',
  outbound_unreachable: 'api_unreachable',
  outbound_timed_out: 'api_timed_out',
  outbound_too_large: 'answer_too_large',
  outbound_unreadable: 'answer_unreadable',
  outbound_too_many_redirects: 'answer_unreadable',
}

/** What a failure of the guarded client means for a call, with the beginning of what had come. */
export async function failedCall(error: OutboundError): Promise<Omit<Outcome, 'url' | 'method' | 'requestBody'>> {
  const { status = null, headers = {}, body = Buffer.alloc(0) } = error.partial
  const { responseBody, content: none, isOk } = NOTHING
  const failure = { responseBody, content: none, isOk, status, errorCode: CODES[error.code], message: error.message }
  const { text, content } = await readAnswer(body.subarray(0, 4 * MAX_PARTIAL_CHARACTERS), headers['content-type'])
  if (content.kind === 'none') return failure
  const shown = text.slice(0, MAX_PARTIAL_CHARACTERS)
  return { ...failure, responseBody: shown, content: { kind: 'text', text: shown } }
}
