export type ClassStatus = 'planned' | 'active' | 'ended'

/** People who learn or work together: what they may use is decided here. Times are ISO 8601 UTC. */
export type Class = StoredClass & {
  /** What its teachers have set; an active class waits for its beginning and is over after its end by itself. */
  statusAsSet: ClassStatus
}

/** A class as it is written down; {@link asOf} says what its status means at a moment. */
export type StoredClass = {
  classId: number
  slug: string
  name: string
  description: string
  status: ClassStatus
  startsAt: string | null
  endsAt: string | null
  /** An IANA name, e.g. `Asia/Seoul`: in which its people read times. */
  timezone: string
  /** Logical model names; null allows every model of the catalog. */
  allowedModels: string[] | null
  primaryModel: string | null
  defaultSettings: ClassDefaultSettings
  createdAt: string
}

/** What somebody who runs a class can say of it. */
export type ClassFields = Omit<StoredClass, 'classId' | 'createdAt'>

/** What new sessions in a class begin with, by its names on the wire; whoever resolves settings checks it. */
export type ClassDefaultSettings = {
  style_preset?: string | null | undefined
  style_params?: Record<string, unknown> | null | undefined
  generation_params?: Record<string, unknown> | null | undefined
}

export type ClassRole = 'teacher' | 'assistant' | 'student'

/** A class as one of its members sees it. */
export type Membership = Class & { role: ClassRole; joinedAt: string }

/** The class as it counts at a moment. @param now ISO 8601 UTC. */
export function asOf<Stored extends StoredClass>(stored: Stored, now: string): Stored & Class {
  return { statusAsSet: stored.status, ...stored, status: statusAt(stored, now) }
}

function statusAt({ status, startsAt, endsAt }: StoredClass, now: string): ClassStatus {
  if (status !== 'active') return status
  if (endsAt !== null && endsAt <= now) return 'ended'
  return startsAt !== null && startsAt > now ? 'planned' : 'active'
}
