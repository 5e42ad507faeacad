import { createHmac } from 'node:crypto'
import type { Response } from '../../runs/turn.ts'

/** An answer as somebody sees it who shall not know whose it is. */
export type BlindAnswer = { answerId: string; name: string; response: Response }

/** Two answers to be judged, by their places. */
export type BlindPair = { left: BlindAnswer; right: BlindAnswer }

/** Whose eyes it is hidden from, in which experiment, and what it is hidden with. */
export type Blindfold = { personId: number; experimentId: number; key: Buffer }

/**
 * Answers in an order that is random for each person and always the same for one, under names that say nothing.
 *
 * Those that cannot be judged come last, so that the names of the others have no holes. Ids of responses increase in the
 * order of variants and would tell whose they are, so the answers have ids of their own.
 */
export function blindAnswers(responses: readonly Response[], blindfold: Blindfold): BlindAnswer[] {
  return responses
    .map((response) => ({ answerId: digest(blindfold, `answer ${response.responseId}`), response }))
    .sort((a, b) => Number(isVotable(b.response)) - Number(isVotable(a.response)) || compare(a.answerId, b.answerId))
    .map((answer, index) => ({ ...answer, name: letters(index) }))
}

/** All pairs of answers of different variants, in an order and with sides that are random for each person. */
export function blindPairs(answers: readonly BlindAnswer[], blindfold: Blindfold): BlindPair[] {
  return answers
    .flatMap((one, index) =>
      answers
        .slice(index + 1)
        .filter((other) => other.response.revision !== one.response.revision)
        .map((other) => ({ one, other, order: digest(blindfold, `pair ${one.answerId} ${other.answerId}`) })),
    )
    .sort((a, b) => compare(a.order, b.order))
    .map(({ one, other, order }) =>
      Number.parseInt(order.slice(-1), 16) % 2 === 0 ? { left: one, right: other } : { left: other, right: one },
    )
}

/** Whether there is anything to judge: the whole of an answer that says something. */
export function isVotable({ status, text }: Response): boolean {
  return status === 'complete' && text.trim() !== ''
}

function digest({ personId, experimentId, key }: Blindfold, what: string): string {
  return createHmac('sha256', key).update(`${personId} ${experimentId} ${what}`).digest('hex').slice(0, 24)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** A, B, … Z, AA, AB, … */
function letters(index: number): string {
  const letter = String.fromCharCode(65 + (index % 26))
  return index < 26 ? letter : letters(Math.floor(index / 26) - 1) + letter
}
