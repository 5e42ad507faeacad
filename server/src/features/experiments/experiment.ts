import type { Response } from '../../runs/turn.ts'

/** One prompt asked of several variants, each as often as the others, to compare what they answer. */
export type Experiment = {
  experimentId: number
  /** Whose it is. */
  personId: number
  classId: number
  /** Its own session, with the one turn that all variants answer. */
  sessionId: number
  turnId: number
  repeats: number
  /** Whether the class may vote on its answers. */
  isShared: boolean
  createdAt: string
}

/** A model with settings: those of a revision of the experiment's session. */
export type ExperimentVariant = { revision: number; label: string; modelName: string }

/** Of each lane only its latest answer counts: it may have been asked once more. */
export function latestAttempts(responses: readonly Response[]): Response[] {
  const latest = new Map<number, Response>()
  for (const response of responses) {
    const other = latest.get(response.laneId)
    if (!other || other.attempt < response.attempt) latest.set(response.laneId, response)
  }
  return [...latest.values()]
}
