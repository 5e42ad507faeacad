import { isCommonPair } from './common-pairs.ts'
import { createTokenizer, type Tokenizer } from './tokenizer.ts'

/**
 * Counts without a vocabulary, from what scripts have in common in the vocabularies of our time.
 *
 * For Korean, Japanese and English, prose and code, it stays within a tenth of o200k_base on texts of a few hundred
 * tokens and more. The weights were fitted to o200k_base; older vocabularies need more tokens for the same text,
 * especially outside Latin script, which is what `Calibration` is for.
 */
export const ESTIMATE: Tokenizer = createTokenizer('estimate', true, (slice) => Math.max(1, Math.ceil(estimate(slice))))

/** What a code unit is, for counting. */
const SPACE = 0
const NEWLINE = 1
const LOWER = 2
const UPPER = 3
const ACCENTED = 4
const DIGIT = 5
const PUNCTUATION = 6
const HANGUL = 7
const JAMO = 8
const HIRAGANA = 9
const KATAKANA = 10
const HAN = 11
const WIDE_PUNCTUATION = 12
const OTHER_LETTER = 13
const SYMBOL = 14
/** The first half of a character outside the basic plane: nearly always an emoji. */
const EMOJI = 15
const SECOND_HALF = 16
/** Zero-width joiner and variation selectors, which join emoji. */
const JOINER = 17
const CONTROL = 18
const NOTHING = 19

const KINDS = kindsOfCodeUnits()
const APOSTROPHES = new Set([0x27, 0x2019])

function estimate(text: string): number {
  let tokens = 0
  let before = NOTHING
  let codeBefore = 0
  /** How many of the same kind, this one included, stand together. */
  let run = 0
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    const kind = KINDS[code]!
    run = kind === before || (isLatin(kind) && isLatin(before) && kind !== UPPER) ? run + 1 : 1
    switch (kind) {
      case SPACE:
        // One space belongs to the word after it; more of them are a token of their own.
        if (run === 2) tokens += 0.7
        break
      case NEWLINE:
        if (run === 1) tokens += 0.45
        break
      case UPPER:
        // A capital after a small letter begins a new word: camelCase is two.
        tokens += run === 1 ? 0.97 : 0.05
        break
      case LOWER:
      case ACCENTED:
        if (run === 1) tokens += 0.97
        if (run > 7) tokens += 0.26
        if (run > 20) tokens += 0.2
        if (kind === ACCENTED) tokens += 0.9
        break
      case DIGIT:
        // Three digits a token, and a space before a number does not join it.
        if (run % 3 === 1) tokens += run === 1 && before === SPACE ? 2.1 : 1.1
        break
      case PUNCTUATION:
        if (isContraction(text, index, code, before)) {
          // don't, it's: both halves together are little more than one word.
          tokens += 0.3
          before = LOWER
          codeBefore = code
          continue
        }
        tokens += run === 1 ? 0.75 : 0.2
        break
      case HANGUL:
        if (run === 1) tokens += 0.15
        if (run === 1 || !isCommonPair(codeBefore, code)) tokens += 1.03
        break
      case HIRAGANA:
        if (run === 1 || !isCommonPair(codeBefore, code)) tokens += 1.1
        break
      case KATAKANA:
        tokens += run > 1 && isCommonPair(codeBefore, code) ? 0.25 : 1
        break
      case HAN:
        tokens += run > 1 && isCommonPair(codeBefore, code) ? 0.1 : 0.77
        break
      case WIDE_PUNCTUATION:
        tokens += 0.8
        break
      case JAMO:
        tokens += 1.3
        break
      case OTHER_LETTER:
        // A long word is probably several, written without spaces as in Thai.
        tokens += run === 1 ? 0.6 : run > 12 ? 0.4 : 0.21
        break
      case SYMBOL:
        tokens += 1.8
        break
      case EMOJI:
        tokens += 1.72
        break
      case JOINER:
        tokens += 0.86
        break
      case SECOND_HALF:
        if (before !== EMOJI) tokens += 1
        break
      case CONTROL:
        tokens += 1
        break
    }
    before = kind
    codeBefore = code
  }
  return tokens
}

function isLatin(kind: number): boolean {
  return kind === LOWER || kind === UPPER || kind === ACCENTED
}

function isContraction(text: string, index: number, code: number, before: number): boolean {
  return (
    before === LOWER && APOSTROPHES.has(code) && index + 1 < text.length && KINDS[text.charCodeAt(index + 1)] === LOWER
  )
}

function kindsOfCodeUnits(): Uint8Array {
  const kinds = new Uint8Array(0x1_0000).fill(SYMBOL)
  const set = (from: number, to: number, kind: number) => kinds.fill(kind, from, to + 1)
  set(0x00, 0x1f, CONTROL)
  set(0x09, 0x09, SPACE)
  set(0x0a, 0x0d, NEWLINE)
  set(0x20, 0x20, SPACE)
  set(0x21, 0x7e, PUNCTUATION)
  set(0x30, 0x39, DIGIT)
  set(0x41, 0x5a, UPPER)
  set(0x61, 0x7a, LOWER)
  set(0x7f, 0x9f, CONTROL)
  set(0xa0, 0xa0, SPACE)
  set(0xc0, 0x024f, ACCENTED)
  set(0xd7, 0xd7, SYMBOL)
  set(0xf7, 0xf7, SYMBOL)
  set(0x0250, 0x1fff, OTHER_LETTER)
  set(0x0300, 0x036f, ACCENTED)
  set(0x1100, 0x11ff, JAMO)
  set(0x1e00, 0x1eff, ACCENTED)
  set(0x3000, 0x303f, WIDE_PUNCTUATION)
  set(0x3005, 0x3005, HAN)
  set(0x3040, 0x309f, HIRAGANA)
  set(0x30a0, 0x30ff, KATAKANA)
  set(0x3130, 0x318f, JAMO)
  set(0x31f0, 0x31ff, KATAKANA)
  set(0x3400, 0x4dbf, HAN)
  set(0x4e00, 0x9fff, HAN)
  set(0xac00, 0xd7a3, HANGUL)
  set(0xd800, 0xdbff, EMOJI)
  set(0xdc00, 0xdfff, SECOND_HALF)
  set(0xf900, 0xfaff, HAN)
  set(0xfe00, 0xfe0f, JOINER)
  set(0xff00, 0xff65, WIDE_PUNCTUATION)
  set(0xff66, 0xff9f, KATAKANA)
  set(0x200d, 0x200d, JOINER)
  return kinds
}
