import { printJson } from '../weave/exact-json.ts'
import { pythonJson } from '../weave/python-json.ts'
import { findRef, parseRef, type WeaveRef } from '../weave/refs.ts'
import { storeText } from '../weave/stored-json.ts'
import { invalidRequest } from '../weave/weave-error.ts'
import type { FeedbackDraft, Span } from './feedback.ts'

/** Types that mean something to the server (weave.md §1.4). */
export const REACTION = 'wandb.reaction.1'
const NOTE = 'wandb.note.1'
const AGENT_MONITOR = 'wandb.agent_monitor'
const AGENT_USER_FEEDBACK = 'wandb.agent_user_feedback'

const MAX_NOTE_CHARACTERS = 1024
/** Of the payload, as Python's `json.dumps` writes it. */
const MAX_PAYLOAD_BYTES = 1024 * 1024
/** Of what feedback is found by. */
const MAX_INDEXED_BYTES = 2048
/** What Python may make of one UTF-16 unit: an escape, and a blank after it. */
const MOST_BYTES_PER_UNIT = 7

/**
 * Checks feedback against the rules of its type, in the order and in the words of Weave's server (weave.md §1.4, items 1
 * to 10 as far as they need nothing but the feedback, and 12).
 *
 * @returns the span with what the ref says of it.
 * @throws {WeaveError} 400.
 */
export function checkFeedback(draft: FeedbackDraft): Span {
  checkPayloadOfType(draft)
  const { feedbackType } = draft
  if (feedbackType.startsWith('wandb.annotation')) checkAnnotation(draft)
  else if (draft.annotationRef) throw invalidRequest('annotation_ref is not allowed for non-annotation feedback')
  if (feedbackType.startsWith('wandb.runnable')) checkRunnable(draft)
  else if (feedbackType === AGENT_MONITOR) checkAgentMonitor(draft)
  else if (!feedbackType.startsWith('wandb.annotation')) checkNotRunnable(draft)
  checkScorer(draft)
  checkRefKinds(draft)
  return checkSpan(draft)
}

/** @throws {WeaveError} for an id or a ref that is longer than an index of PostgreSQL can hold. */
export function checkLengths({ id, weaveRef }: FeedbackDraft): void {
  for (const [field, text] of Object.entries({ id: id ?? '', weave_ref: weaveRef }))
    if (Buffer.byteLength(storeText(text)) > MAX_INDEXED_BYTES)
      throw invalidRequest(`${field} is longer than ${MAX_INDEXED_BYTES} bytes`)
}

/** @throws {WeaveError} `Feedback payload too large`. */
export function checkPayloadSize(payload: FeedbackDraft['payload']): void {
  if (printJson(payload).length * MOST_BYTES_PER_UNIT <= MAX_PAYLOAD_BYTES) return
  if (pythonJson(payload).length > MAX_PAYLOAD_BYTES) throw invalidRequest('Feedback payload too large')
}

function checkPayloadOfType({ feedbackType, payload }: FeedbackDraft): void {
  if (feedbackType === REACTION) checkText(feedbackType, payload, 'emoji')
  if (feedbackType === NOTE) {
    const characters = [...checkText(feedbackType, payload, 'note')].length
    if (characters < 1)
      throw invalidPayload(feedbackType, 'note', 'String should have at least 1 character [type=string_too_short]')
    if (characters > MAX_NOTE_CHARACTERS)
      throw invalidPayload(
        feedbackType,
        'note',
        `String should have at most ${MAX_NOTE_CHARACTERS} characters [type=string_too_long]`,
      )
  }
}

function checkText(feedbackType: string, payload: FeedbackDraft['payload'], key: string): string {
  if (!Object.hasOwn(payload, key)) throw invalidPayload(feedbackType, key, 'Field required [type=missing]')
  const value = payload[key]
  if (typeof value !== 'string')
    throw invalidPayload(feedbackType, key, 'Input should be a valid string [type=string_type]')
  return value
}

function checkAnnotation({ feedbackType, annotationRef, payload }: FeedbackDraft): void {
  const name = suffixOf(feedbackType, 'wandb.annotation.')
  if (name === undefined) throw invalidRequest(`Invalid annotation feedback type: ${feedbackType}`)
  if (!annotationRef) throw invalidRequest('annotation_ref is required for annotation feedback')
  const ref = parseRef(annotationRef)
  if (ref.kind !== 'object') throw wrongKind(annotationRef, 'an object ref')
  if (ref.name !== name) throw invalidRequest(`annotation_ref must point to an object with name ${name}`)
  if (!Object.hasOwn(payload, 'value')) throw invalidPayload(feedbackType, 'value', 'Field required [type=missing]')
}

