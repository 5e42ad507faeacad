import type { Session, TurnResult } from '@etude/sdk/wire'
import { useSyncExternalStore } from 'react'
import { etude, queryClient } from '../api.ts'
import { sessionQuery } from '../queries.ts'
import { LiveTurn, type LiveView } from './live-turn.ts'
import { sessionOfTurn, withTurn } from './turns.ts'

/** The turns that this page reads or has read to their end, by id. */
const turns = new Map<number, LiveTurn>()
const listeners = new Set<() => void>()

/**
 * Opens a session with a first prompt, and resolves when the server has begun with it.
 *
 * @throws {EtudeError} when the server refuses.
 */
export function startSession(classId: number, prompt: string, models: readonly string[]): Promise<TurnResult> {
  return start(
    new LiveTurn((options) => etude.streamRun({ classId, prompt, models }, options), { onEnd: keep }),
    (_, turn) => sessionOfTurn(turn, classId),
  )
}

/** Asks the next prompt in a session, and resolves when the server has begun with it. @throws {EtudeError} likewise. */
export function startTurn(sessionId: number, prompt: string, models: readonly string[]): Promise<TurnResult> {
  return start(
    new LiveTurn((options) => etude.streamChat(sessionId, { prompt, models }, options), { onEnd: keep }),
    (session, turn) => session && withTurn(session, turn),
  )
}

/** Reads along with a turn that runs already; nothing happens if this page reads it. */
export function followTurn(turn: TurnResult): void {
  if (turns.has(turn.turn_id)) return
  add(turn.turn_id, new LiveTurn((options) => etude.followTurn(turn.turn_id, options), { known: turn, onEnd: keep }))
}

/** Stops reading the turns of a session; those that run go on at the server. */
export function leaveSession(sessionId: number): void {
  for (const [turnId, live] of turns) {
    if (live.view.turn?.session_id !== sessionId) continue
    live.leave()
    turns.delete(turnId)
  }
}

/** A turn as it is now, if this page reads it. */
export function useLiveTurn(turnId: number): LiveView | undefined {
  return useSyncExternalStore(
    (changed) => {
      let leave = turns.get(turnId)?.subscribe(changed)
      const changedSet = () => {
        leave?.()
        leave = turns.get(turnId)?.subscribe(changed)
        changed()
      }
      listeners.add(changedSet)
      return () => {
        leave?.()
        listeners.delete(changedSet)
      }
    },
    () => turns.get(turnId)?.view,
  )
}

async function start(
  live: LiveTurn,
  intoSession: (session: Session | undefined, turn: TurnResult) => Session | undefined,
): Promise<TurnResult> {
  const turn = await live.started
  add(turn.turn_id, live)
  queryClient.setQueryData(sessionQuery(turn.session_id).queryKey, (session) => intoSession(session, turn))
  void queryClient.invalidateQueries({ queryKey: ['sessions'] })
  return turn
}

function add(turnId: number, live: LiveTurn): void {
  turns.set(turnId, live)
  for (const listener of listeners) listener()
}

function keep(turn: TurnResult): void {
  const { queryKey } = sessionQuery(turn.session_id)
  queryClient.setQueryData(queryKey, (session) => session && withTurn(session, turn))
  // A model may have written a better title meanwhile.
  void queryClient.invalidateQueries({ queryKey })
  void queryClient.invalidateQueries({ queryKey: ['sessions'] })
}
