import { describe, expect, it } from 'vitest'
import { LaneRun } from './lane-run.ts'
import { LiveRun } from './live-run.ts'
import type { Response, Turn } from './turn.ts'

const turn: Turn = {
  sessionId: 1,
  turnId: 2,
  parentTurnId: null,
  fewShots: [],
  sessionTitle: 't',
  promptText: 'p',
  status: 'running',
  createdAt: '',
}

function liveRun() {
  const response = { responseId: 7, status: 'running' } as Response
  const lane = new LaneRun({
    response,
    provider: 'test',
    model: { stream: () => (async function* () {})() },
    request: { messages: [], parameters: {} },
    costOf: () => null,
    countTokens: (text) => text.length,
  })
  const run = new LiveRun(turn, [lane])
  const say = (text: string) => {
    lane.text.add(text)
    run.announceText()
  }
  return { run, lane, say }
}

describe('a live run', () => {
  it('numbers its events and gives each reader those after its own', () => {
    const { run, say } = liveRun()
    say('one ')
    say('two ')
    expect(run.since(0)?.map(({ seq, event }) => [seq, event])).toEqual([
      [1, { type: 'text-delta', responseId: 7, offset: 0, text: 'one ' }],
      [2, { type: 'text-delta', responseId: 7, offset: 4, text: 'two ' }],
    ])
    expect(run.since(1)?.map(({ seq }) => seq)).toEqual([2])
    expect(run.since(2)).toEqual([])
  })

  it('stores many small texts as one row that carries the number of the last', () => {
    const { run, say } = liveRun()
    say('one ')
    say('two ')
    expect(run.takeRows()).toEqual([{ seq: 2, type: 'text-delta', data: JSON.stringify([7, 0, 'one two ']) }])
    say('three')
    expect(run.takeRows()).toEqual([{ seq: 3, type: 'text-delta', data: JSON.stringify([7, 8, 'three']) }])
  })

  it('shows an end only once it is stored, and nothing that came after it before it', () => {
    const { run, say } = liveRun()
    say('before')
    const rows = run.hold([{ type: 'turn-end', turn, responses: [] }])
    say('after')
    expect(rows).toMatchObject([{ seq: 2, type: 'turn-end' }])
    expect(run.since(0)?.map(({ seq }) => seq)).toEqual([1])
    run.show()
    expect(run.since(0)?.map(({ seq }) => seq)).toEqual([1, 2, 3])
  })

  it('lets go of what was stored a flush ago, and sends slower readers to the log', () => {
    const { run, say } = liveRun()
    say('one')
    run.takeRows()
    run.forgetStored(1)
    expect(run.since(0)).toHaveLength(1)
    say('two')
    run.takeRows()
    run.forgetStored(2)
    expect(run.since(0)).toBeUndefined()
    expect(run.since(1)?.map(({ seq }) => seq)).toEqual([2])
  })

  it('keeps rows that could not be stored, in order', () => {
    const { run, say } = liveRun()
    say('one')
    const failed = run.takeRows()
    say('two')
    run.returnRows(failed)
    expect(run.takeRows().map(({ seq }) => seq)).toEqual([1, 2])
  })

  it('wakes every waiting reader once', () => {
    const { run, say } = liveRun()
    let woken = 0
    run.onNews(() => woken++)
    const stopWaiting = run.onNews(() => woken++)
    stopWaiting()
    say('one')
    say('two')
    expect(woken).toBe(1)
  })
})
