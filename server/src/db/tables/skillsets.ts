import type { Id, Json } from './columns.ts'

/* Skills and skillsets. */

export type SkillsTable = {
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
export type SkillCredentialsTable<Owner> = Owner & {
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
export type SkillsetsTable = {
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
export type SkillsetSkillsTable = {
  person_id: Id
  skillset_id: string
  skill_id: Id
  position: number
}

export type SkillsetVersionsTable = {
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
export type SkillsetVersionSkillsTable = {
  skillset_id: string
  version: number
  position: number
  skill_id: Id
  digest: string
}

/** What versions keep of skills: one row however many versions have it in common. */
export type SkillsetSkillContentsTable = {
  skillset_id: string
  digest: string
  content: string
}

/** Who needs a version, which then is not deleted. */
export type SkillsetPinsTable = {
  skillset_id: string
  version: number
  holder: string
  created_at: string
}

export type SkillsetSharesTable = {
  class_id: Id
  skillset_id: string
  share_id: Id
  /** The skillset's owner: nobody else shares it. */
  person_id: Id
  is_active: number
  created_at: string
}
