import { expect, it } from 'vitest'
import { formats } from './format.ts'

it('shows durations in seconds, finer when they are short', () => {
  const { duration } = formats('en')
  expect([duration(4), duration(420), duration(12_340)]).toEqual(['0.00s', '0.42s', '12.3s'])
  expect(formats('en').stopwatch(1_290)).toBe('1.2s')
  expect(formats('ko').duration(420)).toBe('0.42초')
  expect(formats('ja').duration(420)).toBe('0.42 秒')
})

it('shows what an answer costs, even when that is a fraction of a cent', () => {
  const { money } = formats('en')
  expect([money(0), money(0.000_012_34), money(0.0456), money(1.5)]).toEqual(['$0.00', '$0.000012', '$0.046', '$1.50'])
  expect(formats('ko').money(0.0012)).toBe('$0.0012')
})
