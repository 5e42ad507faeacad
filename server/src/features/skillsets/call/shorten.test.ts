import { describe, expect, it } from 'vitest'
import type { AnswerContent } from './operation-result.ts'
import { shortenAnswer } from './shorten.ts'

const everything = { fields: [], maxItems: null }
const count = (text: string) => Math.ceil(text.length / 4)

function shorten(
  content: AnswerContent,
  {
    hint = everything as { fields: string[]; maxItems: number | null },
    maxTokens = 100,
    isOk = true,
    message = '',
  } = {},
) {
  return shortenAnswer({ content, isOk, message }, hint, { maxTokens, count })
}

const json = (value: unknown): AnswerContent => ({ kind: 'json', value })
const hotels = {
  total: 200,
  items: Array.from({ length: 200 }, (_, id) => ({
    id,
    title: `Hotel ${id}`,
    about: 'A fine house by the river. '.repeat(20),
  })),
}

describe('shortening an answer', () => {
  it('leaves what fits as it is', () => {
    expect(shorten(json({ a: [1, 2], b: '한' }))).toBe('{"a":[1,2],"b":"한"}')
    expect(shorten({ kind: 'text', text: 'fine' })).toBe('fine')
    expect(shorten({ kind: 'none' })).toBe('(The answer has no content.)')
  })

  it.each([60, 100, 400, 3_000])('stays JSON with its keys and within %i tokens', (maxTokens) => {
    const text = shorten(json(hotels), { maxTokens })
    const value = JSON.parse(text)

    expect(count(text)).toBeLessThanOrEqual(maxTokens)
    expect(Object.keys(value)).toEqual(['total', 'items'])
    expect(value.total).toBe(200)
    expect(Object.keys(value.items[0])).toEqual(['id', 'title', 'about'])
    expect(value.items.at(-1)).toMatch(/^… \d+ more$/)
    expect(value.items[0].about).toMatch(/^(A fine|.*(fine|house|by|the|river\.|A)…?$)/)
    expect(shorten(json(hotels), { maxTokens })).toBe(text)
  })

  it('keeps as many items as fit before it makes strings shorter', () => {
    const numbers = Array.from({ length: 1_000 }, (_, n) => n)
    const value = JSON.parse(shorten(json(numbers), { maxTokens: 50 }))

    expect(value.length).toBeGreaterThan(30)
    expect(value.slice(0, 3)).toEqual([0, 1, 2])
  })

  it('gives up inner levels, then the end, only when nothing else helps', () => {
    const nested = {
      a: { b: { c: { d: { e: 'x'.repeat(30) } } } },
      wide: Object.fromEntries(Array.from({ length: 9 }, (_, n) => [`key${n}`, { v: 'y'.repeat(50) }])),
    }
    const wide = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`key${n}`, n]))

    expect(Object.keys(JSON.parse(shorten(json(nested), { maxTokens: 40 })))).toEqual(['a', 'wide'])
    expect(count(shorten(json(wide), { maxTokens: 40 }))).toBeLessThanOrEqual(40)
    expect(shorten(json(wide), { maxTokens: 40 })).toMatch(/^\{"key0":0,.*…$/)
  })

  it('shows only the fields that the hint names, and as many items', () => {
    const hint = { fields: ['items[].title', 'total'], maxItems: 2 }

    expect(shorten(json(hotels), { hint })).toBe(
      '{"total":200,"items":[{"title":"Hotel 0"},{"title":"Hotel 1"},"… 198 more"]}',
    )
    expect(shorten(json([{ a: { b: 1, c: 2 }, d: 3 }]), { hint: { fields: ['[].a.b'], maxItems: null } })).toBe(
      '[{"a":{"b":1}}]',
    )
    expect(shorten(json({ items: [] }), { hint })).toBe('{"items":[]}')
  })

  it('shows everything when the fields of the hint are not there', () => {
    expect(shorten(json({ error: 'moved' }), { hint: { fields: ['items[].title'], maxItems: 1 } })).toBe(
      '{"error":"moved"}',
    )
  })

  it('cuts text at the end of a word, and between characters where words have no spaces', () => {
    expect(shorten({ kind: 'text', text: 'one two three four five six' }, { maxTokens: 4 })).toBe('one two three…')
    expect(shorten({ kind: 'text', text: '漢字仮名交じり文です'.repeat(5) }, { maxTokens: 2 })).toBe('漢字仮名交じり…')
    expect(shorten({ kind: 'text', text: '😀'.repeat(50) }, { maxTokens: 3 })).toBe('😀😀😀😀😀…')
    expect(shorten(json({ a: 'word '.repeat(400) }), { maxTokens: 30 })).toMatch(/^\{"a":"(word )*word…"\}$/)
  })

  it('tells of a failure first, and little of its answer', () => {
    const text = shorten(json({ error: 'no such hotel', trace: 'at x '.repeat(5_000) }), {
      isOk: false,
      message: 'The API answered with status 404 (Not Found).',
      maxTokens: 2_000,
      hint: { fields: ['items'], maxItems: 1 },
    })

    expect(text).toMatch(/^The API answered with status 404 \(Not Found\)\.\n\{"error":"no such hotel"/)
    expect(count(text)).toBeLessThanOrEqual(300)
    expect(shorten({ kind: 'none' }, { isOk: false, message: 'Nothing came.' })).toBe('Nothing came.')
  })

  it('does not count the tokens of megabytes', () => {
    let counted = 0
    const text = 'a '.repeat(2_000_000)
    shortenAnswer(
      { content: json({ text, list: Array(1_000).fill(text.slice(0, 2_000)) }), isOk: true, message: '' },
      everything,
      {
        maxTokens: 1_000,
        count: (part) => {
          counted += part.length
          return count(part)
        },
      },
    )

    expect(counted).toBeLessThan(1_000_000)
  })
})
