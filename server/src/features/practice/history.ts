import type { ChatMessage } from '../../models/language-model.ts'

/** What a session's turns and answers are, as far as histories need it. */
export type Transcript = {
  turns: readonly { turnId: number; parentTurnId: number | null; promptText: string }[]
  /** Answers that said something, oldest first. */
  answers: readonly { responseId: number; turnId: number; laneId: number; text: string }[]
  /** Where a lane goes on from another answer than its own latest. */
  choices: readonly { turnId: number; laneId: number; responseId: number }[]
}

/** The turns from the first one to the given one, which is the last; none for null. */
export function pathTo(turns: Transcript['turns'], turnId: number | null): Transcript['turns'][number][] {
  const byId = new Map(turns.map((turn) => [turn.turnId, turn]))
  const path: Transcript['turns'][number][] = []
  for (let turn = turnId === null ? undefined : byId.get(turnId); turn; ) {
    path.unshift(turn)
    turn = turn.parentTurnId === null ? undefined : byId.get(turn.parentTurnId)
  }
  return path
}

/**
 * Builds what each lane remembers along one path of turns: its own latest answer to each, or the one chosen for it. A
 * turn to which it has no answer is not part of its history.
 */
export function historyOfLanes(transcript: Transcript, path: Transcript['turns']): (laneId: number) => ChatMessage[] {
  const byId = new Map(transcript.answers.map((answer) => [answer.responseId, answer]))
  const chosen = new Map<string, { text: string }>()
  for (const answer of transcript.answers) chosen.set(`${answer.turnId} ${answer.laneId}`, answer)
  for (const { turnId, laneId, responseId } of transcript.choices) {
    const answer = byId.get(responseId)
    if (answer) chosen.set(`${turnId} ${laneId}`, answer)
  }
  return (laneId) =>
    path.flatMap(({ turnId, promptText }): ChatMessage[] => {
      const answer = chosen.get(`${turnId} ${laneId}`)
      if (!answer) return []
      return [
        { role: 'user', content: promptText },
        { role: 'assistant', content: answer.text },
      ]
    })
}
