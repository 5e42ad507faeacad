import type { GenerationParams, Turn } from '../../runs/turn.ts'

/** A conversation: one person's, in one class, with one or more lanes. */
export type PracticeSession = {
  sessionId: number
  personId: number
  classId: number
  /** Empty until the first prompt of a session that was opened without one. */
  title: string
  /** Who wrote the title; a person's is never overwritten. */
  titleSource: 'prompt' | 'model' | 'person'
  preview: string
  notes: string | null
  projectId: number | null
  settingId: number
  /** Of its settings: the latest. */
  revision: number
  turnCount: number
  createdAt: string
  updatedAt: string
  lastTurnAt: string
}

/** One model's own side of a session. */
export type Lane = {
  laneId: number
  modelName: string
  isPrimary: boolean
  /** Whether prompts that name no model are asked of it. */
  isActive: boolean
  generationParams: GenerationParams
  /** Of the settings, when it keeps to a revision of its own; otherwise it follows the session's. */
  ownRevision?: number
}

/** A session as lists show it. */
export type SessionSummary = PracticeSession & { modelNames: string[] }

/** A turn as its session lists it. */
export type SessionTurn = Pick<Turn, 'turnId' | 'parentTurnId' | 'promptText' | 'fewShots' | 'status' | 'createdAt'>
