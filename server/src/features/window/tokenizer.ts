import { SLICE_LENGTH, textSlices } from './text-slices.ts'

/** Counts the tokens of texts in the way of one family of models. */
export type Tokenizer = {
  /** What the catalog calls it, e.g. `o200k_base`. */
  readonly name: string
  /** True when the numbers are only near the model's own; they are then worth calibrating. */
  readonly isEstimate: boolean
  /**
   * The number of tokens of a text, all of which is taken as plain text: `<|endoftext|>` is seven characters or so, not
   * a command.
   *
   * Takes any text, lone surrogates and NULs too, and never throws. The time is in proportion to the length, whatever
   * the text: about 0.2 µs a character for prose and at most 5 µs. Who must not stop the event loop for so long counts
   * the `textSlices` of a long text one by one, which gives the same number.
   */
  count(text: string): number
}

/**
 * Makes a tokenizer from a function that counts short texts.
 *
 * @param countSlice is only given texts of at most `SLICE_LENGTH` UTF-16 code units, none of them empty.
 */
export function createTokenizer(name: string, isEstimate: boolean, countSlice: (slice: string) => number): Tokenizer {
  return {
    name,
    isEstimate,
    count(text) {
      if (text.length <= SLICE_LENGTH) return text === '' ? 0 : countSlice(text)
      let tokens = 0
      for (const slice of textSlices(text)) tokens += countSlice(slice)
      return tokens
    },
  }
}
