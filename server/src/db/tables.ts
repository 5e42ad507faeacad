import type { ColumnType, Generated } from 'kysely'

/**
 * The tables as Kysely sees them. Times are ISO 8601 UTC text; JSON goes in as a string and comes out parsed;
 * truth values are 0 and 1. Better Auth's own tables (`auth_*`) are only its business.
 *
 * The primary key of every table that grows with use begins with what its rows belong to, so that the schema can be
 * distributed by that column.
 */
export type Tables = {
  people: PeopleTable
  api_keys: ApiKeysTable
  sign_in_links: SignInLinksTable
  classes: ClassesTable
  class_members: ClassMembersTable
  class_join_codes: ClassJoinCodesTable
  projects: ProjectsTable
  practice_sessions: PracticeSessionsTable
  practice_lanes: PracticeLanesTable
  practice_turns: PracticeTurnsTable
  practice_responses: PracticeResponsesTable
  practice_setting_revisions: PracticeSettingRevisionsTable
  practice_choices: PracticeChoicesTable
  practice_skill_decisions: PracticeSkillDecisionsTable
  idempotency_keys: IdempotencyKeysTable
  experiments: ExperimentsTable
  experiment_variants: ExperimentVariantsTable
  experiment_votes: ExperimentVotesTable
  run_events: RunEventsTable
  gateway_calls: GatewayCallsTable
  few_shot_examples: FewShotExamplesTable
  few_shot_shares: FewShotSharesTable
  agents: AgentsTable
  agent_versions: AgentVersionsTable
  agent_shares: AgentSharesTable
  skills: SkillsTable
  skill_person_credentials: SkillCredentialsTable<{ person_id: Id }>
  skill_class_credentials: SkillCredentialsTable<{ class_id: Id }>
  skillsets: SkillsetsTable
  skillset_skills: SkillsetSkillsTable
  skillset_versions: SkillsetVersionsTable
  skillset_version_skills: SkillsetVersionSkillsTable
  skillset_skill_contents: SkillsetSkillContentsTable
  skillset_pins: SkillsetPinsTable
  skillset_shares: SkillsetSharesTable
  weave_projects: WeaveProjectsTable
  feedback: FeedbackTable
  feedback_leaves: FeedbackLeavesTable
  calls: CallsTable
  token_costs: TokenCostsTable
  trace_retention: TraceRetentionTable
  weave_object_names: WeaveObjectNamesTable
  weave_objects: WeaveObjectsTable
  weave_object_tags: WeaveObjectTagsTable
  weave_object_aliases: WeaveObjectAliasesTable
  weave_table_rows: WeaveTableRowsTable
  weave_tables: WeaveTablesTable
  weave_table_members: WeaveTableMembersTable
  weave_files: WeaveFilesTable
  annotation_queues: AnnotationQueuesTable
  annotation_queue_items: AnnotationQueueItemsTable
  annotation_progress: AnnotationProgressTable
  servers: ServersTable
  id_blocks: IdBlocksTable
}

/** Written as JSON text, read as the parsed value, on both engines. */
type Json<T> = ColumnType<T, string, string>
/** Integers that PostgreSQL stores as bigint; ours stay below 2^53. */
type Id = number

type PeopleTable = {
  person_id: Id
  /** Unique, lower case; also the name of the person's Weave entity. */
  handle: string
  name: string
  is_admin: number
  /** Better Auth's user, once the person can sign in. */
  auth_user_id: string | null
  /** Of practice sessions: counting them would take longer the more there are. */
  session_count: Generated<number>
  created_at: string
}

type ApiKeysTable = {
  api_key_id: Id
  person_id: Id
  name: string
  /** SHA-256 of the key, hexadecimal: keys are long random strings, so no slow hash is needed. */
  key_hash: string
  /** The first characters, so that a person recognises it in a list. */
  hint: string
  created_at: string
  expires_at: string | null
  revoked_at: string | null
}

type SignInLinksTable = {
  token_hash: string
  person_id: Id
  expires_at: string
  used_at: string | null
}

