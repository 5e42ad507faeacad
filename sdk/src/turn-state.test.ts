import { describe, expect, it } from 'vitest'
import type { TurnEvent } from './turn-events.ts'
import { applyEvent, stateOfTurn, type TurnState } from './turn-state.ts'
import type { ModelResult, SkillCall, TurnResult } from './wire.ts'

const first = { attempt: 1, revision: 1, call_ref: null }
const lanes = [
  { response_id: 1, session_model_id: 11, model_name: 'one', is_primary: true, ...first },
  { response_id: 2, session_model_id: 12, model_name: 'two', is_primary: false, ...first },
]
const start: TurnEvent = {
  id: 1,
  type: 'turn-start',
  session_id: 7,
  session_title: 'Hello',
  turn_id: 9,
  parent_turn_id: null,
  prompt_text: 'Hello?',
  created_at: '2026-03-01T09:00:00.000Z',
  lanes,
}
const text = (id: number, offset: number, piece: string, response_id = 1): TurnEvent => ({
  id,
  type: 'text-delta',
  response_id,
  offset,
  text: piece,
})
const play = (events: TurnEvent[], from?: TurnState) => events.reduce(applyEvent, from)
const textOf = (state: TurnState | undefined, index = 0) => state?.turn.results[index]?.response_text

function ended(state: TurnState | undefined, changes: Partial<ModelResult>): ModelResult {
  const lane = state?.turn.results[0]
  if (!lane) throw new Error('the turn has not started')
  return { ...lane, status: 'complete', finish_reason: 'stop', ...changes }
}

