import type { Id, Json, JsonRecord } from './columns.ts'

/* What people prepare for their sessions, and share with classes: few-shot examples and agents. */

export type FewShotExamplesTable = {
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

export type FewShotSharesTable = {
  class_id: Id
  example_id: Id
  share_id: Id
  /** The example's owner: nobody else shares it. */
  person_id: Id
  is_active: number
  created_at: string
}

export type AgentsTable = {
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

export type AgentVersionsTable = {
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

export type AgentSharesTable = {
  class_id: Id
  agent_id: Id
  share_id: Id
  /** The agent's owner: nobody else shares it. */
  person_id: Id
  is_active: number
  created_at: string
}
