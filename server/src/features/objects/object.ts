import type { ObjectClass } from './object-class.ts'

/** One version of a named object, without its value. */
export type ObjectVersion = ObjectClass & {
  /** Its name, which all of its versions have. */
  objectId: string
  digest: string
  versionIndex: number
  /** The newest that is not deleted. */
  isLatest: boolean
  sizeBytes: number
  /** The handle of who published it first. */
  wbUserId: string
  createdAt: string
  deletedAt: string | null
}

/** Which version of an object: the newest, the n-th, or the one with this content. */
export type WantedVersion = 'latest' | { index: number } | { digest: string }

/** Whose objects of which project: `wbUserId` when it may only be one person's own. */
export type Scope = { projectId: number; wbUserId?: string }

export type ObjectFilter = {
  objectIds?: readonly string[]
  isOp?: boolean
  latestOnly?: boolean
  baseObjectClasses?: readonly string[]
  excludeBaseObjectClasses?: readonly string[]
  leafObjectClasses?: readonly string[]
  tags?: readonly string[]
  /** `latest` is one of them. */
  aliases?: readonly string[]
}

export type Page = { limit: number | null; offset: number | null }
export type ObjectOrder = { field: 'object_id' | 'created_at'; direction: 'asc' | 'desc' }