type ClassesTable = {
  class_id: Id
  slug: string
  name: string
  status: 'planned' | 'active' | 'ended'
  starts_at: string | null
  ends_at: string | null
  /** Logical model names; null allows every model of the catalog. */
  allowed_models: Json<string[] | null> | null
  primary_model: string | null
  description: Generated<string>
  /** An IANA name, e.g. `Asia/Seoul`. */
  timezone: Generated<string>
  /** What new sessions begin with, by its names on the wire. */
  default_settings: ColumnType<JsonRecord, string | undefined, string>
  created_at: string
}

type ClassMembersTable = {
  class_id: Id
  person_id: Id
  role: 'teacher' | 'assistant' | 'student'
  created_at: string
}

type ClassJoinCodesTable = {
  class_id: Id
  join_code_id: Id
  /** Unique, upper case. */
  code: string
  role: 'teacher' | 'assistant' | 'student'
  expires_at: string | null
  /** Null when any number of people may join with it. */
  max_uses: number | null
  used_count: number
  created_at: string
}

type ProjectsTable = {
  person_id: Id
  project_id: Id
  class_id: Id
  /** Unique among those of the person in the class. */
  name: string
  description: string | null
  created_at: string
  updated_at: string
}

type PracticeSessionsTable = {
  session_id: Id
  person_id: Id
  class_id: Id
  /** The folder that its person has put it in. */
  project_id: Id | null
  title: string
  /** Who wrote the title; a person's is never overwritten. */
  title_source: 'prompt' | 'model' | 'person'
  /** Begin of the latest prompt, for lists. */
  preview: string
  notes: string | null
  setting_id: Id
  /** Of its settings: the latest. */
  revision: number
  turn_count: number
  created_at: string
  updated_at: string
  last_turn_at: string
}

type PracticeLanesTable = {
  session_id: Id
  /** `session_model_id` on the wire. */
  lane_id: Id
  model_name: string
  is_primary: number
  /** Whether prompts that name no model are asked of it. */
  is_active: number
  generation_params: Json<JsonRecord>
  /** Of the settings that it keeps to; null follows the session's. */
  revision: number | null
  created_at: string
}

type PracticeTurnsTable = {
  session_id: Id
  turn_id: Id
  /** The turn before it; null for the first. Turns with the same one are siblings. */
  parent_turn_id: Id | null
  prompt_text: string
  /** The examples as they were when the turn was asked. */
  few_shots: Json<{ example_id: number; input_text: string; output_text: string }[]>
  status: 'running' | 'complete' | 'stopped' | 'interrupted'
  /** The server that answers it, while it runs. */
  server_id: string | null
  created_at: string
  ended_at: string | null
}

type PracticeResponsesTable = {
  session_id: Id
  response_id: Id
  turn_id: Id
  lane_id: Id
  model_name: string
  is_primary: number
  /** From 1; a lane that is asked again answers the same turn once more. */
  attempt: number
  /** Of the settings that produced it. */
  revision: number
  status: 'running' | 'complete' | 'stopped' | 'failed' | 'interrupted'
  response_text: string
  reasoning_text: string
  finish_reason: string | null
  error_code: string | null
  error_message: string | null
  provider_message: string | null
  token_usage: Json<JsonRecord | null> | null
  /** US dollars. */
  cost: number | null
  latency_ms: number | null
  first_token_ms: number | null
  generation_params: Json<JsonRecord>
  dropped_params: Json<{ name: string; reason: string }[]>
  /** What of the conversation did not fit the model's window. */
  trim: Json<JsonRecord | null> | null
  /** Where its call is in the trace; null when Etude has not asked for it, but taken it from a file. */
  call_ref: string | null
  /** As `LaneSkillCall`; null where none were made. */
  skill_calls: Json<JsonRecord[] | null> | null
  created_at: string
  ended_at: string | null
}

/** What a person said of a call that needs permission. */
type PracticeSkillDecisionsTable = {
  session_id: Id
  call_id: string
  decision: 'once' | 'session' | 'deny'
  /** Instead of the model's. */
  arguments: Json<JsonRecord | null> | null
  /** What exactly was allowed, for permissions that last. */
  operation_key: string
  decided_at: string
}

type PracticeSettingRevisionsTable = {
  session_id: Id
  revision: number
  /** Who made it. */
  person_id: Id
  style_preset: 'accurate' | 'balanced' | 'creative' | 'custom' | null
  style_params: Json<JsonRecord>
  generation_params: Json<JsonRecord>
  few_shot_links: Json<{ id: number; exampleId: number; createdAt: string }[]>
  agent_snapshot: Json<JsonRecord | null> | null
  /** Which model summarises what does not fit; null leaves it out. */
  summary_model: string | null
  created_at: string
}

