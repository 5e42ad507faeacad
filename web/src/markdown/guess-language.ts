/** How much of a text is looked at. */
const SAMPLE = 1_000

/**
 * Whether a text is Korean or Japanese, so that its characters are drawn and its lines are broken as they are there.
 */
export function guessLanguage(text: string): 'ko' | 'ja' | undefined {
  const sample = text.slice(0, SAMPLE)
  const hangul = count(sample, /\p{Script=Hangul}/gu)
  const kana = count(sample, /[\p{Script=Hiragana}\p{Script=Katakana}]/gu)
  // A few characters in a text of another language are a quotation.
  if (Math.max(hangul, kana) <= sample.length / 20) return undefined
  return hangul >= kana ? 'ko' : 'ja'
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0
}
