import type { IdAllocator } from '../../db/ids.ts'
import type { PracticeSession } from './session.ts'

/** What must be said of a new session; the rest is what sessions begin with. */
type Given = Pick<PracticeSession, 'personId' | 'classId' | 'title' | 'preview' | 'revision' | 'turnCount'> &
  Partial<Pick<PracticeSession, 'titleSource' | 'notes' | 'projectId'>>

/** A session with ids of its own, not stored yet. */
export async function newSession(ids: IdAllocator, given: Given, now: string): Promise<PracticeSession> {
  return {
    projectId: null,
    titleSource: 'prompt',
    notes: null,
    sessionId: await ids.take('session'),
    settingId: await ids.take('setting'),
    createdAt: now,
    updatedAt: now,
    lastTurnAt: now,
    ...given,
  }
}