/** Which response a lane goes on from after a turn, when it is not its own latest. */
type PracticeChoicesTable = {
  session_id: Id
  turn_id: Id
  lane_id: Id
  response_id: Id
}

type IdempotencyKeysTable = {
  person_id: Id
  key: string
  request_hash: string
  session_id: Id
  turn_id: Id
  created_at: string
}

type ExperimentsTable = {
  person_id: Id
  experiment_id: Id
  class_id: Id
  /** Of its own: every experiment has one session with one turn that all variants answer. */
  session_id: Id
  turn_id: Id
  /** How often each variant is asked. */
  repeats: number
  /** Whether its class may vote on its answers. */
  is_shared: number
  created_at: string
}

type ExperimentVariantsTable = {
  session_id: Id
  /** Of its session's settings: those of this variant. */
  revision: number
  label: string
  model_name: string
}

/** One for each person and pair of answers; with what a leaderboard needs of them, so that it reads nothing else. */
type ExperimentVotesTable = {
  class_id: Id
  session_id: Id
  person_id: Id
  /** The smaller of the two. */
  first_response_id: Id
  second_response_id: Id
  outcome: 'first' | 'second' | 'tie' | 'both_bad'
  first_model: string
  second_model: string
  first_characters: number
  second_characters: number
  voted_at: string
}

type RunEventsTable = {
  session_id: Id
  turn_id: Id
  /** From 1, increasing, with gaps: a stored text delta stands for all the live ones up to its number. */
  seq: number
  type: string
  /** JSON text, never queried into. */
  data: string
}

type FewShotExamplesTable = {
  person_id: Id
  example_id: Id
  title: string | null
  input_text: string
  output_text: string
  meta: Json<JsonRecord>
  is_active: number
  /** Where it came from, when it was not written here; `fewshot_source` on the wire. */
  source: 'user_fewshot' | 'class_shared' | 'partner_fewshot' | null
  created_at: string
  updated_at: string
}

type FewShotSharesTable = {
  class_id: Id
  example_id: Id
  share_id: Id
  /** The example's owner: nobody else shares it. */
  person_id: Id
  is_active: number
  created_at: string
}

type AgentsTable = {
  person_id: Id
  agent_id: Id
  /** The latest; what it says is in `agent_versions`. */
  version: number
  is_active: number
  is_prompt_hidden: number
  /** `class_shared` when it was forked from a class; `template_source` on the wire. */
  source: string | null
  created_at: string
  updated_at: string
}

type AgentVersionsTable = {
  person_id: Id
  agent_id: Id
  version: number
  name: string
  role_description: string | null
  system_prompt: string
  examples: Json<{ input_text: string; output_text: string }[]>
  generation_params: Json<JsonRecord>
  skillsets: Json<{ skillset_id: string; version: number; name: string }[] | null> | null
  /** The version that this one was made equal to. */
  restored_from: number | null
  created_at: string
}

type AgentSharesTable = {
  class_id: Id
  agent_id: Id
  share_id: Id
  /** The agent's owner: nobody else shares it. */
  person_id: Id
  is_active: number
  created_at: string
}

type SkillsTable = {
  person_id: Id
  skill_id: Id
  /** From 1, one more with every change. */
  revision: number
  name_for_human: string
  name_for_model: string
  description_for_human: string
  source: Json<
    { kind: 'openapi'; title: string; version: string; url?: string } | { kind: 'mcp'; title: string; url: string }
  >
  operation_count: number
  enabled_count: number
  /** SHA-256 of `content`, hexadecimal. */
  digest: string
  /** All that is said of the skill, as JSON text that is never queried into and keeps the order of its keys. */
  content: string
  created_at: string
  updated_at: string
}

/** Secrets are sealed; one belongs to a person or to a class. */
type SkillCredentialsTable<Owner> = Owner & {
  skill_id: Id
  scheme: string
  sealed_secret: string
  /** By which people recognise it. */
  hint: string
  /** Where it may be sent: those of the skill when it was set. */
  origins: Json<string[]>
  set_by: Id
  set_at: string
}

