import { newResult } from '@etude/sdk/turn-state'
import type { ModelResult, Session, TurnResult } from '@etude/sdk/wire'

/** The turns of a session, oldest first, each with its answers in the order of the lanes. */
export function turnsOf(session: Session): TurnResult[] {
  const byTurn = new Map<number, ModelResult[]>()
  for (const response of session.responses) {
    const results = byTurn.get(response.turn_id)
    if (results) results.push(response)
    else byTurn.set(response.turn_id, [response])
  }
  return session.turns.map((turn) => ({
    ...turn,
    session_id: session.session_id,
    session_title: session.title,
    results: byTurn.get(turn.turn_id) ?? [],
  }))
}

/** The session with a turn as it is now; a turn that it does not have yet becomes its last. */
export function withTurn(session: Session, turn: TurnResult): Session {
  const { turn_id, parent_turn_id, prompt_text, status, created_at } = turn
  const isNew = !session.turns.some((known) => known.turn_id === turn_id)
  const kept = session.turns.map((known) => (known.turn_id === turn_id ? { ...known, status } : known))
  return {
    ...session,
    turns: isNew ? [...kept, { turn_id, parent_turn_id, prompt_text, status, created_at }] : kept,
    turn_count: session.turn_count + (isNew ? 1 : 0),
    responses: [...session.responses.filter((response) => response.turn_id !== turn_id), ...turn.results],
  }
}

/** A session as far as its first turn tells, to show before the server has been asked for it. */
export function sessionOfTurn(turn: TurnResult, classId: number): Session {
  const { session_id, created_at, results } = turn
  const session: Session = {
    session_id,
    class_id: classId,
    title: turn.session_title ?? '',
    preview: turn.prompt_text,
    project_id: null,
    user_id: 0,
    notes: null,
    knowledge_ids: [],
    agent_id: null,
    settings: null,
    model_names: results.map(({ model_name }) => model_name),
    turn_count: 0,
    created_at,
    updated_at: created_at,
    last_activity_at: created_at,
    models: results.map(({ session_model_id, model_name, is_primary, generation_params }) => ({
      session_model_id,
      session_id,
      model_name,
      is_primary,
      is_active: true,
      generation_params,
    })),
    turns: [],
    responses: [],
  }
  return withTurn(session, turn)
}

/** What stands in the place of a turn between asking and the server's first word. */
export function pendingTurn(session: Session, prompt: string, modelNames: readonly string[]): TurnResult {
  const created_at = new Date().toISOString()
  const lanes = session.models.filter(({ model_name }) => modelNames.includes(model_name))
  const results = lanes.map(
    (lane, index): ModelResult =>
      newResult(
        { ...lane, response_id: -1 - index, attempt: 1, revision: 1, call_ref: null },
        { turn_id: PENDING, prompt_text: prompt, created_at },
      ),
  )
  const { session_id, title } = session
  return {
    session_id,
    session_title: title,
    turn_id: PENDING,
    parent_turn_id: null,
    status: 'running',
    prompt_text: prompt,
    created_at,
    results,
  }
}

/** The id of a turn that has none yet. */
export const PENDING = -1
