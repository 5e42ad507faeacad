import type { SessionSummary } from '@etude/sdk/wire'
import { expect, it } from 'vitest'
import { groupSessions } from './group-sessions.ts'

const used = (session_id: number, at: Date): SessionSummary => ({
  session_id,
  class_id: 1,
  project_id: null,
  title: `Session ${session_id}`,
  preview: '',
  model_names: [],
  turn_count: 1,
  created_at: at.toISOString(),
  updated_at: at.toISOString(),
  last_activity_at: at.toISOString(),
})
const now = new Date(2026, 2, 15, 0, 30)

it('groups by the days of the reader, not by hours', () => {
  const groups = groupSessions(
    [
      used(5, new Date(2026, 2, 15, 0, 10)),
      used(4, new Date(2026, 2, 14, 23, 50)),
      used(3, new Date(2026, 2, 9, 12, 0)),
      used(2, new Date(2026, 1, 20, 12, 0)),
      used(1, new Date(2026, 1, 2, 12, 0)),
      used(0, new Date(2025, 1, 2, 12, 0)),
    ],
    now,
  )
  expect(groups.map(({ kind, sessions }) => [kind, sessions.map(({ session_id }) => session_id)])).toEqual([
    ['today', [5]],
    ['yesterday', [4]],
    ['week', [3]],
    ['month', [2, 1]],
    ['month', [0]],
  ])
})

it('counts a session from a clock that is ahead as one of today', () => {
  expect(groupSessions([used(1, new Date(2026, 2, 16, 9, 0))], now)[0]?.kind).toBe('today')
})
