/** A folder of somebody's sessions in a class. */
export type Project = {
  projectId: number
  personId: number
  classId: number
  name: string
  description: string | null
  /** Counted from its sessions, never written. */
  sessionCount: number
  lastActivityAt: string | null
  createdAt: string
  updatedAt: string
}