function checkRunnable({ feedbackType, runnableRef, callRef, payload }: FeedbackDraft): void {
  const name = suffixOf(feedbackType, 'wandb.runnable.')
  if (name === undefined) throw invalidRequest(`Invalid runnable feedback type: ${feedbackType}`)
  if (!runnableRef) throw invalidRequest('runnable_ref is required for runnable feedback')
  const ref = parseRunnable(runnableRef)
  if (ref.name !== name) throw invalidRequest(`runnable_ref must point to an object with name ${name}`)
  if (ref.kind === 'op' && !callRef) throw invalidRequest('call_ref is required for runnable feedback on ops')
  if (!Object.hasOwn(payload, 'output')) throw invalidPayload(feedbackType, 'output', 'Field required [type=missing]')
}

function checkAgentMonitor({ runnableRef, callRef, triggerRef }: FeedbackDraft): void {
  if (!runnableRef) throw invalidRequest('runnable_ref is required for agent monitor feedback')
  if (callRef === null) throw invalidRequest('call_ref is required for agent monitor feedback')
  if (triggerRef === null) throw invalidRequest('trigger_ref is required for agent monitor feedback')
}

function checkNotRunnable({ runnableRef, callRef, triggerRef }: FeedbackDraft): void {
  for (const [field, ref] of Object.entries({ runnable_ref: runnableRef, call_ref: callRef, trigger_ref: triggerRef }))
    if (ref) throw invalidRequest(`${field} is not allowed for non-runnable feedback`)
}

function checkScorer({ feedbackType, scorer }: FeedbackDraft): void {
  const isScored = Object.values(scorer).some((given) => Object.keys(given).length > 0)
  const mayBeScored =
    feedbackType.startsWith('wandb.runnable') || feedbackType === AGENT_MONITOR || feedbackType === AGENT_USER_FEEDBACK
  if (isScored && !mayBeScored)
    throw invalidRequest(
      'scorer_tags, scorer_tag_reasons, scorer_tag_confidences, scorer_ratings, scorer_rating_reasons, and scorer_rating_confidences are only allowed on wandb.agent_monitor, wandb.agent_user_feedback, or wandb.runnable feedback',
    )
  if (feedbackType === AGENT_USER_FEEDBACK && scorer.tags.length === 0)
    throw invalidRequest('scorer_tags is required for agent user feedback')
}

function checkRefKinds({ runnableRef, callRef, triggerRef }: FeedbackDraft): void {
  if (runnableRef) parseRunnable(runnableRef)
  if (callRef && parseRef(callRef).kind !== 'call') throw wrongKind(callRef, 'a call ref')
  if (triggerRef && parseRef(triggerRef).kind !== 'object') throw wrongKind(triggerRef, 'an object ref')
}

/** An agent's turn or conversation is named by the ref, and by the ids of the span, which must agree. */
function checkSpan({ feedbackType, weaveRef, span }: FeedbackDraft): Span {
  if (feedbackType !== AGENT_MONITOR && feedbackType !== AGENT_USER_FEEDBACK) return span
  const ref = findRef(weaveRef)
  if (ref?.kind === 'agent_conversation') {
    if (span.conversationId && span.conversationId !== ref.id)
      throw invalidRequest(
        `feedback span_conversation_id '${span.conversationId}' conflicts with conversation ref '${ref.id}'`,
      )
    if (span.traceId)
      throw invalidRequest(
        `feedback span_trace_id '${span.traceId}' cannot be supplied for conversation-targeted feedback`,
      )
    return { ...span, conversationId: ref.id }
  }
  if (ref?.kind === 'agent_turn') {
    if (span.traceId && span.traceId !== ref.id)
      throw invalidRequest(`feedback span_trace_id '${span.traceId}' conflicts with turn ref '${ref.id}'`)
    return { ...span, traceId: ref.id }
  }
  return span
}

function parseRunnable(text: string): Extract<WeaveRef, { kind: 'object' | 'op' }> {
  const ref = parseRef(text)
  if (ref.kind !== 'op' && ref.kind !== 'object') throw wrongKind(text, 'an op or object ref')
  return ref as Extract<WeaveRef, { kind: 'object' | 'op' }>
}

function suffixOf(text: string, prefix: string): string | undefined {
  return text.startsWith(prefix) ? text.slice(prefix.length) : undefined
}

function wrongKind(ref: string, expected: string) {
  return invalidRequest(`Invalid ref: ${ref}, expected ${expected}`)
}

/** The words of pydantic, which clients match by their beginning only. */
function invalidPayload(feedbackType: string, field: string, problem: string) {
  return invalidRequest(
    `Invalid payload for feedback_type ${feedbackType}: 1 validation error for the payload\n${field}\n  ${problem}`,
  )
}
