import type { ColumnType, Generated } from 'kysely'
import type { Id, Json, JsonRecord } from './columns.ts'

/* People, their keys, and classes. */

export type PeopleTable = {
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

export type ApiKeysTable = {
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

export type SignInLinksTable = {
  token_hash: string
  person_id: Id
  expires_at: string
  used_at: string | null
}

export type ClassesTable = {
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

export type ClassMembersTable = {
  class_id: Id
  person_id: Id
  role: 'teacher' | 'assistant' | 'student'
  created_at: string
}

export type ClassJoinCodesTable = {
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
