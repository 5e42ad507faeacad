import { randomUUID } from 'node:crypto'

/** How many pieces of feedback there are about one call, and of one person. */
const PER_CALL = 4
const PER_USER = 10

export const refOf = (call) => `weave:///bench/demo/call/${call}`
export const userOf = (number) => `user-${number}`

/** What somebody says about the n-th answer: three values, of which the user's name is looked for. */
export function newFeedback(n) {
  return {
    id: randomUUID(),
    project_id: 'bench/demo',
    weave_ref: refOf(Math.floor(n / PER_CALL)),
    creator: 'bench',
    feedback_type: 'custom',
    payload: { score: (n % 100) / 100, user: userOf(Math.floor(n / PER_USER)), note: `That is what I wanted, ${n}.` },
  }
}

/** How many calls and users so many rows are about. */
export const callsIn = (rows) => Math.max(1, Math.floor(rows / PER_CALL))
export const usersIn = (rows) => Math.max(1, Math.floor(rows / PER_USER))

export const ROW_COLUMNS = [
  'project_id',
  'row_id',
  'id',
  'weave_ref',
  'wb_user_id',
  'creator',
  'created_at',
  'feedback_type',
  'payload',
  'has_leaves',
]
export const LEAF_COLUMNS = ['project_id', 'path', 'value', 'row_id']

let rowId = 0

/** The rows that Etude stores for it. */
export function toRows(feedback) {
  rowId += 1
  const { id, weave_ref, creator, feedback_type, payload } = feedback
  const row = [1, rowId, id, weave_ref, 'bench', creator, new Date().toISOString(), feedback_type]
  return {
    row: [...row, JSON.stringify(payload), 1],
    leaves: Object.entries(payload).map(([key, value]) => [
      1,
      `.${key}`,
      `${typeof value === 'number' ? 'n' : 's'}${value}`,
      rowId,
    ]),
  }
}
