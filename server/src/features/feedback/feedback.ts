import type { Json } from '../weave/exact-json.ts'

export type JsonRecord = { [key: string]: Json }

/** What somebody says about a call or an object, before it is stored. */
export type FeedbackDraft = {
  /** Null when the server is to make one. */
  id: string | null
  /** What it is about; any text. */
  weaveRef: string
  /** As the client calls whoever says it. */
  creator: string | null
  feedbackType: string
  payload: JsonRecord
  annotationRef: string | null
  runnableRef: string | null
  callRef: string | null
  triggerRef: string | null
  queueId: string | null
  scorer: Scorer
  span: Span
  scorerTraceId: string
}

/** What a scorer says besides its payload; names of tags and ratings are keys. */
export type Scorer = {
  tags: string[]
  tagReasons: Record<string, string>
  tagConfidences: Record<string, number>
  ratings: Record<string, number>
  ratingReasons: Record<string, string>
  ratingConfidences: Record<string, number>
}

/** What was scored, when it was an agent's turn or conversation. */
export type Span = {
  agentName: string
  agentVersion: string
  statusCode: string
  conversationId: string
  traceId: string
}

export type Feedback = Omit<FeedbackDraft, 'id'> & {
  id: string
  /** Unique, unlike `id`. */
  rowId: number
  projectId: number
  /** The handle of the person who stored it. */
  wbUserId: string
  /** As text, see {@link import('../weave/query/time.ts').storedTime}. */
  createdAt: string
}
