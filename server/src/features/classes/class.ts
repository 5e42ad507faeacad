/** People who learn or work together: what they may use is decided here. */
export type Class = {
  classId: number
  slug: string
  name: string
  status: 'planned' | 'active' | 'ended'
  /** Logical model names; null allows every model of the catalog. */
  allowedModels: string[] | null
  primaryModel: string | null
}

export type ClassRole = 'teacher' | 'assistant' | 'student'

/** A class as one of its members sees it. */
export type Membership = Class & { role: ClassRole }
