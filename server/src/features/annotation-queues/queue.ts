/** A list of calls that people look at one after the other, and say what its scorers ask (weave.md §1.12). */
export type AnnotationQueue = {
  queueId: string
  name: string
  description: string
  /** What those who annotate are asked: refs of annotation specs. */
  scorerRefs: string[]
  createdBy: string
  createdAt: string
  updatedAt: string
  deletedAt: string | null
}

export const ANNOTATION_STATES = ['unstarted', 'in_progress', 'completed', 'skipped'] as const
/** Nobody has begun, or how far the person is who was last at it. */
type AnnotationState = (typeof ANNOTATION_STATES)[number]
/** What somebody can make of an item. */
export type Progress = Exclude<AnnotationState, 'unstarted'>

/** As much of a call as a queue keeps of it. */
export type QueuedCall = {
  callId: string
  userId: string
  startedAt: string
  endedAt: string | null
  opName: string
  traceId: string
}

export type QueueItem = {
  itemId: string
  queueId: string
  call: QueuedCall
  displayFields: string[]
  addedBy: string
  state: AnnotationState
  /** Who was last at it. */
  annotator: string | null
  createdAt: string
  updatedAt: string
  /** From 1, in the whole queue as it is sorted. */
  position: number
}

export type ItemFilter = {
  itemId: string | null
  callId: string | null
  opName: string | null
  traceId: string | null
  addedBy: string | null
  states: readonly AnnotationState[]
}
export type ItemOrder = {
  field: 'call_started_at' | 'call_op_name' | 'created_at' | 'updated_at'
  direction: 'asc' | 'desc'
}