/** What its author is working on; `skillset_versions` has what others use. */
type SkillsetsTable = {
  person_id: Id
  skillset_id: string
  /** Of the draft: from 1, one more with every change. */
  revision: number
  /** 0 before the first is published. */
  latest_version: number
  name: string
  description: string
  instructions: string
  answer_format: string
  model_name: string | null
  /** JSON text, never queried into. */
  demonstrations: string
  created_at: string
  updated_at: string
}

/** The skills of a draft. */
type SkillsetSkillsTable = {
  person_id: Id
  skillset_id: string
  skill_id: Id
  position: number
}

type SkillsetVersionsTable = {
  skillset_id: string
  version: number
  name: string
  description: string
  instructions: string
  answer_format: string
  model_name: string | null
  /** JSON text, never queried into. */
  demonstrations: string
  created_at: string
}

/** The skills of a version, as they were. */
type SkillsetVersionSkillsTable = {
  skillset_id: string
  version: number
  position: number
  skill_id: Id
  digest: string
}

/** What versions keep of skills: one row however many versions have it in common. */
type SkillsetSkillContentsTable = {
  skillset_id: string
  digest: string
  content: string
}

/** Who needs a version, which then is not deleted. */
type SkillsetPinsTable = {
  skillset_id: string
  version: number
  holder: string
  created_at: string
}

type SkillsetSharesTable = {
  class_id: Id
  skillset_id: string
  share_id: Id
  /** The skillset's owner: nobody else shares it. */
  person_id: Id
  is_active: number
  created_at: string
}

type WeaveObjectNamesTable = {
  project_id: Id
  object_id: string
  kind: 'op' | 'object'
  /** Deleted ones too: the next version has this number. */
  version_count: number
}

type WeaveObjectsTable = {
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

type WeaveObjectTagsTable = {
  project_id: Id
  object_id: string
  digest: string
  tag: string
}

type WeaveObjectAliasesTable = {
  project_id: Id
  object_id: string
  alias: string
  digest: string
}

type WeaveTableRowsTable = {
  project_id: Id
  digest: string
  /** JSON text, exactly as it came. */
  val: string
  size_bytes: number
}

type WeaveTablesTable = {
  project_id: Id
  digest: string
  row_count: number
  created_at: string
}

type WeaveTableMembersTable = {
  project_id: Id
  table_digest: string
  /** From 0; the same row may stand at several. */
  position: number
  row_digest: string
}

type AnnotationQueuesTable = {
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

type AnnotationQueueItemsTable = {
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

type AnnotationProgressTable = {
  project_id: Id
  queue_id: string
  item_id: string
  annotator: string
  state: 'in_progress' | 'completed' | 'skipped'
  updated_at: string
}

type WeaveFilesTable = {
  project_id: Id
  digest: string
  content: Buffer
  size_bytes: number
  created_at: string
}

type GatewayCallsTable = {
  person_id: Id
  call_id: Id
  kind: 'chat' | 'embedding'
  dialect: 'openai' | 'clova'
  model_name: string
  /** As the client saw it. */
  request_id: string
  status: 'complete' | 'stopped' | 'failed'
  finish_reason: string | null
  error_code: string | null
  /** Null when the model failed without a word. */
  input_tokens: number | null
  output_tokens: number | null
  token_source: 'provider' | 'estimate' | null
  /** US dollars. */
  cost: number | null
  first_token_ms: number | null
  latency_ms: number
  /** Turns that were left out so that the rest fitted the window. */
  trimmed_turns: number
  created_at: string
}

type WeaveProjectsTable = {
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
type FeedbackTable = {
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

type FeedbackLeavesTable = {
  project_id: Id
  path: string
  value: string
  row_id: Id
}

type ServersTable = {
  server_id: string
  started_at: string
  heartbeat_at: string
}

type IdBlocksTable = {
  /** What the ids are for, e.g. `session`. */
  name: string
  next_id: Id
}

type JsonRecord = { [key: string]: unknown }

/** A call of a trace. What belongs to its beginning is null when only its end has arrived, and the other way round. */
type CallsTable = {
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
type TokenCostsTable = {
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
type TraceRetentionTable = {
  project_id: Id
  days: number
  set_by: string
  set_at: string
}