describe('applyEvent', () => {
  it('opens every lane, empty and running, when the turn starts', () => {
    const state = play([start])
    expect(state?.turn).toMatchObject({ turn_id: 9, session_id: 7, status: 'running', prompt_text: 'Hello?' })
    expect(state?.turn.results).toMatchObject([
      { model_name: 'one', response_text: '', status: 'running', is_primary: true },
      { model_name: 'two', response_text: '', status: 'running', is_primary: false },
    ])
  })

  it('knows nothing before an event says what the turn is', () => {
    expect(play([text(5, 0, 'lost')])).toBeUndefined()
  })

  it('appends deltas and leaves other lanes as they are', () => {
    const before = play([start, text(2, 0, 'Good ')])
    const after = play([text(3, 5, 'day')], before)
    expect(textOf(after)).toBe('Good day')
    expect(after?.turn.results[1]).toBe(before?.turn.results[1])
    expect(after?.lastEventId).toBe(3)
  })

  it('keeps the calls of skills at where they have come, whatever is replayed', () => {
    const call = (id: number, status: SkillCall['status'], type: 'skill-call' | 'skill-result'): TurnEvent => ({
      id,
      type,
      response_id: 1,
      call: { call_id: '1-1-1', status } as SkillCall,
    })
    const waits = call(2, 'waiting', 'skill-call')
    const runs = call(3, 'running', 'skill-call')
    const done = call(4, 'complete', 'skill-result')
    const callsOf = (state: TurnState | undefined) => state?.turn.results[0]?.skill_calls.map(({ status }) => status)
    expect(callsOf(play([start, waits]))).toEqual(['waiting'])
    expect(callsOf(play([start, waits, runs, done]))).toEqual(['complete'])
    expect(callsOf(play([start, waits, runs, done, waits, runs]))).toEqual(['complete'])
  })

  it('keeps text and reasoning apart', () => {
    const state = play([
      start,
      { id: 2, type: 'reasoning-delta', response_id: 1, offset: 0, text: 'Hm.' },
      text(3, 0, 'Yes.'),
    ])
    expect(state?.turn.results[0]).toMatchObject({ reasoning_text: 'Hm.', response_text: 'Yes.' })
  })

  it('is not changed by a delta that it has seen', () => {
    const state = play([start, text(2, 0, 'Good '), text(3, 5, 'day')])
    expect(play([start, text(2, 0, 'Good '), text(3, 5, 'day')], state)).toBe(state)
  })

  it('takes only the missing part of a longer delta that covers what it has', () => {
    const state = play([start, text(2, 0, 'Good '), text(9, 0, 'Good day, everybody')])
    expect(textOf(state)).toBe('Good day, everybody')
  })

  it('counts offsets in UTF-16 code units, even inside a surrogate pair', () => {
    const state = play([start, text(2, 0, '음 \ud83c'), text(3, 3, '\udfb5'), text(4, 4, '!')])
    expect(textOf(state)).toBe('음 🎵!')
  })

  it('lets a delta that came too early wait for what is missing', () => {
    const early = play([start, text(4, 10, 'end'), text(3, 5, 'then ')])
    expect(textOf(early)).toBe('')
    const state = play([text(2, 0, 'this ')], early)
    expect(textOf(state)).toBe('this then end')
    expect(state?.early).toEqual([])
  })

  it('gives the same text in whatever order deltas arrive, however often', () => {
    const deltas = ['one ', 'two ', 'three ', 'four'].map((piece, index, all) =>
      text(index + 2, all.slice(0, index).join('').length, piece),
    )
    const [a, b, c, d] = deltas as [TurnEvent, TurnEvent, TurnEvent, TurnEvent]
    for (const order of [
      [d, c, b, a],
      [b, d, a, c],
      [a, a, c, b, b, d, c],
      [c, a, d, d, b, a],
    ])
      expect(textOf(play([start, ...order]))).toBe('one two three four')
  })

  it('goes on from a turn that was read as a whole, when everything is replayed', () => {
    const whole = play([start, text(2, 0, 'Good ')])?.turn as TurnResult
    const state = play([start, text(2, 0, 'Good '), text(3, 5, 'day')], stateOfTurn(whole))
    expect(textOf(state)).toBe('Good day')
    expect(state?.lastEventId).toBe(3)
  })

  it('takes the result with which a lane ends, and then nothing more for that lane', () => {
    const begun = play([start, text(2, 0, 'Good '), text(4, 50, 'stray')])
    const result = ended(begun, { response_text: 'Good day', latency_ms: 12 })
    const state = play(
      [{ id: 5, type: 'response-end', response_id: 1, result }, text(6, 0, 'Good day and more'), text(7, 0, 'hi', 2)],
      begun,
    )
    expect(state?.turn.results[0]).toBe(result)
    expect(state?.early).toEqual([])
    expect(textOf(state, 1)).toBe('hi')
  })

  it('keeps what a lane has said when it fails, and goes on with the others', () => {
    const begun = play([start, text(2, 0, 'Half')])
    const error = { code: 'timeout', message: 'Too slow.', provider_message: null }
    const result = ended(begun, { status: 'failed', error })
    const state = play(
      [{ id: 3, type: 'response-error', response_id: 1, ...error, result }, text(4, 0, 'ok', 2)],
      begun,
    )
    expect(state?.turn.results).toMatchObject([
      { status: 'failed', response_text: 'Half', error: { code: 'timeout' } },
      { status: 'running', response_text: 'ok' },
    ])
  })

  it('names the parameters that were sent and those that were dropped', () => {
    const dropped_params = [{ name: 'top_k', reason: 'The model does not take it.' }]
    const state = play([
      start,
      {
        ...lanes[1]!,
        id: 2,
        type: 'response-start',
        generation_params: { temperature: 0.2 },
        dropped_params,
        trim: null,
      },
    ])
    expect(state?.turn.results[1]).toMatchObject({ generation_params: { temperature: 0.2 }, dropped_params })
  })

  it('takes in a lane that is asked once more', () => {
    const again = { ...lanes[0]!, response_id: 3, attempt: 2 }
    const state = play([
      start,
      { ...again, id: 5, type: 'response-start', generation_params: {}, dropped_params: [], trim: null },
      text(6, 0, 'Better', 3),
    ])
    expect(state?.turn.results[2]).toMatchObject({
      model_name: 'one',
      attempt: 2,
      response_text: 'Better',
      status: 'running',
    })
  })

  it('ends with the result of the whole turn', () => {
    const begun = play([start, text(2, 0, 'Good')])
    const result = { ...(begun?.turn as TurnResult), status: 'complete' as const }
    expect(play([{ id: 9, type: 'turn-end', result }], begun)).toEqual({ turn: result, lastEventId: 9, early: [] })
  })
})
