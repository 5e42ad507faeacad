import type { GenerationParams, Turn } from '../../runs/turn.ts'

/** A conversation: one person's, in one class, with one or more lanes. */
export type PracticeSession = {
  sessionId: number
  personId: number
  classId: number
  title: string
  preview: string
  generationParams: GenerationParams
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
  generationParams: GenerationParams
}

/** A session as lists show it. */
export type SessionSummary = PracticeSession & { modelNames: string[] }

/** A turn as its session lists it. */
export type SessionTurn = Pick<Turn, 'turnId' | 'promptText' | 'status' | 'createdAt'>
