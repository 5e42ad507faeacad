/**
 * The longest text, in UTF-16 code units, that is counted at once. Prose takes less than a millisecond; the worst text
 * known takes 10 to 20 with OpenAI's encodings and up to a hundred with a tokenizer from a file.
 */
export const SLICE_LENGTH = 4096

/** The longest stretch without a change of kind (letters, digits, white space, signs) that is given to a tokenizer whole. */
const LONGEST_RUN = 384

/** How far back from the end of a slice a good place for the cut is looked for. */
const LOOK_BACK = 1024

/**
 * Cuts a text into pieces of at most `SLICE_LENGTH` code units whose counts add up to the count of the whole.
 *
 * A cut is made after a letter and before a space or a full stop, where every known tokenizer begins a new piece anyway.
 * Only a text that has no such place for a thousand characters can count a token more for each cut.
 */
export function* textSlices(text: string): Generator<string, void, undefined> {
  let from = 0
  while (text.length - from > SLICE_LENGTH) {
    const to = cutBefore(text, from + SLICE_LENGTH)
    yield text.slice(from, to)
    from = to
  }
  if (from < text.length) yield from === 0 ? text : text.slice(from)
}

/**
 * Cuts what would be one enormous word into words of bearable length.
 *
 * Merging byte pairs takes time in proportion to the square of a word's length: a run of a million letters would take
 * hours. Cut every 384 code units, it counts at most one token more for each cut.
 */
export function cutLongRuns(text: string): string[] {
  if (text.length <= LONGEST_RUN) return [text]
  const pieces: string[] = []
  let from = 0
  let runFrom = 0
  let runKind = -1
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    const kind = kindOf(code)
    if (kind !== runKind) {
      runKind = kind
      runFrom = index
    } else if (index - runFrom >= LONGEST_RUN && !isLowSurrogate(code)) {
      pieces.push(text.slice(from, index))
      from = index
      runFrom = index
    }
  }
  pieces.push(from === 0 ? text : text.slice(from))
  return pieces
}

/** The best place for a cut at or shortly before `limit`. */
function cutBefore(text: string, limit: number): number {
  for (let index = limit; index > limit - LOOK_BACK; index--)
    if (isGoodCut(text.charCodeAt(index - 1), text.charCodeAt(index))) return index
  return isLowSurrogate(text.charCodeAt(limit)) ? limit - 1 : limit
}

const SPACE = 0x20
const NEWLINE = 0x0a
const PERIODS = new Set([0x2e, 0x2c, 0x3001, 0x3002, 0xff0c, 0xff01, 0xff1f])

function isGoodCut(before: number, after: number): boolean {
  if (after !== SPACE && after !== NEWLINE && !PERIODS.has(after)) return false
  return /^\p{L}$/u.test(String.fromCharCode(before))
}

/** Coarser than any tokenizer's own classes, so that what a tokenizer would keep together is always one run here. */
function kindOf(code: number): number {
  if (code >= 0x80) return 0
  if (code === SPACE || (code >= 0x09 && code <= 0x0d)) return 1
  if (code >= 0x30 && code <= 0x39) return 2
  const letter = code | 0x20
  return letter >= 0x61 && letter <= 0x7a ? 0 : 3
}

function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff
}
