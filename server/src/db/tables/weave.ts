import type { Id } from './columns.ts'

/* Calls, feedback, objects and annotation queues: the Weave dialect. */

export type WeaveObjectNamesTable = {
  project_id: Id
  object_id: string
  kind: 'op' | 'object'
  /** Deleted ones too: the next version has this number. */
  version_count: number
}

export type WeaveObjectsTable = {
  project_id: Id
  /** Its name, which all of its versions have. */
  object_id: string
  digest: string
  kind: 'op' | 'object'
  /** From 0, of the name and the kind; unique. */
  version_index: number
  base_object_class: string | null
  leaf_object_class: string | null
  /** JSON text, exactly as it came. */
  val: string
  size_bytes: number
  /** The handle of who published this version first. */
  wb_user_id: string
  created_at: string
  deleted_at: string | null
}

export type WeaveObjectTagsTable = {
  project_id: Id
  object_id: string
  digest: string
  tag: string
}

export type WeaveObjectAliasesTable = {
  project_id: Id
  object_id: string
  alias: string
  digest: string
}

export type WeaveTableRowsTable = {
  project_id: Id
  digest: string
  /** JSON text, exactly as it came. */
  val: string
  size_bytes: number
}

export type WeaveTablesTable = {
  project_id: Id
  digest: string
  row_count: number
  created_at: string
}

export type WeaveTableMembersTable = {
  project_id: Id
  table_digest: string
  /** From 0; the same row may stand at several. */
  position: number
  row_digest: string
}

export type AnnotationQueuesTable = {
  project_id: Id
  queue_id: string
  name: string
  description: string
  /** JSON text: what those who annotate are asked. */
  scorer_refs: string
  /** A handle, as in all of these tables. */
  created_by: string
  created_at: string
  updated_at: string
  deleted_at: string | null
}

export type AnnotationQueueItemsTable = {
  project_id: Id
  queue_id: string
  item_id: string
  call_id: string
  /** Whose call it is. */
  call_user_id: string
  call_started_at: string
  call_ended_at: string | null
  call_op_name: string
  call_trace_id: string
  /** JSON text: which parts of the call are shown. */
  display_fields: string
  added_by: string
  created_at: string
  updated_at: string
}

export type AnnotationProgressTable = {
  project_id: Id
  queue_id: string
  item_id: string
  annotator: string
  state: 'in_progress' | 'completed' | 'skipped'
  updated_at: string
}

export type WeaveFilesTable = {
  project_id: Id
  digest: string
  content: Buffer
  size_bytes: number
  created_at: string
}

export type WeaveProjectsTable = {
  /** `class 12`, or `entity alice`: a class keeps its projects when its slug changes. */
  owner: string
  project: string
  project_id: Id
  /** As it was called when the project appeared: refs of that time name it so. */
  entity: string
  class_id: Id | null
  created_at: string
}

/** Text and JSON of clients are as `features/weave/stored-json.ts` writes them. */
export type FeedbackTable = {
  project_id: Id
  row_id: Id
  /** May be a client's; not unique. */
  id: string
  weave_ref: string
  /** The handle of whoever stored it. */
  wb_user_id: string
  creator: string | null
  created_at: string
  feedback_type: string
  payload: string
  annotation_ref: string | null
  runnable_ref: string | null
  call_ref: string | null
  trigger_ref: string | null
  queue_id: string | null
  /** JSON, null when empty; the five after it too. */
  scorer_tags: string | null
  scorer_tag_reasons: string | null
  scorer_tag_confidences: string | null
  scorer_ratings: string | null
  scorer_rating_reasons: string | null
  scorer_rating_confidences: string | null
  /** Null when it is what it usually is, as the four after it. */
  span_agent_name: string | null
  span_agent_version: string | null
  span_status_code: string | null
  span_conversation_id: string | null
  span_trace_id: string | null
  scorer_trace_id: string | null
  /** Whether all that is in the payload is in `feedback_leaves`. */
  has_leaves: number
}

export type FeedbackLeavesTable = {
  project_id: Id
  path: string
  value: string
  row_id: Id
}

/** A call of a trace. What belongs to its beginning is null when only its end has arrived, and the other way round. */
export type CallsTable = {
  project_id: Id
  call_id: string
  /** The handle of the person who sent it; what students may read and change goes by this. */
  wb_user_id: string
  trace_id: string | null
  parent_id: string | null
  op_name: string | null
  /** Empty when it was taken away: a beginning that is sent again does not bring it back. */
  display_name: string | null
  thread_id: string | null
  turn_id: string | null
  /** With microseconds, so that the order of texts is the order in time. */
  started_at: string | null
  ended_at: string | null
  exception: string | null
  /** JSON as text, exactly as it was sent. */
  attributes: string | null
  inputs: string | null
  output: string | null
  summary: string | null
  wb_run_id: string | null
  wb_run_step: number | null
  wb_run_step_end: number | null
  /** How long the JSON texts of its beginning and of its end are, in UTF-8. */
  start_bytes: number
  end_bytes: number
}

/** What the tokens of a model cost in a project, from a time on. */
export type TokenCostsTable = {
  project_id: Id
  cost_id: string
  llm_id: string
  provider_id: string
  effective_date: string
  prompt_token_cost: number
  completion_token_cost: number
  cache_read_input_token_cost: number
  cache_creation_input_token_cost: number
  prompt_token_cost_unit: string
  completion_token_cost_unit: string
  created_by: string
  created_at: string
}

/** For how many days a project keeps its calls; without a row, for ever. */
export type TraceRetentionTable = {
  project_id: Id
  days: number
  set_by: string
  set_at: string
}
