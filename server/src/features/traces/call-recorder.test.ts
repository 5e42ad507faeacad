import { describe, expect, it } from 'vitest'
import { openDatabase } from '../../db/open.ts'
import { testDatabases } from '../../db/testing.ts'
import { type CompletedCall, TraceRecorder } from './call-recorder.ts'
import { CallStore } from './call-store.ts'

function completed(callId: string): CompletedCall {
  return {
    projectId: 1,
    wbUserId: 'ada',
    callId,
    start: {
      traceId: 'trace',
      parentId: null,
      opName: 'answer',
      displayName: null,
      threadId: null,
      turnId: null,
      startedAt: '2026-11-25T10:00:00.000000Z',
      attributesJson: '{}',
      inputsJson: '{}',
      wbRunId: null,
      wbRunStep: null,
    },
    end: {
      endedAt: '2026-11-25T10:00:01.000000Z',
      exception: null,
      outputJson: 'null',
      summaryJson: '{}',
      wbRunStepEnd: null,
    },
  }
}

/** A store that fails the first times, and always for a call that cannot be stored. */
function failingStore(failures: number) {
  const writes: string[][] = []
  const stored: string[] = []
  const add: CallStore['add'] = async (parts) => {
    writes.push(parts.map((part) => part.callId))
    if (failures-- > 0 || parts.some((part) => part.callId === 'bad')) throw new Error('no')
    stored.push(...parts.map((part) => part.callId))
  }
  return { add, writes, stored }
}

const errors: unknown[] = []
const log = { error: (...args: unknown[]) => void errors.push(args) }

describe('recording calls', () => {
  it('writes what ends at about the same time together, also what comes meanwhile', async () => {
    const store = failingStore(0)
    const recorder = new TraceRecorder({ store, log })
    recorder.record([completed('a'), completed('b')])
    recorder.record([completed('c')])
    await recorder.settled()
    expect(store.writes).toEqual([['a', 'b', 'c']])
    await recorder.settled()
  })

  it('tries again, and loses nothing to a call that cannot be stored', async () => {
    const store = failingStore(1)
    const recorder = new TraceRecorder({ store, log, pauseMs: 1 })
    recorder.record([completed('a'), completed('bad'), completed('c')])
    await recorder.settled()
    expect(store.stored).toEqual(['a', 'c'])
    expect(errors).toHaveLength(2)
  })
})

describe.each(testDatabases)('recording calls on $name', ({ newConfig }) => {
  it('has stored everything when the server has stopped', async () => {
    const config = await newConfig()
    const database = await openDatabase(config)
    const recorder = new TraceRecorder({ store: new CallStore(database), log })
    recorder.record(Array.from({ length: 2_500 }, (_, index) => completed(`call ${index}`)))
    await recorder.settled()
    await database.close()
    const again = await openDatabase(config)
    const { count } = await again.db
      .selectFrom('calls')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow()
    await again.close()
    expect(Number(count)).toBe(2_500)
  })
})
