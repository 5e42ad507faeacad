/**
 * Roughly how many tokens a text has, without a tokenizer: Latin script takes about 4 characters a token, Hangul and
 * kana about 1.5, Han characters about 1.2.
 */
export function estimateTokens(text: string): number {
  let tokens = 0
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code < 0x1100) tokens += 0.25
    else if (code >= 0x4e00 && code <= 0x9fff) tokens += 0.83
    else tokens += 0.66
  }
  return Math.ceil(tokens)
}
