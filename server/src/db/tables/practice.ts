import type { Id, Json, JsonRecord } from './columns.ts'

/* Practice sessions and all that happens in them; projects, experiments. */

export type ProjectsTable = {
  person_id: Id
  project_id: Id
  class_id: Id
  /** Unique among those of the person in the class. */
  name: string
  description: string | null
  created_at: string
  updated_at: string
}

export type PracticeSessionsTable = {
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

export type PracticeLanesTable = {
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

export type PracticeTurnsTable = {
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

export type PracticeResponsesTable = {
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
export type PracticeSkillDecisionsTable = {
  session_id: Id
  call_id: string
  decision: 'once' | 'session' | 'deny'
  /** Instead of the model's. */
  arguments: Json<JsonRecord | null> | null
  /** What exactly was allowed, for permissions that last. */
  operation_key: string
  decided_at: string
}

export type PracticeSettingRevisionsTable = {
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
export type PracticeChoicesTable = {
  session_id: Id
  turn_id: Id
  lane_id: Id
  response_id: Id
}

export type IdempotencyKeysTable = {
  person_id: Id
  key: string
  request_hash: string
  session_id: Id
  turn_id: Id
  created_at: string
}

export type ExperimentsTable = {
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

export type ExperimentVariantsTable = {
  session_id: Id
  /** Of its session's settings: those of this variant. */
  revision: number
  label: string
  model_name: string
}

/** One for each person and pair of answers; with what a leaderboard needs of them, so that it reads nothing else. */
export type ExperimentVotesTable = {
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

export type RunEventsTable = {
  session_id: Id
  turn_id: Id
  /** From 1, increasing, with gaps: a stored text delta stands for all the live ones up to its number. */
  seq: number
  type: string
  /** JSON text, never queried into. */
  data: string
}
