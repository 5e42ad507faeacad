import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cutLongRuns, SLICE_LENGTH, textSlices } from './text-slices.ts'

describe('the slices of a text', () => {
  it('are the text itself when it is short, and nothing when it is empty', () => {
    expect([...textSlices('안녕')]).toEqual(['안녕'])
    expect([...textSlices('')]).toEqual([])
  })

  it('end after a letter and begin with a space or a full stop', () => {
    const slices = [...textSlices('The quick brown fox, 42 of them; 도서관은 조용했다. '.repeat(1000))]
    expect(slices.length).toBeGreaterThan(3)
    for (const slice of slices.slice(1)) expect(slice).toMatch(/^[ ,.]/)
    for (const slice of slices.slice(0, -1)) expect(slice).toMatch(/\p{L}$/u)
  })

  it.each(['あ', '😀', ' ', '\n', '!', '\ud83d', '\ude00'])(
    'together are the text, none too long, for a run of %j',
    (unit) => {
      for (const offset of ['', 'x']) {
        const text = offset + unit.repeat(20_000)
        const slices = [...textSlices(text)]
        expect(slices.join('')).toBe(text)
        for (const slice of slices) {
          expect(slice.length).toBeGreaterThan(0)
          expect(slice.length).toBeLessThanOrEqual(SLICE_LENGTH)
          expect(cutLongRuns(slice).join('')).toBe(slice)
        }
      }
    },
  )

  it('never part a pair of surrogates', () => {
    const text = `x${'😀'.repeat(20_000)}`
    for (const slice of textSlices(text))
      for (const piece of cutLongRuns(slice)) expect(piece.isWellFormed()).toBe(true)
  })
})

describe('cutting long runs', () => {
  it('leaves prose and code whole', () => {
    const text = 'const answer = await ask(question) // 답을 기다린다\n'.repeat(100)
    expect(cutLongRuns(text)).toEqual([text])
    expect(cutLongRuns(`${'='.repeat(200)}\n${'-'.repeat(200)}`)).toHaveLength(1)
  })

  it('gives the same text back in pieces without long words', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom('a', '가', ' ', '7', '!', '😀', '\n'), fc.integer({ min: 1, max: 900 }))),
        (runs) => {
          const text = runs.map(([unit, times]) => unit.repeat(times)).join('')
          const pieces = cutLongRuns(text)
          expect(pieces.join('')).toBe(text)
          for (const piece of pieces) expect(piece).not.toMatch(/[a-z]{400}|[가-힣]{400}|[ \n]{400}|!{400}|7{400}/)
        },
      ),
    )
  })
})
