import type { SessionSummary } from '@etude/sdk/wire'

/** `month` groups carry the time of their first session. */
export type SessionGroup = {
  kind: 'today' | 'yesterday' | 'week' | 'month'
  key: string
  at: string
  sessions: SessionSummary[]
}

/**
 * Puts sessions that were used on the same day, in the same week or in the same month together, keeping their order.
 *
 * @param now days begin at midnight where the reader is.
 */
export function groupSessions(sessions: readonly SessionSummary[], now: Date): SessionGroup[] {
  const groups: SessionGroup[] = []
  for (const session of sessions) {
    const at = session.last_activity_at
    const { kind, key } = placeOf(new Date(at), now)
    const last = groups.at(-1)
    if (last?.key === key) last.sessions.push(session)
    else groups.push({ kind, key, at, sessions: [session] })
  }
  return groups
}

function placeOf(at: Date, now: Date): Pick<SessionGroup, 'kind' | 'key'> {
  const daysAgo = Math.round((midnight(now) - midnight(at)) / 86_400_000)
  if (daysAgo <= 0) return { kind: 'today', key: 'today' }
  if (daysAgo === 1) return { kind: 'yesterday', key: 'yesterday' }
  if (daysAgo <= 7) return { kind: 'week', key: 'week' }
  return { kind: 'month', key: `${at.getFullYear()}-${at.getMonth()}` }
}

function midnight(time: Date): number {
  return new Date(time.getFullYear(), time.getMonth(), time.getDate()).getTime()
}
