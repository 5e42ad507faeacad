import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { ESTIMATE } from './estimate.ts'
import { loadGptEncoding } from './gpt-encodings.ts'
import type { Tokenizer } from './tokenizer.ts'

const folder = new URL('fixtures/', import.meta.url)
const fixtures = readdirSync(folder)
  .filter((name) => name.endsWith('.txt'))
  .map((name) => ({ name, text: readFileSync(new URL(name, folder), 'utf8') }))

describe('the estimate', () => {
  let exact: Tokenizer
  beforeAll(async () => {
    exact = await loadGptEncoding('o200k_base')
  })

  it('has several texts of each language to be measured with', () => {
    for (const language of ['korean', 'japanese', 'english', 'code', 'mixed'])
      expect(fixtures.filter(({ name }) => name.startsWith(language)).length).toBeGreaterThanOrEqual(2)
  })

  it.each(fixtures)('is within a tenth of o200k_base for $name', ({ text }) => {
    const ratio = ESTIMATE.count(text) / exact.count(text)
    expect(ratio).toBeGreaterThan(0.9)
    expect(ratio).toBeLessThan(1.1)
  })

  it.each(['korean', 'japanese', 'english', 'code'])('is within a twentieth for all %s texts together', (language) => {
    const texts = fixtures.filter(({ name }) => name.startsWith(language)).map(({ text }) => text)
    const sum = (tokenizer: Tokenizer) => texts.reduce((tokens, text) => tokens + tokenizer.count(text), 0)
    expect(Math.abs(sum(ESTIMATE) / sum(exact) - 1)).toBeLessThan(0.05)
  })

  it('counts nothing for no text and something for any text', () => {
    expect(ESTIMATE.count('')).toBe(0)
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), (text) => {
        expect(ESTIMATE.count(text)).toBeGreaterThanOrEqual(1)
      }),
    )
  })

  it('takes lone surrogates, NULs and joined emoji', () => {
    expect(ESTIMATE.count('\ud83d\ud83d')).toBeGreaterThanOrEqual(2)
    expect(ESTIMATE.count('\ude00\ude00')).toBeGreaterThanOrEqual(2)
    expect(ESTIMATE.count('\u0000')).toBe(1)
    expect(ESTIMATE.count('👨‍👩‍👧‍👦')).toBeGreaterThan(ESTIMATE.count('👨'))
  })

  it('takes a million characters in one piece', () => {
    expect(ESTIMATE.count('가'.repeat(1_000_000))).toBeGreaterThan(500_000)
  })
})
