import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { StopWords } from './stop-words.ts'

/** What is said of a text that comes in pieces. */
function said(words: string[], pieces: readonly string[]): { texts: string[]; found: string | undefined } {
  const stop = new StopWords(words)
  const texts: string[] = []
  for (const piece of pieces) {
    const { text, found } = stop.take(piece)
    texts.push(text)
    if (found !== undefined) return { texts, found }
  }
  return { texts: [...texts, stop.rest()], found: undefined }
}

describe('stop words', () => {
  it('are found across the borders of pieces, and nothing of them is said', () => {
    expect(said(['STOP'], ['one ST', 'O', 'P two'])).toEqual({ texts: ['one ', '', ''], found: 'STOP' })
  })

  it('hold text back only while it may be their beginning', () => {
    expect(said(['\n\n'], ['a\n', 'b', '\n'])).toEqual({ texts: ['a', '\nb', '', '\n'], found: undefined })
  })

  it('stop at the one that is complete first, whatever their order', () => {
    expect(said(['four', 'two'], ['one two three four']).found).toBe('two')
    expect(said(['abc', 'ab'], ['xabcd'])).toEqual({ texts: ['x'], found: 'ab' })
    expect(said(['b', 'abc'], ['xab', 'c'])).toEqual(said(['b', 'abc'], ['xabc']))
    expect(said(['bc', 'abc'], ['xabcd'])).toEqual({ texts: ['x'], found: 'abc' })
  })

  it('are no words when they are empty', () => {
    expect(said([''], ['a', 'b'])).toEqual({ texts: ['a', 'b', ''], found: undefined })
  })

  it('cut a text where cutting it as a whole would, however it comes', () => {
    const letters = fc.array(fc.constantFrom('a', 'b', '가', '\n'), { maxLength: 24 })
    const word = fc.array(fc.constantFrom('a', 'b', '가', '\n'), { minLength: 1, maxLength: 4 }).map((l) => l.join(''))
    fc.assert(
      fc.property(fc.array(letters), fc.array(word, { maxLength: 3 }), (pieces, words) => {
        const whole = pieces.map((piece) => piece.join('')).join('')
        const [first] = words
          .map((one) => ({ at: whole.indexOf(one), end: whole.indexOf(one) + one.length }))
          .filter(({ at }) => at >= 0)
          .sort((a, b) => a.end - b.end || a.at - b.at)
        const { texts, found } = said(
          words,
          pieces.map((piece) => piece.join('')),
        )
        expect(texts.join('')).toBe(whole.slice(0, first?.at))
        expect(found !== undefined).toBe(first !== undefined)
      }),
      { numRuns: 1000 },
    )
  })
})
