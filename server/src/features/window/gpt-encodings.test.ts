import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import o200k from 'gpt-tokenizer/encoding/o200k_base'
import { beforeAll, describe, expect, it } from 'vitest'
import { isGptEncodingName, loadGptEncoding } from './gpt-encodings.ts'
import { SLICE_LENGTH, textSlices } from './text-slices.ts'
import type { Tokenizer } from './tokenizer.ts'

const folder = new URL('fixtures/', import.meta.url)
const fixtures = readdirSync(folder).map((name) => readFileSync(new URL(name, folder), 'utf8'))

describe("OpenAI's encodings", () => {
  let tokenizer: Tokenizer
  beforeAll(async () => {
    tokenizer = await loadGptEncoding('o200k_base')
  })

  it.each([
    ['o200k_base', 2],
    ['o200k_harmony', 2],
    ['cl100k_base', 2],
    ['p50k_base', 2],
    ['p50k_edit', 2],
    ['r50k_base', 2],
    ['gpt2', 2],
  ] as const)('%s counts', async (name, tokens) => {
    const encoding = await loadGptEncoding(name)
    expect(encoding).toMatchObject({ name, isEstimate: false })
    expect(encoding.count('Hello world')).toBe(tokens)
    expect(encoding.count('')).toBe(0)
  })

  it('are told from other names', () => {
    expect(isGptEncodingName('o200k_base')).toBe(true)
    for (const name of ['o200k', 'constructor', '__proto__', '']) expect(isGptEncodingName(name)).toBe(false)
  })

  it('count as the library does for what people write', () => {
    for (const text of fixtures) expect(tokenizer.count(text)).toBe(o200k.countTokens(text))
  })

  it('count a long text as the sum of its slices and as the library counts the whole', () => {
    const text = fixtures.join('\n\n').repeat(6)
    expect(text.length).toBeGreaterThan(4 * SLICE_LENGTH)
    expect(tokenizer.count(text)).toBe(o200k.countTokens(text))
    expect([...textSlices(text)].reduce((sum, slice) => sum + tokenizer.count(slice), 0)).toBe(tokenizer.count(text))
  })

  it.each(['o200k_base', 'o200k_harmony', 'cl100k_base', 'r50k_base'] as const)(
    '%s counts special tokens as the text they are',
    async (name) => {
      const encoding = await loadGptEncoding(name)
      for (const text of ['<|endoftext|>', 'a<|im_start|>b<|im_end|>', '<|start|>', '<|endofprompt|><|fim_prefix|>'])
        expect(encoding.count(text)).toBeGreaterThanOrEqual(text.split('|').length)
    },
  )

  it('take any text, lone surrogates and NULs too', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.array(fc.integer({ min: 0, max: 0xffff })), (text, units) => {
        const odd = text + String.fromCharCode(...units)
        expect(tokenizer.count(odd)).toBeGreaterThanOrEqual(odd === '' ? 0 : 1)
      }),
    )
  })

  describe('in bounded time', () => {
    const random = (letters: string, length: number) => {
      let state = 42
      let text = ''
      while (text.length < length) {
        state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
        text += letters[(state >> 8) % letters.length]
      }
      return text
    }
    const million = 1_000_000
    it.each([
      ['one letter', 'a'.repeat(million)],
      ['random letters', random('abcdefghijklmnopqrstuvwxyz', million)],
      ['random capitals and small letters', random('ABCDEFabcdef', million)],
      ['one syllable', '가'.repeat(million)],
      [
        'random syllables',
        random('가각간갇갈갉갊감갑값갓갔강갖갗같갚갛개객갠갤갬갭갯갰갱갸갹갼걀걋걍걔걘걜거걱건걷걸', million),
      ],
      ['emoji', '😀🎉'.repeat(million / 4)],
      ['spaces', ' '.repeat(million)],
      ['lines', '\n'.repeat(million)],
      ['exclamation marks', '!'.repeat(million)],
      ['digits', '7'.repeat(million)],
      ['combining marks', '\u0301'.repeat(million)],
      ['lone surrogates', '\ud83d'.repeat(million)],
    ])('count a million %s without a break', (_name, text) => {
      let longest = 0
      const started = performance.now()
      for (const slice of textSlices(text)) {
        const sliceStarted = performance.now()
        tokenizer.count(slice)
        longest = Math.max(longest, performance.now() - sliceStarted)
      }
      expect(performance.now() - started).toBeLessThan(15_000)
      expect(longest).toBeLessThan(500)
    })
  })
})
