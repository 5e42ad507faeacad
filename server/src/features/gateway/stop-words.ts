/**
 * Finds the first stop word in a text that comes in pieces, wherever the pieces are cut.
 *
 * The first is the one that is complete first, as it would be for a model that says one character after the other.
 * Text that may be the beginning of a stop word is held back until more has come.
 */
export class StopWords {
  readonly #words: readonly string[]
  #held = ''

  constructor(words: readonly string[]) {
    this.#words = words.filter((word) => word !== '')
  }

  /** @returns what can be said now and, when a stop word has come, which one: nothing after that counts. */
  take(piece: string): { text: string; found?: string } {
    const text = this.#held + piece
    const first = this.#firstIn(text)
    if (first) {
      this.#held = ''
      return { text: text.slice(0, first.at), found: first.word }
    }
    const keep = this.#lengthOfBeginning(text)
    this.#held = keep === 0 ? '' : text.slice(-keep)
    return { text: keep === 0 ? text : text.slice(0, -keep) }
  }

  /** What was held back and turned out not to be a stop word: the text has ended. */
  rest(): string {
    const held = this.#held
    this.#held = ''
    return held
  }

  /** The stop word that ends first; of those that end at the same place, the longest. */
  #firstIn(text: string): { at: number; word: string } | undefined {
    let first: { at: number; word: string } | undefined
    let firstEnd = Number.POSITIVE_INFINITY
    for (const word of this.#words) {
      const at = text.indexOf(word)
      const end = at + word.length
      if (at < 0 || end > firstEnd || (end === firstEnd && first && at >= first.at)) continue
      first = { at, word }
      firstEnd = end
    }
    return first
  }

  /** Length of the longest end of the text that is the beginning of a stop word. */
  #lengthOfBeginning(text: string): number {
    let longest = 0
    for (const word of this.#words) {
      for (let length = Math.min(word.length - 1, text.length); length > longest; length--) {
        if (!text.endsWith(word.slice(0, length))) continue
        longest = length
        break
      }
    }
    return longest
  }
}
