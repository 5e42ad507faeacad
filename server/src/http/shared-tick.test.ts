import { expect, it, onTestFinished, vi } from 'vitest'
import { SharedTick } from './shared-tick.ts'

it('waits with one timer for all who come meanwhile, and with the next one for who comes then', () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const tick = new SharedTick(8)
  const done: string[] = []
  tick.soon(() => {
    done.push('first')
    tick.soon(() => done.push('next'))
  })
  vi.advanceTimersByTime(7)
  tick.soon(() => done.push('second'))
  expect([vi.getTimerCount(), done]).toEqual([1, []])
  vi.advanceTimersByTime(1)
  expect([vi.getTimerCount(), done]).toEqual([1, ['first', 'second']])
  vi.advanceTimersByTime(8)
  expect([vi.getTimerCount(), done]).toEqual([0, ['first', 'second', 'next']])
})
