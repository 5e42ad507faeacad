import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TextTrack } from './text-track.ts'

describe('a text track', () => {
  it('tells every character exactly once, at its offset, however the text is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string({ unit: 'binary' }), fc.boolean(), fc.boolean())), (steps) => {
        const track = new TextTrack()
        let live = ''
        let stored = ''
        const tell = (isLast: boolean) => {
          const piece = track.announce(isLast)
          if (!piece) return
          expect(piece.offset).toBe(live.length)
          live += piece.text
        }
        const store = () => {
          const piece = track.takeUnstored()
          if (!piece) return
          expect(piece.offset).toBe(stored.length)
          stored += piece.text
        }
        for (const [text, tells, stores] of steps) {
          for (const unit of text.split('')) track.add(unit)
          if (tells) tell(false)
          if (stores) store()
        }
        tell(true)
        store()
        const whole = steps.map(([text]) => text).join('')
        expect(live).toBe(whole)
        expect(stored).toBe(whole)
        expect(track.text).toBe(whole)
      }),
    )
  })

  it('does not tear an emoji that arrives in two halves', () => {
    const track = new TextTrack()
    track.add('a\ud83d')
    expect(track.announce(false)).toEqual({ offset: 0, text: 'a' })
    track.add('\ude00b')
    expect(track.announce(false)).toEqual({ offset: 1, text: '😀b' })
  })
})
