import type { LaneStart, TurnEvent } from './turn-events.ts'
import type { ModelResult, SkillCall, TurnResult } from './wire.ts'

/** A turn as far as its events have told, in the shape in which it will be when it has ended. */
export type TurnState = {
  readonly turn: TurnResult
  /** Where to go on reading. */
  readonly lastEventId: number
  /** Deltas that came before the text they continue. */
  readonly early: readonly Delta[]
}

type Delta = Extract<TurnEvent, { type: 'text-delta' | 'reasoning-delta' }>

/** The state of a turn that was read as a whole, so that its events can be applied on top. */
export function stateOfTurn(turn: TurnResult): TurnState {
  return { turn, lastEventId: 0, early: [] }
}

/**
 * Applies one event. Applying an event twice, or events that the state has already seen, changes nothing; a delta that
 * comes too early waits for what is missing. Lanes that an event does not concern keep their identity.
 *
 * @param state undefined before the first event; stays undefined until an event says what the turn is.
 */
export function applyEvent(state: TurnState | undefined, event: TurnEvent): TurnState | undefined {
  if (event.type === 'turn-start') return seen(state ?? startTurn(event), event)
  if (event.type === 'turn-end') return { turn: event.result, lastEventId: event.id, early: [] }
  if (!state) return undefined
  return seen(applyToLane(state, event), event)
}

function applyToLane(state: TurnState, event: Exclude<TurnEvent, { type: 'turn-start' | 'turn-end' }>): TurnState {
  const lane = state.turn.results.find((result) => result.response_id === event.response_id)
  // A lane that is asked once more joins the turn with its own start.
  if (!lane && event.type === 'response-start') return withNewLane(state, event)
  // How a lane ended is final: what is replayed afterwards is older.
  if (lane?.status !== 'running') return state
  switch (event.type) {
    case 'response-start':
      return withLane(state, {
        ...lane,
        generation_params: event.generation_params,
        dropped_params: event.dropped_params,
        trim: event.trim,
      })
    case 'text-delta':
    case 'reasoning-delta':
      return applyDelta(state, lane, event)
    case 'skill-plan':
      return state
    case 'skill-call':
    case 'skill-result':
      return withLane(state, withCall(lane, event.call))
    case 'response-end':
    case 'response-error':
      return withLane({ ...state, early: state.early.filter((delta) => !isOf(delta, lane)) }, event.result)
  }
}

function applyDelta(state: TurnState, lane: ModelResult, delta: Delta): TurnState {
  const next = append(lane, delta)
  if (next === 'too-early') return { ...state, early: [...state.early, delta] }
  if (next === lane) return state

  // What waited may fit now.
  let grown = next
  let waiting = state.early
  for (let before = -1; before !== waiting.length; ) {
    before = waiting.length
    waiting = waiting.filter((early) => {
      const result = isOf(early, grown) ? append(grown, early) : 'too-early'
      if (result === 'too-early') return true
      grown = result
      return false
    })
  }
  return withLane(waiting.length === state.early.length ? state : { ...state, early: waiting }, grown)
}

/** The lane with the part of a delta that it does not have yet. */
function append(lane: ModelResult, { type, offset, text }: Delta): ModelResult | 'too-early' {
  const field = type === 'text-delta' ? 'response_text' : 'reasoning_text'
  const missing = lane[field].length - offset
  if (missing < 0) return 'too-early'
  return missing >= text.length ? lane : { ...lane, [field]: lane[field] + text.slice(missing) }
}

/** The lane with a call that is new or has gone on; an older event changes nothing. */
function withCall(lane: ModelResult, call: SkillCall): ModelResult {
  const known = lane.skill_calls.find(({ call_id }) => call_id === call.call_id)
  if (!known) return { ...lane, skill_calls: [...lane.skill_calls, call] }
  if (PROGRESS[call.status] < PROGRESS[known.status]) return lane
  return { ...lane, skill_calls: lane.skill_calls.map((one) => (one === known ? call : one)) }
}

const PROGRESS: Record<SkillCall['status'], number> = {
  waiting: 0,
  running: 1,
  complete: 2,
  failed: 2,
  refused: 2,
  stopped: 2,
}

function isOf(delta: Delta, lane: ModelResult): boolean {
  return delta.response_id === lane.response_id
}

function withLane(state: TurnState, lane: ModelResult): TurnState {
  const results = state.turn.results.map((result) => (result.response_id === lane.response_id ? lane : result))
  return { ...state, turn: { ...state.turn, results } }
}

function seen(state: TurnState, { id }: TurnEvent): TurnState {
  return id > state.lastEventId ? { ...state, lastEventId: id } : state
}

function withNewLane(state: TurnState, event: Extract<TurnEvent, { type: 'response-start' }>): TurnState {
  const { turn } = state
  const { generation_params, dropped_params, trim } = event
  const lane = { ...newResult(event, turn), generation_params, dropped_params, trim }
  return { ...state, turn: { ...turn, status: 'running', results: [...turn.results, lane] } }
}

function startTurn(event: Extract<TurnEvent, { type: 'turn-start' }>): TurnState {
  const { session_id, session_title, turn_id, parent_turn_id, prompt_text, created_at } = event
  const results = event.lanes.map((lane) => newResult(lane, event))
  return stateOfTurn({
    session_id,
    session_title,
    turn_id,
    parent_turn_id,
    status: 'running',
    prompt_text,
    created_at,
    results,
  })
}

/** A response of which nothing has come yet. */
export function newResult(
  { response_id, session_model_id, model_name, is_primary, attempt, revision, call_ref }: LaneStart,
  { turn_id, prompt_text, created_at }: Pick<TurnResult, 'turn_id' | 'prompt_text' | 'created_at'>,
): ModelResult {
  return {
    response_id,
    session_model_id,
    model_name,
    is_primary,
    attempt,
    revision,
    turn_id,
    prompt_text,
    response_text: '',
    reasoning_text: '',
    created_at,
    token_usage: null,
    latency_ms: null,
    first_token_ms: null,
    cost: null,
    generation_params: {},
    dropped_params: [],
    trim: null,
    skill_calls: [],
    call_ref,
    status: 'running',
    finish_reason: null,
    error: null,
  }
}
