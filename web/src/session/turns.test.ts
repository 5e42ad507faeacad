import type { ModelResult, TurnResult } from '@etude/sdk/wire'
import { expect, it } from 'vitest'
import { pendingTurn, sessionOfTurn, turnsOf, withTurn } from './turns.ts'

const answer = (response_id: number, turn_id: number, model_name: string): ModelResult => ({
  session_model_id: model_name === 'one' ? 11 : 12,
  model_name,
  response_id,
  turn_id,
  prompt_text: 'Why?',
  response_text: 'Because.',
  reasoning_text: '',
  created_at: '2026-03-01T09:00:00.000Z',
  token_usage: null,
  latency_ms: null,
  first_token_ms: null,
  cost: null,
  is_primary: model_name === 'one',
  attempt: 1,
  revision: 1,
  skill_calls: [],
  trim: null,
  call_ref: null,
  generation_params: {},
  dropped_params: [],
  status: 'complete',
  finish_reason: 'stop',
  error: null,
})
const turn = (turn_id: number, results: ModelResult[], status: TurnResult['status'] = 'complete'): TurnResult => ({
  session_id: 7,
  session_title: 'Why',
  turn_id,
  parent_turn_id: null,
  status,
  prompt_text: 'Why?',
  created_at: '2026-03-01T09:00:00.000Z',
  results,
})
const first = turn(1, [answer(1, 1, 'one'), answer(2, 1, 'two')])
const session = sessionOfTurn(first, 3)

it('shows a new session from its first turn', () => {
  expect(session).toMatchObject({ session_id: 7, class_id: 3, title: 'Why', turn_count: 1 })
  expect(session.models.map(({ model_name }) => model_name)).toEqual(['one', 'two'])
  expect(turnsOf(session)).toEqual([first])
})

it('gives each turn its own answers', () => {
  const second = turn(2, [answer(3, 2, 'two')])
  expect(turnsOf(withTurn(session, second))).toEqual([first, second])
})

it('replaces a turn that has gone on, and keeps its place', () => {
  const running = withTurn(session, turn(2, [{ ...answer(3, 2, 'one'), status: 'running' }], 'running'))
  const ended = withTurn(running, turn(2, [answer(3, 2, 'one')]))
  expect(ended.turns.map(({ turn_id, status }) => [turn_id, status])).toEqual([
    [1, 'complete'],
    [2, 'complete'],
  ])
  expect(ended.turn_count).toBe(2)
  expect(ended.responses).toHaveLength(3)
})

it('opens empty lanes for the models that are being asked, in the order of the session', () => {
  const { results } = pendingTurn(session, 'And?', ['two', 'one'])
  expect(results.map(({ model_name, status, response_text }) => [model_name, status, response_text])).toEqual([
    ['one', 'running', ''],
    ['two', 'running', ''],
  ])
  expect(pendingTurn(session, 'And?', ['two']).results.map(({ session_model_id }) => session_model_id)).toEqual([12])
})
