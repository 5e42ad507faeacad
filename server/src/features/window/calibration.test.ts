import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Calibration } from './calibration.ts'

describe('calibration', () => {
  it('knows nothing at first', () => {
    const calibration = new Calibration()
    expect(calibration.factor('llama')).toBe(1)
    expect(calibration.reports('llama')).toBe(0)
  })

  it.each([0.7, 1.3, 1.7])('learns within some ten requests that a model counts %f times as many tokens', (ratio) => {
    const calibration = new Calibration()
    for (let request = 0; request < 15; request++) calibration.calibrate('llama', 1000, 1000 * ratio)
    expect(calibration.factor('llama') / ratio).toBeGreaterThan(0.9)
    expect(calibration.factor('llama') / ratio).toBeLessThan(1.1)
    expect(calibration.factor('qwen')).toBe(1)
  })

  it('does not overshoot when many requests that were estimated together report together', () => {
    const calibration = new Calibration()
    for (let student = 0; student < 300; student++) calibration.calibrate('llama', 1000, 1300)
    expect(calibration.factor('llama')).toBeCloseTo(1.3, 2)
  })

  it('moves slowly, and is not led astray by an outlier now and then', () => {
    const calibration = new Calibration()
    for (let request = 0; request < 30; request++) calibration.calibrate('llama', 1000, 1200)
    const before = calibration.factor('llama')
    calibration.calibrate('llama', 1000, 3900)
    expect(calibration.factor('llama') / before).toBeGreaterThan(1)
    expect(calibration.factor('llama') / before).toBeLessThan(1.02)
    for (let request = 0; request < 500; request++)
      calibration.calibrate('llama', 1000, request % 10 === 0 ? 3900 : 1200)
    expect(calibration.factor('llama') / 1.2).toBeLessThan(1.05)
  })

  it('does not listen to reports that cannot be about the same text', () => {
    const calibration = new Calibration()
    for (const [estimated, reported] of [
      [1000, 5000],
      [1000, 100],
      [10, 12],
      [1000, 0],
      [1000, -5],
      [1000, Number.NaN],
      [Number.NaN, 1000],
      [1000, Number.POSITIVE_INFINITY],
    ] as const)
      calibration.calibrate('llama', estimated, reported)
    expect(calibration.factor('llama')).toBe(1)
    expect(calibration.reports('llama')).toBe(0)
  })

  it('stays between a half and two', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.double(), fc.double())), fc.double({ min: 0.25, max: 4 }), (reports, ratio) => {
        const calibration = new Calibration()
        for (const [estimated, reported] of reports) calibration.calibrate('llama', estimated, reported)
        for (let request = 0; request < 50; request++) calibration.calibrate('llama', 100, 100 * ratio)
        expect(calibration.factor('llama')).toBeGreaterThanOrEqual(0.4999)
        expect(calibration.factor('llama')).toBeLessThanOrEqual(2.0001)
      }),
    )
  })
})
